"""A real Superset on a real PostgreSQL: bootstrapped on an empty warehouse, then filled, then refreshed.

That is what happens to every installation, in that order; what the dashboard answers before the first load is kept.
"""

import datetime as dt
import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from austin_crime import nightly, own_servers
from austin_crime.load import refresh
from austin_crime.warehouse import migrations
from local_stack.provisioning.postgres import Server, free_port
from sample_portal.data.store import Store
from sample_portal.http import server
from sample_portal.publisher import reports, week
from testing import superset_server
from testing.superset_pages import Browser

ROOT = Path(__file__).parents[2]
SQUARE = [[-97.77, 30.26], [-97.73, 30.26], [-97.73, 30.3], [-97.77, 30.3], [-97.77, 30.26]]
HOLE = [[-97.76, 30.27], [-97.76, 30.28], [-97.75, 30.28], [-97.76, 30.27]]
ISLAND = [[-97.7, 30.26], [-97.69, 30.26], [-97.69, 30.27], [-97.7, 30.26]]


@dataclass
class Checked:
    """A number of mart.check_yourself, what its SQL counts, and what the portal answers at its address."""

    report_count: int
    portal_report_count: int
    counted: int
    answer: Any


def fill_warehouse(owner_url: str, landing: Path, edition: str) -> dict[str, Checked]:
    """Load sample reports, and again after a week with doubled keys, which writes the public edition; return what the portal says of the numbers to check.

    A district gets what real ones have and drawn ones lack: a hole, and a second part.
    """
    # Charts of the last twelve months count from today.
    until = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=12)
    store = Store.generate(reports=6_000, seed=7, until=until)
    with server.running(store) as source_url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUSTIN_CRIME_SOURCE_URL", source_url)
        patch.setenv("AUSTIN_CRIME_WAREHOUSE_URL", owner_url)
        patch.setenv("AUSTIN_CRIME_LANDING_URL", str(landing))
        patch.setenv("AUSTIN_CRIME_EDITION_DIR", edition)
        patch.delenv("AUSTIN_CRIME_SUPERSET_URL", raising=False)
        nightly.run_nightly("superset_tests")
        reports.double_keys(store, 3)
        week.pass_week(store, added=60, edited=200, removed=5)
        nightly.run_nightly("a_week_later")
        checked = ask_the_portal(owner_url)
    store.close()
    with psycopg.connect(owner_url) as connection:
        connection.execute(
            "update mart.council_districts set boundary_geojson = %s where council_district = 9",
            (json.dumps({"type": "MultiPolygon", "coordinates": [[SQUARE, HOLE], [ISLAND]]}),),
        )
    return checked


def ask_the_portal(owner_url: str) -> dict[str, Checked]:
    """Do with each number to check what a person would: run its SQL, and open its address."""
    session = own_servers.session()
    with psycopg.connect(owner_url) as connection:
        numbers = connection.execute(
            "select number_name, report_count, portal_report_count, our_query, portal_query_url from mart.check_yourself"
        ).fetchall()
        return {
            name: Checked(
                here, there, *connection.execute(query).fetchone(), session.get(address, timeout=60).json()
            )
            for name, here, there, query, address in numbers
        }


@dataclass
class Superset:
    """A running Superset, its environment, and what its charts answered before the first load."""

    url: str
    environment: dict[str, str]
    owner_url: str
    reader_url: str
    metadata_url: str
    answers_before_first_load: dict[str, dict[str, Any]] = field(default_factory=dict)
    tile_before_first_load: bytes = b""
    checked: dict[str, Checked] = field(default_factory=dict)
    edition_before_first_load: str = ""
    refreshed: str = ""
    cached_after_refresh: dict[str, bool] = field(default_factory=dict)

    def bootstrap(
        self, *options: str, environment: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return superset_server.bootstrap(self.environment if environment is None else environment, *options)

    def login(self, user: str, password: str | None = None) -> Browser:
        return Browser(self.url, user, password or self.environment[superset_server.PASSWORDS[user]])


@pytest.fixture(scope="session")
def superset(postgres: Server) -> Iterator[Superset]:
    if not superset_server.PYTHON.exists():
        pytest.skip(f"Superset is not installed: {superset_server.PYTHON} is missing")
    owner_url, reader_url = postgres.create_warehouse("warehouse_for_superset")
    migrations.migrate(owner_url)
    postgres.create_database("superset", "superset")
    with tempfile.TemporaryDirectory() as home:
        superset = installation(postgres, owner_url, reader_url, Path(home))
        done = superset.bootstrap()
        assert done.returncode == 0, done.stderr
        with superset_server.running(superset.url, superset.environment, Path(home) / "log"):
            remember_the_empty_dashboard(superset)
            superset.checked = fill_warehouse(
                owner_url, Path(home) / "landing", superset.environment["AUSTIN_CRIME_EDITION_DIR"]
            )
            superset.refreshed = refresh_as_the_load_does(superset)
            remember_what_is_cached(superset)
            yield superset


def installation(server: Server, owner_url: str, reader_url: str, home: Path) -> Superset:
    metadata_url = server.url("superset", "superset")
    environment = superset_server.environment(home, metadata_url, reader_url)
    url = f"http://127.0.0.1:{free_port()}"
    return Superset(url, environment, owner_url, reader_url, metadata_url)


def remember_the_empty_dashboard(superset: Superset) -> None:
    viewer = superset.login("viewer")
    for chart in viewer.charts():
        superset.answers_before_first_load[chart] = viewer.answer(viewer.query_context(chart))
    superset.tile_before_first_load = viewer.ask("GET", "/basemap/10/233/421.png").content
    superset.edition_before_first_load = viewer.ask("GET", "/edition/").text


def remember_what_is_cached(superset: Superset) -> None:
    viewer = superset.login("viewer")
    for chart in viewer.charts():
        superset.cached_after_refresh[chart] = viewer.answer(viewer.query_context(chart))["is_cached"]


def refresh_as_the_load_does(superset: Superset) -> str:
    variables = ("AUSTIN_CRIME_SUPERSET_REFRESH_USER", "AUSTIN_CRIME_SUPERSET_REFRESH_PASSWORD")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUSTIN_CRIME_SUPERSET_URL", superset.url)
        for variable in variables:
            patch.setenv(variable, superset.environment[variable])
        return refresh.refresh_dashboards()


@pytest.fixture(scope="session")
def viewer(superset: Superset) -> Browser:
    return superset.login("viewer")


@pytest.fixture(scope="session")
def analyst(superset: Superset) -> Browser:
    return superset.login("analyst")


@pytest.fixture(scope="session")
def detail(superset: Superset) -> Iterator[psycopg.Connection]:
    """Return the owner's connection to the warehouse."""
    with psycopg.connect(superset.owner_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def reader(superset: Superset) -> Iterator[Callable[[str], list[tuple[Any, ...]]]]:
    """Run SQL with the very login that Superset has."""
    with psycopg.connect(superset.reader_url, autocommit=True) as connection:
        yield lambda statement: connection.execute(statement).fetchall()
