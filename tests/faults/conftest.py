"""One portal, warehouses copied from two states of it, and servers and loads that can be killed."""

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from austin_crime import config, nightly, steps
from austin_crime.warehouse import migrations
from local_stack.configuration.paths import python_path
from local_stack.provisioning import postgres as local_postgres
from local_stack.provisioning.postgres import ROLES, SUPERUSER, Server
from sample_portal.data.store import Store
from sample_portal.http import server
from sample_portal.publisher import live
from testing.portals import portal_of
from testing.warehouses import copy_warehouse

HERE = Path(__file__).parent
# A small portal of a few years, in several batches.
REPORTS, SINCE = 1_000, date(2018, 1, 1)
BATCH_ROWS = 80
DEADLINE_S = 30
TOKEN = "a-token-of-this-portal"
SERVER_SETTINGS = (
    local_postgres.SETTINGS
    | local_postgres.TEST_SETTINGS
    | {
        "synchronous_commit": "on",  # what a killed server has acknowledged is there when it starts again
        "lock_timeout": f"{DEADLINE_S}s",  # a test that fails, not one that hangs
    }
)
# When something was done and how often it was tried: what may differ between a disturbed load and an undisturbed one.
LEFT_ASIDE = [
    "attempt",
    "started_at",
    "last_seen_at",
    "finished_at",
    "checked_at",
    "received_at",
    "published_at",
    "applied_at",
]

Tables = dict[str, list[str]]


@dataclass(frozen=True)
class Warehouse:
    """A warehouse and the landing of its loads."""

    name: str
    owner_url: str
    reader_url: str
    landing: Path

    def environment(self, source_url: str) -> dict[str, str]:
        """Return the pipeline's settings for it."""
        return {
            "AUSTIN_CRIME_WAREHOUSE_URL": self.owner_url,
            "AUSTIN_CRIME_LANDING_URL": str(self.landing),
            "AUSTIN_CRIME_SOURCE_URL": source_url,
            "AUSTIN_CRIME_PORTAL_WAIT_S": "0.01",
        }

    def set_up(self, source_url: str, settings: pytest.MonkeyPatch) -> None:
        """Have the settings name it."""
        for name, value in self.environment(source_url).items():
            settings.setenv(name, value)
        settings.delenv("AUSTIN_CRIME_APP_TOKEN", raising=False)
        settings.delenv("AUSTIN_CRIME_SUPERSET_URL", raising=False)
        settings.setattr(config, "BATCH_ROWS", BATCH_ROWS)

    def ask(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with psycopg.connect(self.owner_url) as connection:
            return connection.execute(query, values).fetchall()

    @contextmanager
    def locked(self, table: str) -> Iterator[None]:
        """Keep others from writing a table; they may read it."""
        connection = psycopg.connect(self.owner_url)
        try:
            connection.execute(f"lock table {table} in exclusive mode")
            yield
        finally:
            connection.close()

    def is_waited_for(self, table: str) -> bool:
        """Whether a statement waits for a lock on a table."""
        return bool(self.ask("select 1 from pg_locks where not granted and relation = %s::regclass", table))

    def tables(self, *schemas: str) -> Tables:
        """Return every row of every table as JSON, sorted, less what is left aside."""
        with psycopg.connect(self.owner_url) as connection:
            names = connection.execute(
                "select schemaname || '.' || tablename from pg_tables where schemaname = any(%s)",
                (list(schemas or ("mart", "ops")),),
            ).fetchall()
            rows = "select (to_jsonb(t) - %s::text[])::text from {} as t order by 1"
            return {
                name: [row for (row,) in connection.execute(rows.format(name), (LEFT_ASIDE,))]
                for (name,) in names
            }


class MortalServer:
    """A PostgreSQL server that can be killed and started again on the same data and port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        passwords = {role: secrets.token_urlsafe(12) for role in (SUPERUSER, *ROLES)}
        self.server = Server(local_postgres.free_port(), passwords)
        local_postgres.initialize(folder / "data", passwords[SUPERUSER], "--no-sync")
        self.start()
        self.server.create_roles()

    def start(self) -> None:
        """Start the server and wait until one can log in."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                local_postgres.command(self.folder / "data", self.server.port, SERVER_SETTINGS),
                stdout=log,
                stderr=log,
                **local_postgres.surroundings(),
            )
        wait_until(lambda: not local_postgres.refusal(self.server.url(SUPERUSER, "postgres")))

    def kill(self) -> None:
        """Kill every process of the server, none of which can say goodbye."""
        postmaster = psutil.Process(self.process.pid)
        postmaster.suspend()  # it starts no more
        processes = [postmaster, *postmaster.children(recursive=True)]
        for process in processes:
            process.kill()
        psutil.wait_procs(processes, timeout=DEADLINE_S)
        self.process.wait(DEADLINE_S)

    def end(self) -> None:
        """End the server at once."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(DEADLINE_S)


def wait_until(is_so: Callable[[], object]) -> None:
    """Wait until something is so, which it must be before long."""
    deadline = time.monotonic() + DEADLINE_S
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.01)


@pytest.fixture(name="wait_until", scope="session")
def waiting_until() -> Callable[[Callable[[], object]], None]:
    """Return the function that waits until something is so."""
    return wait_until


@pytest.fixture(scope="session")
def mortal_server() -> Iterator[MortalServer]:
    """Return a server that can be killed; all warehouses of these tests are on it."""
    with tempfile.TemporaryDirectory(
        prefix="austin-crime-faults-", dir=local_postgres.scratch_folder(), ignore_cleanup_errors=True
    ) as folder:
        local_postgres.hand_over(Path(folder))
        running = MortalServer(Path(folder))
        yield running
        running.end()


@dataclass
class Warehouses:
    """Makes warehouses as copies of others."""

    postgres: Server
    folder: Path
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def copy(self, template: str) -> Warehouse:
        """Return a new warehouse that holds what a database does."""
        name = f"faults_{next(self.numbers)}"
        return Warehouse(name, *copy_warehouse(self.postgres, template, name), self.folder / name)


@pytest.fixture(scope="session")
def warehouses(mortal_server, tmp_path_factory) -> Warehouses:
    """Return what makes warehouses."""
    return Warehouses(mortal_server.server, tmp_path_factory.mktemp("landings"))


@dataclass
class World:
    """A portal a week after it was loaded; warehouses with that first load and without; and how undisturbed loads end."""

    store: Store
    url: str
    templates: dict[str, Warehouse]
    before: dict[str, Tables]
    undisturbed: dict[str, Tables]


@pytest.fixture(scope="session")
def world(warehouses) -> Iterator[World]:
    """Load a portal, let it live for a week, load it again, and load it into an empty warehouse, all undisturbed."""
    store = portal_of(REPORTS)
    live.remove_reports(store, f"rep_date < date '{SINCE}'")
    warehouses.postgres.create_warehouse("empty")
    empty = warehouses.copy("empty")
    migrations.migrate(empty.owner_url)
    held = warehouses.copy(empty.name)
    with server.running(store, app_tokens=(TOKEN,)) as url:
        load(held, url, "before")
        live_a_week(store)
        undisturbed = {}
        for state, template in {"first": empty, "later": held}.items():
            copy = warehouses.copy(template.name)
            load(copy, url, "load")
            undisturbed[state] = copy.tables()
        templates = {"first": empty, "later": held}
        before = {state: template.tables("mart") for state, template in templates.items()}
        yield World(store, url, templates, before, undisturbed)
    store.close()


def load(warehouse: Warehouse, source_url: str, load_id: str) -> None:
    """Run a load undisturbed."""
    with pytest.MonkeyPatch.context() as settings:
        warehouse.set_up(source_url, settings)
        nightly.run_nightly(load_id, started_by="a test")


def live_a_week(store: Store) -> None:
    """Add, edit and remove reports, with keys that are missing and keys that occur twice."""
    [(month,)] = store.execute(
        "select date_trunc('month', rep_date) from reports group by 1 order by count(*) desc, 1 limit 1"
    )
    of_month = f"rep_date >= '{month}' and rep_date < timestamp '{month}' + interval 1 month"
    keys = store.execute(f"select incident_report_number from reports where {of_month} order by 1 limit 2")
    # Of one month a report is edited and another removed: to top it up is not enough.
    live.edit_reports(store, f"incident_report_number = '{keys[0][0]}'", "crime_type = 'EDITED'")
    live.remove_reports(store, f"incident_report_number = '{keys[1][0]}'")
    live.edit_reports(store, "hash(incident_report_number) % 25 = 0", "crime_type = 'EDITED'")
    live.remove_reports(store, "hash(incident_report_number) % 120 = 1")
    live.add_reports(store, 40)
    live.add_reports(store, 3, incident_report_number=None)
    live.add_reports(store, 2, incident_report_number=20240000001)


@pytest.fixture(scope="session")
def app_token() -> str:
    """Return a token that the portal knows."""
    return TOKEN


@pytest.fixture(scope="module")
def kept_warehouse(world, warehouses, mortal_server) -> Iterator[Warehouse]:
    """Return one warehouse before its later load for all loads of a module, which publish nothing."""
    copy = warehouses.copy(world.templates["later"].name)
    yield copy
    mortal_server.server.drop_database(copy.name)


@pytest.fixture
def lasting_warehouse(kept_warehouse, world, monkeypatch) -> Warehouse:
    """Return it, named by the settings."""
    kept_warehouse.set_up(world.url, monkeypatch)
    return kept_warehouse


@pytest.fixture
def warehouse(world, warehouses, mortal_server, monkeypatch, request) -> Iterator[Warehouse]:
    """Return a warehouse before its first load or its later one, as the test's parameter ``state`` says, named by the settings."""
    parameters = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    state = parameters.get("state", "later")
    copy = warehouses.copy(world.templates[state].name)
    copy.set_up(world.url, monkeypatch)
    yield copy
    mortal_server.server.drop_database(copy.name)


class Runner:
    """Starts loads in processes that can be killed, one at a time."""

    def __init__(self, log: Path) -> None:
        self.log = log
        with log.open("wb") as file:
            self.program = subprocess.Popen(
                [sys.executable, str(HERE / "run_and_die.py")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                text=True,
                env=os.environ | {"PYTHONPATH": python_path(HERE.parents[1])},
            )

    def start(
        self,
        warehouse: Warehouse,
        source_url: str,
        point: tuple[str, str, str, int] | None = None,
        load_id: str = "load",
        parameters: dict[str, Any] | None = None,
        **variables: str,
    ) -> int:
        """Start a load, which dies at a point, and return its process id."""
        asked = {
            "load_id": load_id,
            "parameters": parameters,
            "point": point,
            "batch_rows": BATCH_ROWS,
            "environment": warehouse.environment(source_url) | variables,
        }
        self.program.stdin.write(json.dumps(asked) + "\n")
        self.program.stdin.flush()
        return int(self.program.stdout.readline())

    def exit_code(self) -> int:
        """Wait for the load and return its exit code, negative if a signal ended it."""
        return int(self.program.stdout.readline())

    def end(self) -> None:
        """End the program."""
        self.program.stdin.close()
        self.program.wait(timeout=100)


@pytest.fixture(scope="session")
def runner(tmp_path_factory) -> Iterator[Runner]:
    """Return what starts loads that can be killed."""
    running = Runner(tmp_path_factory.mktemp("loads") / "log")
    yield running
    running.end()


def differing(found: Tables, expected: Tables) -> dict[str, tuple[list[str], list[str]]]:
    """Return the tables that differ, each with a few rows of either side only."""
    return {
        name: (
            sorted(set(found[name]) - set(expected[name]))[:3],
            sorted(set(expected[name]) - set(found[name]))[:3],
        )
        for name in expected
        if found[name] != expected[name]
    }


@pytest.fixture(scope="session")
def differences() -> Any:
    """Return the function that tells which tables differ."""
    return differing


def run_from(step: str, load_id: str = "load") -> None:
    """Run a step of a load and what follows, as an orchestrator does that tries the step again."""
    with psycopg.connect(config.warehouse_url()) as connection:
        [(attempt,)] = connection.execute("select attempt from ops.loads where load_id = %s", (load_id,))
    load = steps.Load(load_id=load_id, attempt=attempt, has_work=True)
    following: dict[str, Callable[[], object]] = {
        "load": lambda: [steps.load_batch(**item) for item in steps.list_batches(load)],
        "settle": lambda: steps.settle_months(load),
        "build": lambda: [steps.build_aggregate(table) for table in config.AGGREGATES],
        "check": lambda: steps.check_load(load),
        "gate": lambda: steps.pass_gate(load),
        "publish": lambda: steps.publish(load),
        "refresh": steps.refresh_dashboards,
    }
    for name in list(following)[list(following).index(step) :]:
        following[name]()


@pytest.fixture(scope="session")
def go_on_from() -> Callable[..., None]:
    """Return the function that runs a step again and what follows."""
    return run_from
