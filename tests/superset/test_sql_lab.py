"""What an analyst does in SQL Lab: run, look at rows, make a dataset and a chart of a result, take it home as a file."""

import html
import json
import re

import psycopg
import pytest
import saved_queries

COUNTED = "select crime_type, count(*) as reports from mart.crimes group by crime_type"
MANY_ROWS = "select n, 'row ' || n as name from generate_series(1, 120000) as n"
SUM = {"expressionType": "SQL", "sqlExpression": "sum(reports)", "label": "all"}
QUERIES = saved_queries.read_queries()


def run(person, statement, client_id, limit=1000):
    body = {
        "database_id": 1,
        "sql": statement,
        "runAsync": False,
        "client_id": client_id,
        "queryLimit": limit,
    }
    answer = person.ask("POST", "/api/v1/sqllab/execute/", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def context(source_id, kind, **query):
    return {
        "datasource": {"id": source_id, "type": kind},
        "queries": [{"columns": [], "metrics": [], "filters": [], **query}],
    }


@pytest.fixture(scope="module", params=[None, "mart"], ids=["without a schema", "schema mart"])
def own_dataset(analyst, request):
    """Return the id of a dataset that the analyst made of a query."""
    body = {"database": 1, "schema": request.param, "sql": COUNTED, "table_name": f"mine {request.param}"}
    made = analyst.ask("POST", "/api/v1/dataset/", body)
    assert made.status_code == 201, made.text
    yield made.json()["id"]
    assert analyst.ask("DELETE", f"/api/v1/dataset/{made.json()['id']}").status_code == 200


def test_no_validator_is_asked_that_is_not_installed(analyst):
    page = analyst.ask("GET", "/sqllab/").text
    bootstrap = json.loads(html.unescape(re.search(r'data-bootstrap="([^"]+)"', page)[1]))

    assert bootstrap["common"]["conf"]["SQL_VALIDATORS_BY_ENGINE"] == {}


def test_the_lists_have_the_schemas_that_can_be_read(analyst):
    assert sorted(analyst.get("/api/v1/database/1/schemas/")) == ["mart", "ops"]


def test_beside_a_table_its_columns_are_explained(analyst):
    answer = analyst.ask("GET", "/api/v1/database/1/table_metadata/?name=crimes&schema=mart").json()

    assert all(column["comment"] for column in answer["columns"])


def test_a_result_becomes_a_chart(analyst, detail):
    query_id = run(analyst, COUNTED, "charted")["query_id"]

    page = analyst.ask("GET", f"/api/v1/explore/?datasource_type=query&datasource_id={query_id}")
    drawn = analyst.answer(context(query_id, "query", metrics=[SUM]))

    assert page.status_code == 200, page.text
    assert [(row["all"],) for row in drawn["data"]] == detail.execute(
        "select count(*) from mart.crimes"
    ).fetchall()


def test_a_query_of_somebody_else_does_not(superset, analyst):
    query_id = run(superset.login("admin"), "select 1 as n", "of_admin")["query_id"]

    page = analyst.ask("GET", f"/api/v1/explore/?datasource_type=query&datasource_id={query_id}")

    assert page.status_code == 403


def test_a_dataset_of_one_s_own_is_looked_at_drawn_and_saved_as_a_chart(analyst, own_dataset):
    samples = f"/datasource/samples?datasource_type=table&datasource_id={own_dataset}&page=1&per_page=10"
    chart = {"slice_name": "Mine", "datasource_id": own_dataset, "datasource_type": "table"}

    rows = analyst.ask("POST", samples, {})
    page = analyst.ask("GET", f"/api/v1/explore/?datasource_type=table&datasource_id={own_dataset}")
    saved = analyst.ask("POST", "/api/v1/chart/", chart | {"viz_type": "table", "params": "{}"})

    assert len(rows.json()["result"]["data"]) == 10
    assert page.status_code == 200, page.text
    assert saved.status_code == 201, saved.text
    assert analyst.ask("DELETE", f"/api/v1/chart/{saved.json()['id']}").status_code == 200


def test_a_viewer_sees_what_is_drawn_from_an_analyst_s_dataset(viewer, own_dataset):
    assert viewer.answer(context(own_dataset, "table", metrics=[SUM]))["error"] is None


def test_the_rows_of_our_datasets_can_be_looked_at(analyst):
    for dataset in analyst.get("/api/v1/dataset/?q=(page_size:100)"):
        if dataset["table_name"] == "month_revisions":
            continue  # has rows once a month has ended between two loads
        path = f"/datasource/samples?datasource_type=table&datasource_id={dataset['id']}&page=1&per_page=5"

        assert analyst.ask("POST", path, {}).json()["result"]["data"], dataset["table_name"]


@pytest.mark.parametrize("change", ["PUT", "DELETE"])
def test_the_analyst_cannot_change_our_datasets(analyst, change):
    assert analyst.ask(change, "/api/v1/dataset/1", {"description": "x"}).status_code == 403


def test_a_hundred_thousand_rows_become_a_file(analyst):
    run(analyst, MANY_ROWS, "many", limit=100_000)

    lines = analyst.ask("GET", "/api/v1/sqllab/export/many/").text.splitlines()

    assert len(lines) == 100_001
    assert lines[-1] == "100000,row 100000"


def test_a_hundred_thousand_rows_of_a_chart_become_a_file(analyst):
    body = {"database": 1, "schema": "mart", "sql": MANY_ROWS, "table_name": "many rows"}
    dataset_id = analyst.ask("POST", "/api/v1/dataset/", body).json()["id"]
    asked = context(dataset_id, "table", columns=["n", "name"], row_limit=100_000)

    answer = analyst.ask(
        "POST", "/api/v1/chart/data", asked | {"result_format": "csv", "result_type": "full"}
    )

    assert len(answer.text.splitlines()) == 100_001
    assert analyst.ask("DELETE", f"/api/v1/dataset/{dataset_id}").status_code == 200


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.file)
def test_a_saved_query_runs_as_the_reader_and_finds_something(reader, query):
    assert reader(query.sql) or query.file.startswith("12_")


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.file)
def test_a_saved_query_runs_in_sql_lab(analyst, query):
    assert analyst.sql(query.sql).status_code == 200


@pytest.mark.parametrize("login", ["analyst", "admin"])
def test_whoever_has_sql_lab_has_the_saved_queries(superset, login):
    saved = superset.login(login).get("/api/v1/saved_query/?q=(page_size:100)")

    told = {(each["label"], each["description"], each["sql"]) for each in saved}
    assert told == {(query.label, query.description, query.sql) for query in QUERIES}


def test_there_are_a_dozen_saved_queries_and_each_says_what_it_teaches():
    assert len({query.label for query in QUERIES}) == len(QUERIES) >= 12
    assert all(len(query.description) > 60 for query in QUERIES)


def test_saved_queries_read_every_table_of_mart(warehouse):
    read = " ".join(query.sql for query in QUERIES)
    with psycopg.connect(warehouse.owner_url) as connection:
        tables = connection.execute("select tablename from pg_tables where schemaname = 'mart'").fetchall()

    # The boundaries are in mart.crimes_per_area, too.
    assert {name for (name,) in tables if f"mart.{name}" not in read} == {"council_districts"}
