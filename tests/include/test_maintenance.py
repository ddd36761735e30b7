"""Keeping house: what goes by age, what never does, and that it is safe beside loads and if it is killed."""

import os
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import psycopg
import pytest
from upath import UPath

from austin_crime import config, errors, maintenance, nightly, replay, steps
from austin_crime.landing import files, record
from sample_portal.data.store import Store
from sample_portal.http import server
from sample_portal.publisher import live as portal_store
from sample_portal.publisher import week
from testing.catalog import rows_of
from testing.portals import portal_of

pytestmark = pytest.mark.slow

NUMBERS = count(1)
OLD_DAYS = 100
RUNBOOK = config.ROOT / "docs" / "runbook.md"


@dataclass
class Past:
    """A portal, and a warehouse with loads of all kinds that are a hundred days old."""

    store: Store
    url: str
    database: str
    landing: Path


@pytest.fixture(scope="module")
def past(postgres, tmp_path_factory) -> Iterator[Past]:
    """Make it: a whole load, a blocked one, its changes accepted, a quiet one, whole again, changes, quiet."""
    landing, store = tmp_path_factory.mktemp("past") / "landing", portal_of(1_000)
    owner_url, _ = postgres.create_warehouse("past")
    with server.running(store) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUSTIN_CRIME_SOURCE_URL", url)
        patch.setenv("AUSTIN_CRIME_WAREHOUSE_URL", owner_url)
        patch.setenv("AUSTIN_CRIME_LANDING_URL", str(landing))
        nightly.run_nightly("first")
        portal_store.remove_reports(store, "year(rep_date) = 2015")
        with pytest.raises(errors.CheckBlocked):
            nightly.run_nightly("blocked")
        nightly.run_nightly("accepted", {"accept": ["reports_removed", "month_removed"]})
        nightly.run_nightly("quiet")
        nightly.run_nightly("whole", {"full_reload": True})
        pass_a_week(store)
        nightly.run_nightly("after")
        nightly.run_nightly("quiet-2")
        with psycopg.connect(owner_url) as connection:
            connection.execute(
                "update ops.loads set started_at = started_at - make_interval(days => %(days)s),"
                " finished_at = finished_at - make_interval(days => %(days)s)",
                {"days": OLD_DAYS},
            )
        make_old(landing)
        yield Past(store, url, "past", landing)
    store.close()


@pytest.fixture
def history(past, postgres, warehouse, monkeypatch) -> Past:
    """Have the settings name a copy of the past, and return its portal."""
    name = f"past_{next(NUMBERS)}"
    with psycopg.connect(postgres.url("postgres", "postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name} template {past.database} owner austin_crime_owner")
    warehouse.owner_url, warehouse.reader_url = postgres.create_warehouse(name)
    shutil.copytree(past.landing, warehouse.landing)
    monkeypatch.setenv("AUSTIN_CRIME_WAREHOUSE_URL", warehouse.owner_url)
    monkeypatch.setenv("AUSTIN_CRIME_SOURCE_URL", past.url)
    return past


def make_old(folder):
    moment = time.time() - OLD_DAYS * 24 * 60 * 60
    for path in folder.rglob("*"):
        os.utime(path, (moment, moment))


def pass_a_week(store):
    week.pass_week(store, added=20, edited=30, removed=3)


def folders(warehouse):
    return {path.name for path in warehouse.landing.iterdir()}


def replayed(postgres, monkeypatch, name):
    """Return the rows that the landing alone makes in an empty warehouse."""
    owner_url, _ = postgres.create_warehouse(name)
    with monkeypatch.context() as patch:
        patch.setenv("AUSTIN_CRIME_WAREHOUSE_URL", owner_url)
        replay.replay()
    rows = rows_of(owner_url)
    return {table: found for table, found in rows.items() if table.startswith("mart.crimes")}


def test_what_a_replay_needs_is_kept_however_old_it_is_and_the_rest_goes(
    history, warehouse, postgres, monkeypatch
):
    before = replayed(postgres, monkeypatch, "replayed_before")
    would = maintenance.clean_landing(dry_run=True)
    assert {"first", "blocked", "accepted", "whole", "after"} <= folders(warehouse)

    done = maintenance.clean_landing()

    assert folders(warehouse) == {"whole", "after"}
    assert replayed(postgres, monkeypatch, "replayed_after") == before
    assert would.replace("would remove", "removed") == done
    assert re.search(r"Landing: removed \d+ files, [\d,]{4,} bytes, of [456] attempts", done)
    assert "A replay needs 2 loads, from whole on." in done
    assert "removed 0 files" in maintenance.clean_landing()


def test_young_files_stay_whether_or_not_a_replay_needs_them(
    sample_portal, warehouse, monkeypatch, first_load
):
    nightly.run_nightly("whole", {"full_reload": True})

    assert "removed 0 files" in maintenance.clean_landing()
    assert {"first", "whole"} <= folders(warehouse)


def test_a_running_load_keeps_its_files_however_old_they_are(history, warehouse):
    pass_a_week(history.store)
    load = steps.plan_load("running")
    for item in steps.list_batches(load):
        steps.load_batch(**item)
    make_old(warehouse.landing / "running")

    maintenance.clean_landing()
    maintenance.clean_history()

    steps.settle_months(load)
    for table in config.AGGREGATES:
        steps.build_aggregate(table)
    steps.check_load(load)
    steps.pass_gate(load)
    assert "published" in steps.publish(load).lower()


def test_killed_while_it_deletes_it_leaves_a_landing_that_can_be_replayed(history, warehouse, monkeypatch):
    emptied = []

    def dies(path: UPath) -> None:
        # The record of the attempt is gone by then, and a part of its files.
        next(file for file in Path(path.path).iterdir() if file.is_file()).unlink()
        emptied.append(path)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(files, "empty", dies)
        with pytest.raises(KeyboardInterrupt):
            maintenance.clean_landing()

    assert emptied
    assert [one.load_id for one in record.choose_loads(record.read_records())] == ["whole", "after"]
    maintenance.clean_landing()
    assert folders(warehouse) == {"whole", "after"}


def test_a_damaged_landing_is_not_cleaned(history, warehouse):
    (warehouse.landing / "whole" / "1" / "settled.json").write_text("{}")

    with pytest.raises(errors.ReplayRefused, match=r"Nothing was removed from the landing.*full_reload"):
        maintenance.clean_landing()

    assert {"first", "accepted"} <= folders(warehouse)


def test_an_object_store_is_cleaned_by_the_same_rules(sample_portal, warehouse, bucket, monkeypatch):
    monkeypatch.setenv("AUSTIN_CRIME_LANDING_URL", f"s3://{bucket.name}/landing")
    nightly.run_nightly("first")
    nightly.run_nightly("whole", {"full_reload": True})
    # The store says when a file was written, so the day moves on instead.
    monkeypatch.setattr(maintenance, "datetime", _in(days=OLD_DAYS))

    done = maintenance.clean_landing()

    assert {item.key.split("/")[1] for item in bucket.objects.all()} == {"whole"}
    assert "of 1 attempts" in done


def _in(days: int) -> type[datetime]:
    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(days=days)

    return Later


def test_old_details_of_loads_go_and_everything_else_stays_row_by_row(history, warehouse):
    before = rows_of(warehouse.owner_url)
    would = maintenance.clean_history(dry_run=True)
    assert rows_of(warehouse.owner_url) == before

    done = maintenance.clean_history()

    after = rows_of(warehouse.owner_url)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {
        "ops.check_results",
        "ops.reconciliations",
        "ops.column_profiles",
        "ops.built_tables",
        "ops.loads",
    }
    assert would.replace("would remove", "removed") == done
    with psycopg.connect(warehouse.owner_url) as connection:

        def ask(query):
            return {row[0] for row in connection.execute(query)}

        # The newest of each status, and all that published.
        assert ask("select load_id from ops.loads") == {
            *("first", "accepted", "whole", "after", "blocked", "quiet-2"),
        }
        assert ask("select load_id from ops.reconciliations") == {"after"}
        assert ask("select load_id from ops.built_tables") == {"after"}
        assert ask("select load_id from ops.check_results where status = 'passed'") == {"after"}
        assert ask("select load_id from ops.check_results where status <> 'passed'") >= {
            "blocked",
            "accepted",
        }
        assert ask("select load_id from ops.column_profiles where column_name = 'reported_date'") >= {"first"}
        assert ask("select load_id from ops.column_profiles where column_name <> 'reported_date'") == {
            "after"
        }
    assert "rows (" in done
    assert maintenance.clean_history() == "History: removed no rows, older than 90 days."


def test_loads_go_on_as_if_nothing_had_been_removed(history, warehouse):
    maintenance.clean_landing()
    maintenance.clean_history()
    pass_a_week(history.store)

    nightly.run_nightly("next")

    with psycopg.connect(warehouse.owner_url) as connection:
        row = connection.execute(
            "select status, planned_against, skipped_month_count > 100 from ops.loads where load_id = 'next'"
        ).fetchone()
        assert row == ("published", "after", True)
        assert connection.execute("select count(*) from mart.crimes").fetchall() == history.store.execute(
            "select count(*) from reports"
        )


def test_changes_of_reports_go_only_if_a_setting_says_so_and_past_months_are_told_all_the_same(
    history, warehouse, monkeypatch
):
    past = "select sum(report_count) from mart.crimes_per_month_as_of_time(now() - interval '99 days')"
    with psycopg.connect(warehouse.owner_url, autocommit=True) as connection:
        told = connection.execute(past).fetchone()
        monkeypatch.setenv("AUSTIN_CRIME_KEEP_CHANGES_DAYS", "101")
        assert "crime_changes" not in maintenance.clean_history()
        monkeypatch.setenv("AUSTIN_CRIME_KEEP_CHANGES_DAYS", "99")

        assert re.search(r"\d+ rows \([\d,]+ bytes\) of ops.crime_changes", maintenance.clean_history())
        assert connection.execute("select count(*) from ops.crime_changes").fetchone() == (0,)
        assert connection.execute(past).fetchone() == told


def test_without_airflow_a_part_that_fails_keeps_no_other_from_its_work(
    history, warehouse, monkeypatch, capsys
):
    monkeypatch.setenv("PATH", str(warehouse.landing))

    assert maintenance.main([]) == 1

    said = capsys.readouterr()
    assert "pg_dump of PostgreSQL 18" in said.err
    assert "History: removed" in said.out
    assert folders(warehouse) == {"whole", "after"}


def test_the_runbook_has_a_rule_for_every_table_of_ops(warehouse):
    with psycopg.connect(warehouse.owner_url) as connection:
        tables = {
            name for (name,) in connection.execute("select tablename from pg_tables where schemaname = 'ops'")
        }
    ruled = set(re.findall(r"^\| `ops\.(\w+)` \|", RUNBOOK.read_text(), re.MULTILINE))

    assert ruled == tables


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AUSTIN_CRIME_KEEP_DAYS", "0"),
        ("AUSTIN_CRIME_KEEP_DAYS", "-1"),
        ("AUSTIN_CRIME_KEEP_DAYS", "90 days"),
        ("AUSTIN_CRIME_KEEP_CHANGES_DAYS", "x"),
        ("AUSTIN_CRIME_KEEP_BACKUPS", "0"),
        ("AUSTIN_CRIME_BACKUP_URL", "ftp://elsewhere/backups"),
        ("AUSTIN_CRIME_BACKUP_URL", "data/landing/live/backups"),
        ("AUSTIN_CRIME_POSTGRES_PROGRAMS", "programs"),
    ],
)
def test_a_setting_that_could_delete_too_much_is_refused_before_anything_is_deleted(
    history, warehouse, monkeypatch, name, value
):
    before = folders(warehouse)
    if value.startswith("data/landing"):
        value = str(warehouse.landing / "backups")
    monkeypatch.setenv(name, value)

    for function in (maintenance.clean_landing, maintenance.clean_history, maintenance.back_up):
        with pytest.raises(errors.SettingError, match=name):
            function()

    assert folders(warehouse) == before
