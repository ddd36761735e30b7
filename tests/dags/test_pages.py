"""The pages' API in a running Airflow: who may ask what, from where, and how it answers."""

import csv
import io
import json

import psycopg
import pytest

QUESTIONS = {
    "api/me": {},
    "api/loads": {},
    "api/load": {"load_id": "latest"},
    "api/receipt": {"load_id": "first"},
    "api/example": {},
    "api/newest": {},
    "api/landing": {},
    "api/landing/files": {"name": "first"},
    "api/landing/reports": {"name": "first/1/batch-001.json.gz"},
    "landing/file": {"name": "first/1/batch-001.json.gz"},
    "api/tables": {},
    "api/rows": {"table": "mart.crimes"},
    "rows": {"table": "mart.top_crimes", "format": "csv"},
    "api/resets": {},
    "api/reset": {"target": "everything"},
    "pages/pipeline.js": {},
}
OUR_ROUTES = """
from austin_crime_airflow.pages import app
result = [[route.path, sorted(route.methods)] for route in app.routes]
"""


def test_every_route_is_asked_here_and_none_changes_anything(in_airflow, pages_variables):
    routes = in_airflow(OUR_ROUTES, **pages_variables)

    asked = {f"/{path}" for path in QUESTIONS if not path.startswith("pages/")} | {"/pages/{name}"}
    assert {path for path, _ in routes} == asked
    assert {method for _, methods in routes for method in methods} == {"GET"}


@pytest.mark.parametrize("path", QUESTIONS)
def test_only_who_is_signed_in_is_answered(signed_in, path):
    anonymous = signed_in(None).get(path, **QUESTIONS[path])
    viewer = signed_in("viewer").get(path, **QUESTIONS[path])

    assert (anonymous.status_code, viewer.status_code) == (401, 200)
    assert anonymous.json().keys() == {"detail"}
    assert viewer.headers["X-Content-Type-Options"] == "nosniff"
    assert viewer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c"])
def test_a_token_that_is_none_opens_nothing(signed_in, token):
    answer = signed_in(None).get("api/loads", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code in (401, 403)


@pytest.mark.parametrize(
    ("login", "may"), [("admin", True), ("op", True), ("user", False), ("viewer", False)]
)
def test_operators_and_admins_start_and_delete_and_others_read(signed_in, login, may):
    me = signed_in(login).get("api/me").json()

    assert me == {"name": login, "may_start": may, "may_delete": may}


SITES = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "nonsense"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "null", "X-Forwarded-Host": ""},
    {"Origin": "null", "X-Forwarded-Host": "a.example, "},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
]


@pytest.mark.parametrize("headers", SITES, ids=json.dumps)
@pytest.mark.parametrize("path", ["api/loads", "rows", "landing/file", "pages/pipeline.js"])
def test_requests_of_other_sites_are_refused(signed_in, path, headers):
    answer = signed_in("admin").get(path, headers=headers, **QUESTIONS[path])

    assert (answer.status_code, answer.json()) == (403, {"detail": "Requests from other sites are refused."})


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {}], ids=json.dumps
)
def test_requests_of_our_own_pages_are_answered(signed_in, api_server, headers):
    answer = signed_in("viewer").get("api/loads", headers=headers | {"Origin": api_server})

    assert answer.status_code == 200


@pytest.mark.parametrize("path", [path for path in QUESTIONS if path.startswith("api/")])
def test_a_link_cannot_read_what_our_pages_ask_for(signed_in, path):
    answer = signed_in("admin").get(path, headers={"X-Austin-Crime": None}, **QUESTIONS[path])

    assert answer.status_code == 403
    assert "X-Austin-Crime" in answer.json()["detail"]


def test_html_in_a_report_comes_as_json_and_as_a_cell(signed_in):
    page, html = signed_in("viewer"), '<script>alert(1)</script>&"'
    shown = page.get("api/rows", table="mart.crimes", limit=2)
    files = page.get("api/landing/reports", **QUESTIONS["api/landing/reports"])
    cells = page.get("rows", table="mart.crimes", format="csv")

    assert {answer.headers["Content-Type"] for answer in (shown, files)} == {"application/json"}
    place = [column["name"] for column in shown.json()["columns"]].index("location_type")
    assert [row[place] for row in shown.json()["rows"]] == [html] * 2
    assert files.json()[0]["raw"]["location_type"] == html
    assert cells.headers["Content-Type"].startswith("text/csv")
    assert cells.headers["Content-Disposition"] == 'attachment; filename="mart.crimes.csv"'
    assert {row["location_type"] for row in csv.DictReader(io.StringIO(cells.text, newline=""))} == {html}


@pytest.mark.parametrize(
    "name",
    [
        "..%2Faustin_crime_pages.py",
        "..%2f..%2f.env",
        "%2e%2e%2faustin_crime_pages.py",
        "..",
        "common",
        "common.js%00",
        "%00.js",
        "*.js",
        "pipeline.JS",
        "nothing.js",
        "x" * 300 + ".js",
        "%2Fetc%2Fpasswd",
    ],
)
def test_only_scripts_of_the_pages_are_served(signed_in, name):
    assert signed_in("admin").get(f"pages/{name}").status_code == 404


def test_the_script_of_every_page_is_served_as_javascript(signed_in, api_server):
    plugins = signed_in("admin").session.get(f"{api_server}/api/v2/plugins", timeout=60).json()["plugins"]
    [ours] = [plugin for plugin in plugins if plugin["name"] == "austin_crime_pages"]

    for app in ours["react_apps"]:
        answer = signed_in("viewer").session.get(f"{api_server}/{app['bundle_url']}", timeout=60)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/javascript; charset=utf-8")


WRONG = [
    ("api/load", {}, 400),
    ("api/rows", {}, 400),
    ("api/rows", {"table": "ops.rejected_reports"}, 400),
    ("api/rows", {"table": "mart.crimes", "limit": "many"}, 400),
    ("api/rows", {"table": "mart.crimes", "filter": ["x"] * 21}, 400),
    ("api/rows", {"table": "mart.crimes", "filter": "incident_id:eq:x"}, 400),
    ("api/rows", {"table": "mart.crimes", "filter": "crime_type:contains:\0"}, 400),
    ("api/rows", {"table": "mart.crimes", "sort": "nothing"}, 400),
    ("api/rows", {"table": "mart.crimes", "after": "x"}, 400),
    ("rows", {"table": "mart.crimes", "format": "exe"}, 400),
    ("rows", {"table": "mart.crimes", "format": "csv", "filter": "x"}, 400),
    ("api/landing/files", {"name": "../.."}, 400),
    ("landing/file", {"name": "first/1"}, 400),
    ("landing/file", {"name": "first/1/" + "x" * 300}, 400),
    ("api/landing/reports", {"name": "first/1/damaged.json.gz"}, 502),
    ("api/reset", {"target": "mart.nothing"}, 400),
]


def test_a_load_that_has_not_begun_to_plan_is_null_and_no_error(signed_in):
    answer = signed_in("viewer").get("api/load", load_id="nothing")

    assert (answer.status_code, answer.json()) == (200, None)


@pytest.mark.parametrize(("path", "params", "status"), WRONG)
def test_errors_are_sentences(signed_in, loaded_warehouse, path, params, status):
    (loaded_warehouse.landing / "first" / "1" / "damaged.json.gz").write_bytes(b"\x1f\x8b damaged")

    answer = signed_in("viewer").get(path, **params)

    assert answer.status_code == status
    assert isinstance(answer.json()["detail"], str)
    assert answer.json()["detail"].endswith(".")


def test_a_page_has_at_most_five_hundred_rows_and_no_fewer_than_one(signed_in):
    counts = [
        len(signed_in("viewer").get("api/rows", table="mart.crimes", limit=limit).json()["rows"])
        for limit in (-5, 0, 7, 10**9)
    ]

    assert counts[:3] == [1, 1, 7]
    assert 200 < counts[3] <= 500


def test_pages_and_files_tell_what_the_warehouse_holds(signed_in, loaded_warehouse):
    page = signed_in("viewer")
    with psycopg.connect(loaded_warehouse.owner_url) as connection:
        [count] = connection.execute("select count(*) from mart.crimes").fetchone()

    assert page.get("api/loads").json()["status"]["report_count"] == count
    assert {table["name"]: table["row_count"] for table in page.get("api/tables").json()}[
        "mart.crimes"
    ] == count
    assert len(page.get("rows", table="mart.crimes", format="json").json()) == count
    file = page.get("landing/file", **QUESTIONS["landing/file"])
    assert file.content == (loaded_warehouse.landing / QUESTIONS["landing/file"]["name"]).read_bytes()


def test_numbers_that_a_browser_would_round_come_as_texts(signed_in, loaded_warehouse):
    with psycopg.connect(loaded_warehouse.owner_url) as connection:
        connection.execute(
            "insert into ops.resets values ('r', 'all tables', 'x', 1, now()) on conflict do nothing"
        )
        connection.execute(
            "insert into ops.reset_tables (reset_id, table_name, rows_before, sum_before)"
            " values ('r', 'mart.crimes', 9007199254740993, 123456789012345678901234) on conflict do nothing"
        )
    [row] = signed_in("viewer").get("api/rows", table="ops.reset_tables").json()["rows"]

    assert row[2:4] == ["9007199254740993", "123456789012345678901234"]


BEHIND_PREFIX = """
from fastapi.testclient import TestClient
from airflow.api_fastapi.app import create_app
client = TestClient(create_app(apps="core"), base_url="https://crime.example")
login = {"username": "viewer", "password": "password of viewer"}
token = client.post("/team/airflow/auth/token", json=login).json()["access_token"]
headers = {"X-Austin-Crime": "1", "Authorization": f"Bearer {token}", "Host": "10.0.0.5:8080",
           "X-Forwarded-Host": "crime.example", "Origin": "https://crime.example"}
ask = lambda path: client.get(f"/team/airflow/austin-crime/{path}", headers=headers).status_code
result = [ask("api/loads"), ask("pages/pipeline.js"), ask("api/nothing")]
"""


def test_behind_a_path_and_a_proxy_the_pages_answer_the_same(in_airflow, pages_variables):
    variables = pages_variables | {"AIRFLOW__API__BASE_URL": "https://crime.example/team/airflow"}

    assert in_airflow(BEHIND_PREFIX, **variables) == [200, 200, 404]


WITHOUT_WAREHOUSE = BEHIND_PREFIX.replace(
    'result = [ask("api/loads"), ask("pages/pipeline.js"), ask("api/nothing")]',
    """
for url in ("postgresql://me:secret@127.0.0.1:1/none", ""):
    os.environ["AUSTIN_CRIME_READER_URL"] = url
    answer = client.get("/team/airflow/austin-crime/api/loads", headers=headers)
    result = [*(result or []), answer.status_code, answer.json()["detail"], ask("api/example")]
""",
)


def test_without_a_warehouse_the_pages_say_so_and_show_the_invented_example(in_airflow, pages_variables):
    variables = pages_variables | {"AIRFLOW__API__BASE_URL": "https://crime.example/team/airflow"}

    said = in_airflow(WITHOUT_WAREHOUSE, **variables)

    assert (said[0], said[2]) == (503, 200)
    assert "secret" not in said[1]
    assert said[3] >= 500
    assert "AUSTIN_CRIME_READER_URL is not set" in said[4]
