"""Real servers for every test: PostgreSQL from the wheel, a warehouse of its own for each test; Airflow in processes of its own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
import requests
from dotenv import dotenv_values

from austin_crime import nightly
from local_stack.configuration.paths import python_path
from local_stack.provisioning.postgres import SUPERUSER, Server, free_port, temporary_server
from sample_portal.data.store import Store
from sample_portal.http import server
from testing.airflow_forks import Forks, forks
from testing.portals import portal_of
from testing.warehouses import copy_warehouse

ROOT = Path(__file__).parents[1]
NUMBERS = count(1)
REPORTS = 3_000
# Fixtures that start what takes its time, and those of a whole load: `make test-fast` leaves their tests out, but for one load a folder.
SLOW_FIXTURES = {"airflow_home", "browser", "prefect_python", "real_data", "superset"}
WHOLE_LOAD = {"sample_portal", "warehouse"}
# Settings that Airflow reads when it is imported: with them, code runs in a process of its own.
READ_AT_IMPORT = (
    "AIRFLOW__API__BASE_URL",
    "AIRFLOW__DATABASE__",
    "AIRFLOW__LOGGING__",
    "AIRFLOW__METRICS__",
)
# Whose tests share servers that take long to start.
ONE_WORKER = ("tests/superset/", "tests/e2e/", "tests/dags/")
LOAD_DAG = """
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
dag = bag.dags.get("austin_crime_nightly")
"""
RUN_DAG = """
run = dag.test(run_conf=json.loads(os.environ["RUN_CONF"]))
result = {"state": run.state, "tasks": {ti.task_id: ti.state for ti in run.get_task_instances()}}
"""


class Failures:
    """Names each failure when it happens: the rest of the run may take long, or be cut off."""

    def __init__(self, terminal: Any) -> None:
        self.terminal = terminal

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            message = getattr(getattr(report.longrepr, "reprcrash", None), "message", report.longreprtext)
            self.terminal.write_line(f"\n{report.nodeid} failed: {message[:2000]}")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Name failures as they happen."""
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if terminal:
        session.config.pluginmanager.register(Failures(terminal))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what takes its time, and begin with it where there are several workers."""
    begun = set()
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if fixtures & SLOW_FIXTURES or item.path.parent.name == "faults":
            item.add_marker("slow")
        elif fixtures >= WHOLE_LOAD and item.get_closest_marker("slow") is None:
            # Of whole loads, the first test of a folder is quick enough.
            if item.path.parent in begun:
                item.add_marker("slow")
            begun.add(item.path.parent)
    if config.getoption("numprocesses", None):
        items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hand a file at a time to each worker; tests that share a Superset or a whole stack go to the same one."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path = nodeid.partition("::")[0]
            return next((folder for folder in ONE_WORKER if path.startswith(folder)), path)

    return ByFile(config, log)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """Return a throw-away PostgreSQL server with the project's roles."""
    with temporary_server() as running:
        yield running


@pytest.fixture(scope="session")
def new_warehouse(postgres) -> Callable[[str], tuple[str, str]]:
    """Return a function that makes an empty, migrated warehouse, a copy."""
    from austin_crime.warehouse import migrations

    owner_url, _ = postgres.create_warehouse("migrated")
    migrations.migrate(owner_url)
    return lambda name: copy_warehouse(postgres, "migrated", name)


@pytest.fixture(scope="session")
def superuser(postgres) -> Iterator[psycopg.Connection]:
    """Return a connection of the superuser, which no variable of a test's environment reaches."""
    with psycopg.connect(postgres.url(SUPERUSER, "postgres"), autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def portal_port() -> int:
    """Return the port of every sample portal: a warehouse belongs to the address of one."""
    return free_port()


@pytest.fixture(scope="session")
def loaded_landing(new_warehouse, portal_port, tmp_path_factory) -> Path:
    """Return the landing of the warehouse ``loaded``, which holds a first load of the sample portal."""
    landing, store = tmp_path_factory.mktemp("loaded") / "landing", portal_of(REPORTS)
    owner_url, _ = new_warehouse("loaded")
    with server.running(store, portal_port) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUSTIN_CRIME_WAREHOUSE_URL", owner_url)
        patch.setenv("AUSTIN_CRIME_LANDING_URL", str(landing))
        patch.setenv("AUSTIN_CRIME_SOURCE_URL", url)
        nightly.run_nightly("first")
    store.close()
    return landing


@pytest.fixture
def first_load(loaded_landing, warehouse, sample_portal) -> None:
    """Have the sample portal loaded as the load ``first``: a copy of what that load left."""
    shutil.copytree(loaded_landing, warehouse.landing)


@pytest.fixture
def database(request, postgres, new_warehouse, superuser) -> Iterator[tuple[str, str]]:
    """Return the addresses of a warehouse for its owner and its reader: an empty one, or one with a first load."""
    template = "loaded" if "first_load" in request.fixturenames else "migrated"
    name = f"warehouse_{next(NUMBERS)}"
    yield copy_warehouse(postgres, template, name)
    superuser.execute(f"drop database if exists {name} with (force)")


@pytest.fixture
def warehouse(database, tmp_path, monkeypatch) -> SimpleNamespace:
    """Return the addresses of an empty, migrated warehouse, which the pipeline's settings name."""
    owner_url, reader_url = database
    monkeypatch.setenv("AUSTIN_CRIME_WAREHOUSE_URL", owner_url)
    monkeypatch.setenv("AUSTIN_CRIME_LANDING_URL", str(tmp_path / "landing"))
    monkeypatch.delenv("AUSTIN_CRIME_SUPERSET_URL", raising=False)
    monkeypatch.delenv("AUSTIN_CRIME_APP_TOKEN", raising=False)
    return SimpleNamespace(owner_url=owner_url, reader_url=reader_url, landing=tmp_path / "landing")


class SamplePortal:
    """A sample portal that runs in a thread, and what was asked of it."""

    def __init__(self, url: str, store: Store) -> None:
        self.url = url
        self.store = store

    def report_count(self) -> int:
        """Return how many reports it has."""
        return self.store.execute("select count(*) from reports")[0][0]

    def reports(self) -> dict[int, tuple[str | None, ...]]:
        """Return type, place, status, day and day of report by key, asked over HTTP by a client of the test's own."""
        params = {"$limit": "100000", "$order": ":id", "$where": "incident_report_number is not null"}
        reports = requests.get(f"{self.url}/resource/fdj4-gpfu.json", params=params, timeout=60).json()
        return {
            int(report["incident_report_number"]): (
                report.get("crime_type"),
                report.get("location_type"),
                report.get("clearance_status"),
                report["occ_date"][:10],
                report.get("rep_date", "")[:10],
            )
            for report in reports
        }

    def some_keys(self, number: int, reported: str = "2015-") -> list[int]:
        """Return the first keys of a year or month of report."""
        keys = [key for key, report in sorted(self.reports().items()) if str(report[4]).startswith(reported)]
        assert len(keys) >= number
        return keys[:number]

    def where(self, keys: Iterable[int]) -> str:
        """Return a condition for the store that these keys meet."""
        return "incident_report_number in ({})".format(", ".join(f"'{key}'" for key in keys))


@pytest.fixture
def sample_portal(portal_port, monkeypatch) -> Iterator[SamplePortal]:
    """Return a portal of 3,000 reports, the one that the pipeline's settings name."""
    store = portal_of(REPORTS)
    with server.running(store, portal_port) as url:
        monkeypatch.setenv("AUSTIN_CRIME_SOURCE_URL", url)
        yield SamplePortal(url, store)
    store.close()


@pytest.fixture(scope="session")
def airflow_home(tmp_path_factory) -> Path:
    """Return the home of an Airflow whose metadata database (SQLite) is migrated."""
    home = tmp_path_factory.mktemp("airflow")
    run_airflow(home, "from airflow.utils.db import initdb; initdb()", {})
    return home


@pytest.fixture(scope="session")
def airflow_forks(airflow_home) -> Iterator[Forks]:
    """Return forks of a process that has imported Airflow."""
    with forks(airflow_environment(airflow_home, {})) as running:
        yield running


@pytest.fixture(scope="session")
def in_airflow(airflow_home, airflow_forks, tmp_path_factory) -> Callable[..., Any]:
    """Return a function that runs code beside ``dag``, the DAG, and returns what it puts into ``result``, as JSON."""

    def run(code: str, **variables: str) -> Any:
        if any(name.startswith(READ_AT_IMPORT) for name in variables):
            return json.loads(run_airflow(airflow_home, LOAD_DAG + code, variables).splitlines()[-1])
        output = tmp_path_factory.mktemp("in_airflow") / "output"
        return airflow_forks.run(LOAD_DAG + code, airflow_environment(airflow_home, variables), output)

    return run


@pytest.fixture(scope="session")
def run_dag(airflow_home, airflow_forks, tmp_path_factory) -> Callable[..., Any]:
    """Return a function that runs the DAG once on a portal and a warehouse: its state, its tasks' states, its log.

    It may be given code to run before.
    """

    def run(warehouse: Any, portal_url: str, before: str = "", app_token: str = "", **parameters: Any) -> Any:
        variables = {
            "RUN_CONF": json.dumps(parameters),
            "AUSTIN_CRIME_WAREHOUSE_URL": warehouse.owner_url,
            "AUSTIN_CRIME_SOURCE_URL": portal_url,
            "AUSTIN_CRIME_APP_TOKEN": app_token,
            "AUSTIN_CRIME_LANDING_URL": str(warehouse.landing),
            "AIRFLOW_CONN_WAREHOUSE": warehouse.owner_url,
            "AIRFLOW_CONN_AUSTIN_PORTAL": portal_url,
        }
        log = tmp_path_factory.mktemp("run_dag") / "log"
        code = LOAD_DAG + before + RUN_DAG
        result = airflow_forks.run(code, airflow_environment(airflow_home, variables), log)
        return result | {"log": log.read_text()}

    return run


def airflow_environment(home: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a process of Airflow in a test."""
    return (
        {"AUSTIN_CRIME_WAREHOUSE_URL": "postgresql://nobody:secret@db.example/warehouse"}
        | dict(os.environ)
        | {name: value or "" for name, value in dotenv_values(ROOT / "settings" / "airflow.env").items()}
        | {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
            "PYTHONPATH": python_path(ROOT),
        }
        | dict(variables)
    )


def run_airflow(home: Path, code: str, variables: Mapping[str, str]) -> str:
    """Run code in a Python of its own; what ``result`` holds is printed last."""
    before = "import json, os\nresult = None\n"
    after = "\nprint()\nprint(json.dumps(result, default=str))"
    done = subprocess.run(
        [sys.executable, "-c", before + code + after],
        env=airflow_environment(home, variables),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-5000:]
    return done.stdout
