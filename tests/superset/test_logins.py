"""Who may do what: people read, the nightly load refreshes, nobody writes."""

import json

import psycopg
import pytest
import requests

from austin_crime import own_servers


@pytest.fixture(scope="session")
def refresher(superset):
    """Return a session of the nightly load's login."""
    return superset.login("refresh")


def test_without_a_login_nothing_is_shown(superset):
    answer = requests.get(f"{superset.url}/api/v1/chart/1/data/", timeout=60)
    page = requests.get(f"{superset.url}/superset/dashboard/austin-crime/", timeout=60)

    assert answer.status_code == 401
    assert "/login/" in page.url


def test_after_the_login_the_dashboard_is_the_first_page(viewer):
    assert viewer.ask("GET", "/").url.endswith("/superset/dashboard/austin-crime/")


def test_the_viewer_cannot_use_sql_lab(viewer):
    assert viewer.sql("select 1").status_code == 403


@pytest.mark.parametrize("table", ["mart.crimes", "mart.crimes_per_year", "ops.loads", "ops.rejects"])
def test_the_analyst_can_query_mart_and_ops(analyst, table):
    answer = analyst.sql(f"select count(*) as n from {table}")

    assert answer.status_code == 200, answer.text
    assert len(answer.json()["data"]) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "insert into mart.council_districts values (99, 'x', '{}')",
        "update mart.data_status set notice = 'x'",
        "delete from mart.crimes",
        "create table mart.mine (a integer)",
        "drop table mart.crimes",
    ],
)
def test_the_analyst_cannot_write(analyst, statement):
    assert analyst.sql(statement).status_code >= 400


@pytest.mark.parametrize("table", ["staging.crimes", "ops.rejected_reports", "staging.months"])
def test_the_analyst_cannot_read_work_in_progress_or_raw_rejects(analyst, table):
    assert analyst.sql(f"select * from {table}").status_code >= 400


@pytest.mark.parametrize(
    "statement",
    [
        "insert into mart.council_districts values (99, 'x', '{}')",
        "update mart.data_status set notice = 'x'",
        "delete from mart.crimes",
        "truncate mart.crimes",
        "create table mart.mine (a integer)",
        "create table public.mine (a integer)",
        "select * from staging.crimes",
        "select * from ops.rejected_reports",
    ],
)
def test_the_database_itself_refuses_the_login_that_superset_has(reader, statement):
    reader("select 1; set default_transaction_read_only = off; select 1")

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader(statement)


def test_after_a_load_every_chart_is_refreshed(superset):
    charts = len(superset.answers_before_first_load)

    assert superset.refreshed == f"Refreshed {charts} charts."


def test_a_refresh_drops_answers_from_before_the_load(superset, viewer):
    before = superset.answers_before_first_load["Reports"]["data"]

    assert before == [{"reports": 0}]
    assert viewer.answer(viewer.query_context("Reports"))["data"] != before


def test_a_refresh_leaves_the_answers_to_the_dashboard_s_own_questions_in_the_cache(superset):
    assert [chart for chart, is_cached in superset.cached_after_refresh.items() if not is_cached] == []


def test_a_second_question_is_answered_from_the_cache(viewer):
    context = viewer.query_context("Crimes per hour of day")
    viewer.answer(context)

    assert viewer.answer(context)["is_cached"] is True


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/v1/sqllab/execute/", {"database_id": 1, "sql": "select 1"}),
        ("POST", "/api/v1/chart/", {"slice_name": "x", "datasource_id": 1, "datasource_type": "table"}),
        ("PUT", "/api/v1/chart/1", {"slice_name": "x"}),
        ("DELETE", "/api/v1/chart/1", None),
        ("DELETE", "/api/v1/dashboard/1", None),
        ("PUT", "/api/v1/dataset/1", {"description": "x"}),
        ("GET", "/api/v1/security/users/", None),
        ("GET", "/api/v1/log/", None),
    ],
)
def test_the_refresh_login_refreshes_and_reads_and_can_do_nothing_else(refresher, method, path, body):
    assert refresher.ask(method, path, body).status_code in (403, 404)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        (
            "POST",
            "/api/v1/chart/",
            {"slice_name": "x", "datasource_id": 1, "datasource_type": "table", "viz_type": "table"},
        ),
        ("POST", "/api/v1/dashboard/", {"dashboard_title": "x"}),
        ("POST", "/api/v1/dataset/", {"database": 1, "schema": "mart", "table_name": "top_crimes"}),
        ("PUT", "/api/v1/chart/1", {"slice_name": "x"}),
        ("PUT", "/api/v1/dashboard/1", {"dashboard_title": "x"}),
        ("PUT", "/api/v1/database/1", {}),
        ("DELETE", "/api/v1/chart/1", None),
        ("DELETE", "/api/v1/dashboard/1", None),
        ("POST", "/api/v1/dashboard/1/copy/", {"dashboard_title": "x", "json_metadata": "{}"}),
        ("POST", "/api/v1/theme/", {"theme_name": "x", "json_data": "{}"}),
        ("GET", "/api/v1/explore/?datasource_type=table&datasource_id=1", None),
        ("GET", "/api/v1/saved_query/", None),
        ("GET", "/api/v1/security/users/", None),
    ],
)
def test_the_viewer_reads_and_makes_or_changes_nothing(viewer, method, path, body):
    assert viewer.ask(method, path, body).status_code in (403, 404)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/chart/", {"slice_name": "x", "datasource_id": 1, "datasource_type": "table"}),
        ("/api/v1/dashboard/", {"dashboard_title": "x"}),
    ],
)
def test_the_analyst_makes_charts_and_dashboards(analyst, path, body):
    made = analyst.ask("POST", path, body)

    assert made.status_code == 201, made.text
    assert analyst.ask("DELETE", f"{path}{made.json()['id']}").status_code == 200


def test_the_viewer_keeps_and_shares_chosen_filters(viewer):
    kept = viewer.ask("POST", "/api/v1/dashboard/1/filter_state", {"value": "{}"})
    shared = viewer.ask("POST", "/api/v1/dashboard/1/permalink", {"urlParams": []})

    assert (kept.status_code, shared.status_code) == (201, 201)


def test_filters_of_two_people_who_share_a_login_do_not_mix(superset):
    """Both sit behind one address with one browser, in the first tab: what Superset tells people apart by."""
    people = [superset.login("viewer"), superset.login("viewer")]
    chosen = [json.dumps({"NATIVE_FILTER-crime_type": {"id": name}}) for name in ("THEFT", "DWI")]
    path = "/api/v1/dashboard/1/filter_state"

    keys = [
        person.ask("POST", f"{path}?tab_id=1", {"value": value}).json()["key"]
        for person, value in zip(people, chosen, strict=True)
    ]

    kept = [
        person.ask("GET", f"{path}/{key}").json()["value"] for person, key in zip(people, keys, strict=True)
    ]
    assert kept == chosen
    assert keys[0] != keys[1]


def test_a_person_who_has_used_superset_can_be_deleted_and_what_they_made_stays(superset):
    admin = superset.login("admin")
    roles = [
        role["id"]
        for role in admin.get("/api/v1/security/roles/?q=(page_size:100)")
        if role["name"] in ("Gamma", "sql_lab", "Austin crime data")
    ]
    person = {
        "username": "leaver",
        "first_name": "A",
        "last_name": "B",
        "email": "leaver@localhost",
        "active": True,
    }
    made = admin.ask(
        "POST", "/api/v1/security/users/", person | {"password": "leaves soon 1", "roles": roles}
    )
    assert made.status_code == 201, made.text
    leaver = superset.login("leaver", "leaves soon 1")
    for path, body in (
        ("/api/v1/dashboard/1/filter_state", {"value": "{}"}),
        ("/api/v1/dashboard/1/permalink", {"urlParams": []}),
        ("/api/v1/dashboard/1/favorites/", None),
        ("/api/v1/chart/", {"slice_name": "A leaver's", "datasource_id": 1, "datasource_type": "table"}),
        ("/api/v1/saved_query/", {"db_id": 1, "label": "mine", "sql": "select 1", "schema": "mart"}),
        ("/api/v1/log/", None),
    ):
        leaver.ask("POST", path, body)
    leaver.ask("GET", "/superset/dashboard/austin-crime/")
    assert leaver.sql("select 1").status_code == 200

    deleted = admin.ask("DELETE", f"/api/v1/security/users/{made.json()['id']}")

    assert deleted.status_code == 200, deleted.text
    assert superset.login("leaver", "leaves soon 1").ask("GET", "/api/v1/me/").status_code == 401
    with psycopg.connect(superset.metadata_url) as connection:
        charts = connection.execute(
            "delete from slices where slice_name = 'A leaver''s' returning id"
        ).fetchall()
    assert len(charts) == 1


@pytest.mark.parametrize("path", ["/register", "/register/", "/register/form"])
def test_nobody_registers(superset, path):
    assert own_servers.session().get(superset.url + path, timeout=60).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/sqllab/",
        "/chart/add",
        "/dashboard/new/",
        "/chart/list/",
        "/tablemodelview/list/",
        "/superset/welcome/",
    ],
)
def test_what_the_viewer_may_not_open_is_refused_with_a_page(viewer, path):
    page = viewer.session.get(viewer.url + path, headers={"Accept": "text/html"}, timeout=60)

    assert page.status_code == 403
    assert page.headers["Content-Type"].startswith("text/html")
    assert "Your login reads dashboards" in page.text


@pytest.mark.parametrize("path", ["/chart/list/", "/tablemodelview/list/", "/superset/welcome/"])
def test_the_analyst_may_open_the_lists_of_people_who_make_charts(analyst, path):
    assert analyst.ask("GET", path).status_code == 200


def test_the_viewer_s_menu_leads_to_dashboards_only(viewer):
    menu = viewer.get("/api/v1/menu/")

    assert [entry["name"] for entry in menu] == ["Dashboards"]


def test_people_change_their_own_password(superset):
    viewer = superset.login("viewer")
    new = {"password": "another of the viewer's 1"}
    assert viewer.ask("PUT", "/api/v1/me/", new).status_code == 200
    assert superset.login("viewer", new["password"]).ask("GET", "/api/v1/me/").status_code == 200

    old = {"password": superset.environment["SUPERSET_VIEWER_PASSWORD"]}
    assert superset.login("viewer", new["password"]).ask("PUT", "/api/v1/me/", old).status_code == 200


def test_what_the_viewer_may_not_ask_for_is_refused_in_json(viewer):
    answer = viewer.ask("POST", "/api/v1/sqllab/execute/", {"database_id": 1, "sql": "select 1"})

    assert answer.status_code == 403
    assert answer.json()


def test_no_password_of_the_warehouse_is_stored_in_superset(superset):
    with psycopg.connect(superset.metadata_url) as connection:
        ((uri, password),) = connection.execute("select sqlalchemy_uri, password from dbs").fetchall()

    assert password is None
    assert psycopg.conninfo.conninfo_to_dict(superset.reader_url)["password"] not in uri


@pytest.mark.parametrize(
    "missing",
    ["SUPERSET_SECRET_KEY", "AUSTIN_CRIME_READER_URL", "SUPERSET_VIEWER_PASSWORD"],
)
def test_a_missing_setting_is_named_in_one_sentence(superset, missing):
    environment = {name: value for name, value in superset.environment.items() if name != missing}

    done = superset.bootstrap(environment=environment)

    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith(missing)
    assert "Traceback" not in done.stderr
