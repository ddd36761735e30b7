"""The public edition beside the dashboards: who may read it, what is sent, and that nothing else is."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import requests
from tests.superset.conftest import Superset

from local_stack.provisioning.postgres import free_port
from testing import superset_server

OUTSIDE = ("../../edition/current/index.html", "..%2f..%2flog", "%2e%2e%2flog", "/etc/passwd", "nothing.csv")


@pytest.fixture(scope="module")
def public(superset: Superset) -> Iterator[Superset]:
    """Return the same Superset as it is with anonymous reading."""
    url = f"http://127.0.0.1:{free_port()}"
    environment = superset.environment | {"SUPERSET_ANONYMOUS_READING": "yes"}
    switched_on = replace(superset, url=url, environment=environment)
    with superset_server.running(
        switched_on.url, switched_on.environment, Path(environment["SUPERSET_HOME"]) / "log_of_public"
    ):
        yield switched_on


def get(superset: Superset, path: str, **headers: str) -> requests.Response:
    return requests.get(f"{superset.url}{path}", headers=headers, timeout=60, allow_redirects=False)


def files(superset: Superset) -> list[str]:
    folder = Path(superset.environment["AUSTIN_CRIME_EDITION_DIR"]) / "current"
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("path", ["/edition/", "/edition/top_crimes.csv", "/edition/nothing"])
def test_without_a_login_the_edition_asks_for_one_and_shows_nothing(superset, path):
    answer = get(superset, path)

    assert (answer.status_code, answer.headers["Location"]) == (302, "/login/?next=/edition/")
    assert len(answer.content) < 500


def test_a_viewer_reads_the_page_and_every_file(superset, viewer):
    page = viewer.ask("GET", "/edition/")

    assert "<h1>Austin crime, this week and this year</h1>" in page.text
    assert page.headers["Cache-Control"] == "max-age=60, private"
    assert all(viewer.ask("GET", f"/edition/{name}").status_code == 200 for name in files(superset))


def test_before_the_first_load_the_edition_says_how_to_get_one(superset):
    assert "There is no edition yet" in superset.edition_before_first_load


def test_with_anonymous_reading_everybody_reads_the_edition(public):
    page = get(public, "/edition/")
    linked = set(re.findall(r'href="([\w.]+)"', page.text))

    assert page.headers["Cache-Control"] == "public, max-age=60"
    assert linked == set(files(public)) - {"index.html"}
    assert all(get(public, f"/edition/{name}").status_code == 200 for name in linked)


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("", "text/html; charset=utf-8"),
        ("top_crimes.csv", "text/csv; charset=utf-8"),
        ("top_crimes.parquet", "application/vnd.apache.parquet"),
        ("datapackage.json", "application/json"),
    ],
)
def test_a_file_comes_with_its_type_and_may_run_nothing(public, name, content_type):
    answer = get(public, f"/edition/{name}")
    again = get(public, f"/edition/{name}", **{"If-None-Match": answer.headers["ETag"]})

    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", OUTSIDE)
def test_nothing_outside_of_the_edition_is_served(public, name):
    request = requests.Request("GET", public.url).prepare()
    # As it is: a path is otherwise tidied before it is sent.
    request.url = f"{public.url}/edition/{name}"

    with requests.Session() as session:
        assert session.send(request, timeout=60).status_code == 404


def test_with_anonymous_reading_everybody_reads_the_dashboard(public, viewer):
    [chart, *_] = viewer.charts()
    asked = requests.post(f"{public.url}/api/v1/chart/data", json=viewer.query_context(chart), timeout=60)

    assert get(public, "/superset/dashboard/austin-crime/").status_code == 200
    assert get(public, "/api/v1/dashboard/austin-crime/charts").status_code == 200
    assert (asked.status_code, asked.json()["result"][0]["error"]) == (200, None)


@pytest.mark.parametrize(
    "path",
    [
        "chart/",
        "dashboard/",
        "dataset/",
        "dashboard/austin-crime/permalink",
        "dashboard/1/filter_state",
        "sqllab/execute/",
    ],
)
def test_people_without_a_login_write_nothing(public, path):
    token = get(public, "/api/v1/security/csrf_token/")
    headers = {"X-CSRFToken": token.json()["result"], "Referer": public.url}
    answer = requests.post(
        f"{public.url}/api/v1/{path}", json={}, headers=headers, cookies=token.cookies, timeout=60
    )

    assert answer.status_code in (401, 403), answer.text


def test_the_role_of_people_without_a_login_is_to_read(superset):
    with psycopg.connect(superset.metadata_url) as connection:
        rows = connection.execute(
            "select distinct ab_permission.name from ab_permission_view_role as of_role"
            " join ab_permission_view as pairs on pairs.id = of_role.permission_view_id"
            " join ab_permission on ab_permission.id = pairs.permission_id"
            " join ab_role on ab_role.id = of_role.role_id where ab_role.name = 'Austin crime public'"
        ).fetchall()

    names = {name for (name,) in rows}
    assert {"can_read", "database_access"} <= names
    assert not [
        name for name in names if re.search("write|save|add|edit|delete|put|post|import|reset|userinfo", name)
    ]


def test_a_switch_that_is_neither_yes_nor_no_is_refused_with_a_sentence(superset):
    done = superset.bootstrap(environment=superset.environment | {"SUPERSET_ANONYMOUS_READING": "maybe"})

    assert done.returncode != 0
    assert "SUPERSET_ANONYMOUS_READING is 'maybe': expected yes or no." in done.stderr
