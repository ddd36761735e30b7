"""An upgrade, rehearsed: a state of before makes and loads a warehouse with its own code, and this one takes it over.

``UPGRADE_FROM`` names that state: a tag, a commit or a branch. By default it is the last tag; without tags, the state before the last
migration. Run it with ``make test-upgrade``.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from austin_crime import config, nightly
from austin_crime.warehouse import migrations
from local_stack.provisioning.postgres import Server
from sample_portal.data.store import Store
from sample_portal.http import server
from sample_portal.publisher import reports, week
from testing.catalog import catalog_of, rows_of
from testing.portals import portal_of

pytestmark = pytest.mark.upgrade

ROOT = Path(__file__).parents[2]
SUPERSET_PYTHON = ROOT / ".venv" / "superset" / "bin" / "python"
# What names a load or tells when it was; all else of two warehouses of one portal is the same.
OF_LOADS = ("load_id", "published_at", "notice", "applied_at")
STATE = ("ops.source_months", "ops.source_columns", "ops.rejected_reports", "ops.schema_migrations")
MAKE_WAREHOUSE = """
import json, os
from local_stack.provisioning.postgres import Server
server = Server(int(os.environ["SERVER_PORT"]), json.loads(os.environ["SERVER_PASSWORDS"]))
server.create_roles()
server.create_warehouse("upgraded")
"""
LOAD = """
import sys
from austin_crime import nightly
nightly.run_nightly(sys.argv[1])
"""


def git(*words: str) -> str:
    """Return what git answers, or nothing if it refuses."""
    return subprocess.run(
        ["git", *words], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()


def state_before() -> str:
    """Return the state to upgrade from."""
    chosen = os.environ.get("UPGRADE_FROM") or git("describe", "--tags", "--abbrev=0")
    if not chosen:
        chosen = git("log", "-1", "--format=%H", "--", "include/sql/schema") + "^"
    commit = git("rev-parse", "--verify", f"{chosen}^{{commit}}")
    assert commit, f"UPGRADE_FROM is {chosen!r}: expected a tag, commit or branch of this repository."
    return commit


@dataclass
class Before:
    """The state of before: its files, what its warehouse held, and the portal that it was loaded from."""

    commit: str
    folder: Path
    url: str
    variables: dict[str, str]
    store: Store
    rows: dict[str, list[str]]
    migrations: set[str]

    def run(self, code: str, *words: str) -> None:
        """Run code of before in a Python of its own."""
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("AUSTIN_CRIME")
        }
        path = os.pathsep.join(str(self.folder / name) for name in ("include", "tools"))
        done = subprocess.run(
            [sys.executable, "-c", code, *words],
            cwd=self.folder,
            env=environment | self.variables | {"PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        assert done.returncode == 0, f"{self.commit}: {done.stdout[-2000:]}{done.stderr[-4000:]}"


def change(store: Store) -> None:
    """Let a week pass at the portal, with reports whose key is there twice."""
    week.pass_week(store, added=30, edited=40, removed=5)
    reports.double_keys(store, 2)


def applied(url: str) -> set[str]:
    """Return the names of the migrations that a warehouse has."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("select name from ops.schema_migrations where name like '%.sql'")
        return {name for (name,) in rows}


@pytest.fixture(scope="module")
def before(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Before]:
    """Check the state of before out, and have it make a warehouse, load the portal, and load it again after a week."""
    folder, commit = tmp_path_factory.mktemp("before"), state_before()
    archive = subprocess.run(["git", "archive", commit], cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    subprocess.run(["tar", "-x", "-C", folder], input=archive, check=True)
    store, landing = portal_of(3_000), tmp_path_factory.mktemp("landing")
    with server.running(store) as source_url:
        url = postgres.owner_url("upgraded")
        variables = {
            "AUSTIN_CRIME_WAREHOUSE_URL": url,
            "AUSTIN_CRIME_SOURCE_URL": source_url,
            "AUSTIN_CRIME_LANDING_URL": str(landing),
            "SERVER_PORT": str(postgres.port),
            "SERVER_PASSWORDS": json.dumps(dict(postgres.passwords)),
        }
        state = Before(commit, folder, url, variables, store, {}, set())
        state.run(MAKE_WAREHOUSE)
        state.run(LOAD, "before-first")
        change(store)
        state.run(LOAD, "before-week")
        state.rows, state.migrations = rows_of(url), applied(url)
        yield state
    store.close()


@pytest.fixture(scope="module")
def upgraded(before: Before, postgres: Server) -> Iterator[dict[str, list[str]]]:
    """Do what a start of this state does with the warehouse, and return its rows."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in before.variables.items():
            patch.setenv(name, value)
        postgres.create_roles()
        postgres.create_warehouse("upgraded")
        migrations.migrate(before.url)
        yield rows_of(before.url)


@pytest.fixture(scope="module")
def fresh(upgraded: Any, before: Before, postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Load another week into the upgraded warehouse, and all of the portal into a new one; return the new one's address."""
    change(before.store)
    nightly.run_nightly("after-upgrade")
    url, _ = postgres.create_warehouse("fresh")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUSTIN_CRIME_WAREHOUSE_URL", url)
        patch.setenv("AUSTIN_CRIME_LANDING_URL", str(tmp_path_factory.mktemp("fresh")))
        nightly.run_nightly("fresh")
    return url


def test_every_migration_since_applies_to_a_warehouse_with_data_and_loses_no_row(
    before: Before, upgraded: dict[str, list[str]]
) -> None:
    files = {path.name for path in (config.SQL_DIR / "schema").glob("*.sql")}

    assert applied(before.url) >= files
    for table in (
        "mart.crimes",
        "mart.crimes_per_month",
        "ops.loads",
        "ops.crime_changes",
        "ops.check_results",
    ):
        assert len(upgraded[table]) == len(before.rows[table]) > 0, table
        old, new = (list(map(json.loads, rows[table])) for rows in (before.rows, upgraded))
        kept = [{name: row[name] for name in old[0]} for row in new]
        assert sorted(map(repr, kept)) == sorted(map(repr, old)), table


def test_a_load_after_the_upgrade_gives_what_a_fresh_load_gives_in_every_table(
    before: Before, fresh: str
) -> None:
    with psycopg.connect(before.url) as connection:
        row = connection.execute(
            "select status, planned_against from ops.loads where load_id = 'after-upgrade'"
        )
        assert row.fetchone() == ("published", "before-week")
        tables = connection.execute(
            "select 'mart.' || tablename from pg_tables where schemaname = 'mart'"
        ).fetchall()
    names = [*(name for (name,) in tables), *STATE]
    here, there = rows_of(before.url, OF_LOADS), rows_of(fresh, OF_LOADS)

    assert len(here["mart.crimes"]) > 2_900
    for name in names:
        assert here[name] == there[name], name


def test_rights_comments_columns_and_functions_are_those_of_a_fresh_warehouse(
    before: Before, fresh: str
) -> None:
    upgraded, new = catalog_of(before.url), catalog_of(fresh)

    for kind, rows in new.items():
        assert upgraded[kind] == rows, kind


def test_supersets_charts_are_imported_over_those_of_before(
    before: Before, upgraded: Any, postgres: Server, tmp_path: Path
) -> None:
    if not SUPERSET_PYTHON.exists():
        pytest.skip(f"Superset is not installed: {SUPERSET_PYTHON} is missing")
    postgres.create_database("superset", "superset")
    url = postgres.url("superset", "superset")
    logins = ("ADMIN", "ANALYST", "VIEWER")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "SUPERSET_HOME": str(tmp_path),
        "SUPERSET_SECRET_KEY": "for this test only, and long enough to be taken",
        "SUPERSET_METADATA_URL": url.replace("postgresql://", "postgresql+psycopg2://"),
        "AUSTIN_CRIME_EDITION_DIR": str(tmp_path / "edition"),
        "AUSTIN_CRIME_READER_URL": postgres.reader_url("upgraded").replace(
            "postgresql://", "postgresql+psycopg2://"
        ),
        "AUSTIN_CRIME_SUPERSET_REFRESH_USER": "refresh",
        "AUSTIN_CRIME_SUPERSET_REFRESH_PASSWORD": "refresh in tests",
    } | {f"SUPERSET_{login}_PASSWORD": f"{login} in tests" for login in logins}

    for root in (before.folder, ROOT):
        done = subprocess.run(
            [SUPERSET_PYTHON, root / "superset" / "bootstrap.py", "--if-changed"],
            env=environment | {"PYTHONPATH": str(root / "superset")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-4000:]

    with psycopg.connect(url) as connection:
        for table, kind in (("slices", "charts"), ("dashboards", "dashboards"), ("tables", "datasets")):
            imported = {str(uuid) for (uuid,) in connection.execute(f"select uuid from {table}")}
            files = (ROOT / "superset" / "assets" / kind).rglob("*.yaml")
            assert imported == {yaml.safe_load(path.read_text())["uuid"] for path in files}, kind


def test_airflow_reads_every_dag(in_airflow: Any, before: Before, upgraded: Any) -> None:
    result = in_airflow('result = {"errors": bag.import_errors, "dags": sorted(bag.dags)}')

    assert result["errors"] == {}
    assert set(result["dags"]) >= {path.stem for path in (before.folder / "dags").glob("*.py")}
