"""Nobody in Superset writes, locks, waits or looks at others: not the analyst in SQL Lab, and not a chart's metric."""

import threading
import time

import pytest

# Refused before the database sees it.
NOT_READING = [
    "set statement_timeout = 0",
    "reset all",
    "discard all",
    "begin; select 1",
    "select 1; set work_mem = '1GB'",
    "do $$ begin perform 1; end $$",
    "listen x",
    "notify x",
    "copy (select 1) to stdout",
    "prepare x as select 1",
    "lock table mart.crimes in access share mode",
    "alter role austin_crime_reader set statement_timeout = 0",
    "alter role austin_crime_reader password 'x'",
    "vacuum mart.crimes",
    "{{ 'vacuum mart.crimes' }}",
    "select pg_cancel_backend(1)",
]
# An expression of a chart's metric, and of a select.
REFUSED_BY_THE_DATABASE = [
    "lo_create(0)",
    "lo_from_bytea(0, 'x')",
    "pg_try_advisory_lock(20030102)",
    "pg_advisory_xact_lock(20030101)",
    "pg_sleep_for('1 second')",
    "pg_sleep_until(now())",
    "set_config('statement_timeout', '0', false)",
    "pg_stat_get_backend_activity(1)",
    "pg_export_snapshot()",
    "pg_logical_emit_message(false, 'a', 'b')",
    "pg_notify('a', 'b')",
    "txid_current()",
    "query_to_xml('select 1', true, true, '')",
    "query_to_xml_and_xmlschema('select 1', true, true, '')",
    "pg_terminate_backend(1)",
]
READING = [
    "select count(*) from mart.crimes",
    "with years as (select * from mart.crimes_per_year) select * from years",
    "(select 1) union all (select 2)",
    "values (1), (2)",
    "explain analyze select * from mart.crimes",
    "show statement_timeout",
    "select month::date from generate_series(date '2024-01-01', '2024-12-01', interval '1 month') as month",
]


@pytest.mark.parametrize("statement", READING)
def test_the_analyst_runs_what_reads(analyst, statement):
    answer = analyst.sql(statement)

    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]


@pytest.mark.parametrize("statement", NOT_READING)
def test_the_analyst_runs_nothing_else(analyst, statement):
    answer = analyst.sql(statement)

    assert answer.status_code >= 400
    assert "error" in answer.text


@pytest.mark.parametrize("statement", ["set statement_timeout = 0", "listen x", "alter role x password 'y'"])
def test_what_is_refused_is_said_in_a_sentence(analyst, statement):
    message = analyst.sql(statement).json()["errors"][0]["message"]

    assert message.startswith("Only statements that read can be run here")
    assert message.endswith(f"this is {statement.split()[0]}.")


@pytest.mark.parametrize("expression", REFUSED_BY_THE_DATABASE)
def test_the_analyst_calls_nothing_that_has_an_effect(analyst, expression):
    assert analyst.sql(f"select {expression}").status_code >= 400


@pytest.mark.slow
@pytest.mark.parametrize("login", ["viewer", "analyst"])
@pytest.mark.parametrize("expression", [*REFUSED_BY_THE_DATABASE, "pg_cancel_backend(1)"])
def test_a_metric_calls_nothing_that_has_an_effect(request, login, expression):
    person = request.getfixturevalue(login)
    # Of whatever type, so that the right to call it decides.
    metric = {"expressionType": "SQL", "sqlExpression": f"({expression})::text", "label": "x"}
    query = {"columns": [], "metrics": [metric], "filters": [], "row_limit": 1}
    context = {"datasource": {"id": 1, "type": "table"}, "queries": [query], "force": True}

    answer = person.ask("POST", "/api/v1/chart/data", context)

    assert answer.status_code >= 400
    assert "permission denied" in answer.text or "Only statements that read" in answer.text


def test_a_session_of_superset_has_the_limit_of_its_role(analyst):
    assert analyst.sql("show statement_timeout").json()["data"] == [{"statement_timeout": "1min"}]


def test_the_button_stops_a_query(superset, analyst):
    endless = "select count(*) from generate_series(1, 1000000000) as a"
    body = {"database_id": 1, "sql": endless, "runAsync": False, "client_id": "stopped"}
    answers = []
    running = threading.Thread(
        target=lambda: answers.append(superset.login("analyst").ask("POST", "/api/v1/sqllab/execute/", body))
    )
    running.start()
    time.sleep(3)

    stopped = analyst.ask("POST", "/api/v1/query/stop", {"client_id": "stopped"})
    running.join(timeout=30)

    assert stopped.status_code == 200, stopped.text
    assert answers[0].json()["status"] == "stopped"
