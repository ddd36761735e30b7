"""Replay: the landing alone gives the same tables again, whatever the portal went through; the portal is stopped."""

import json
import shutil
from datetime import date
from itertools import count
from types import SimpleNamespace

import psycopg
import pytest
from psycopg.rows import dict_row
from upath import UPath

from austin_crime import config, errors, nightly, replay, steps
from austin_crime.landing import files
from austin_crime.load import settle
from sample_portal.data.store import Store
from sample_portal.http import server
from sample_portal.publisher import live as portal_store

pytestmark = pytest.mark.slow

NUMBERS = count(1)
# In order; "blocked" and "quiet" are missing, for they published nothing.
CHAIN = ["first", "week", "rewrite", "rewrite-edits", "removal", "duplicates", "moving", "crashed"]
ACCEPTED = {"accept": ["reports_removed", "month_removed", "category_gone", "rejected_reports"]}
# What a replay does not bring back: when a check ran, and the words that tell of the replay.
LEFT_OUT = {
    "ops.check_results": {"checked_at"},
    "ops.loads": {"message", "last_seen_at"},
    "ops.received_files": {"received_at"},
    "ops.schema_migrations": {"applied_at"},
}


def tables_of(url):
    """Return the rows of every table of mart and ops, without those of loads that published nothing."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        names = connection.execute(
            "select table_schema || '.' || table_name as name from information_schema.tables"
            " where table_schema in ('mart', 'ops') and table_type = 'BASE TABLE'"
        ).fetchall()
        rows = {row["name"]: connection.execute(f"select * from {row['name']}").fetchall() for row in names}
    published = {row["load_id"] for row in rows["ops.loads"] if row["status"] == "published"}
    return {
        name: sorted(
            repr({k: v for k, v in row.items() if k not in LEFT_OUT.get(name, ())})
            for row in found
            if row.get("load_id") in published | {None}
        )
        for name, found in rows.items()
    }


def edit(store, reported, assignments="crime_type = 'EDITED'"):
    """Edit some reports of a year of report."""
    portal_store.edit_reports(store, f"year(rep_date) = {reported} and month(rep_date) < 4", assignments)


def remove(store, reported):
    portal_store.remove_reports(store, f"year(rep_date) = {reported}")


def move_while_read(store, patch):
    """Run a load while the portal moves reports, loses a month that was fetched, and edits again: two rounds of settling."""
    edit(store, 2018)
    edit(store, 2019)
    load = steps.plan_load("moving")
    portal_store.edit_reports(store, "year(rep_date) = 2018", "rep_date = rep_date + interval 2 months")
    for item in steps.list_batches(load):
        steps.load_batch(**item)
    portal_store.remove_reports(store, "date_trunc('month', rep_date) = timestamp '2019-02-01'")
    ask_months = settle.ask_months
    events = iter([lambda: None, lambda: edit(store, 2020)])

    def ask_after_an_event(*arguments):
        next(events, lambda: None)()
        return ask_months(*arguments)

    with patch.context() as moving:
        moving.setattr(settle, "ask_months", ask_after_an_event)
        assert steps.settle_months(load) == 3
    nightly.build_and_check(load)
    steps.publish(load)


def crash_and_run_again(store):
    """Run an attempt up to publishing, let the portal go on, and run the same load from its beginning."""
    edit(store, 2021)
    load = steps.plan_load("crashed")
    for item in steps.list_batches(load):
        steps.load_batch(**item)
    steps.settle_months(load)
    edit(store, 2022)
    assert nightly.run_nightly("crashed", ACCEPTED).attempt == 2


def live_through(store, patch):
    """Run the loads of a history, and yield the id of each that published."""
    nightly.run_nightly("first")
    yield "first"
    portal_store.add_reports(store, 40)
    edit(store, 2012)
    portal_store.remove_reports(store, "month(rep_date) = 5 and year(rep_date) in (2013, 2014)")
    nightly.run_nightly("week")
    yield "week"
    portal_store.rewrite_all(store)
    nightly.run_nightly("rewrite")
    yield "rewrite"
    portal_store.rewrite_all(store)
    edit(store, 2010)
    nightly.run_nightly("rewrite-edits")
    yield "rewrite-edits"
    remove(store, 2015)
    nightly.run_nightly("removal", ACCEPTED, started_by="a person")
    yield "removal"
    edit(store, 2005, "incident_report_number = null")
    edit(store, 2006, "incident_report_number = (select min(incident_report_number) from reports)")
    nightly.run_nightly("duplicates", ACCEPTED)
    yield "duplicates"
    move_while_read(store, patch)
    yield "moving"
    remove(store, 2016)
    with pytest.raises(errors.CheckBlocked):
        nightly.run_nightly("blocked")
    crash_and_run_again(store)
    yield "crashed"
    nightly.run_nightly("quiet")
    edit(store, 2023)
    nightly.run_nightly("full", {"full_reload": True})
    yield "full"
    edit(store, 2008)
    nightly.run_nightly("last")
    yield "last"


@pytest.fixture(scope="module")
def history(postgres, tmp_path_factory):
    """Return a landing, the tables after each published load, and the portal, which is stopped."""
    kept_in = tmp_path_factory.mktemp("history") / "landing"
    store = Store.generate(reports=3_000, seed=1, until=date(2024, 6, 1))
    owner_url, _ = postgres.create_warehouse(f"replayed_{next(NUMBERS)}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(config, "BATCH_ROWS", 1_000)
        patch.setenv("AUSTIN_CRIME_WAREHOUSE_URL", owner_url)
        patch.setenv("AUSTIN_CRIME_LANDING_URL", str(kept_in))
        patch.delenv("AUSTIN_CRIME_SUPERSET_URL", raising=False)
        with server.running(store) as url:
            patch.setenv("AUSTIN_CRIME_SOURCE_URL", url)
            tables = {load_id: tables_of(owner_url) for load_id in live_through(store, patch)}
    yield SimpleNamespace(landing=kept_in, tables=tables, store=store, portal_url=url)
    store.close()


@pytest.fixture
def empty(history, postgres, tmp_path, monkeypatch):
    """Return an empty database and a copy of the landing, which the settings name; the portal they name is closed."""
    url, _ = postgres.create_warehouse(f"replayed_{next(NUMBERS)}")
    copied_to = tmp_path / "landing"
    shutil.copytree(history.landing, copied_to)
    monkeypatch.setenv("AUSTIN_CRIME_WAREHOUSE_URL", url)
    monkeypatch.setenv("AUSTIN_CRIME_LANDING_URL", str(copied_to))
    monkeypatch.setenv("AUSTIN_CRIME_SOURCE_URL", "http://127.0.0.1:9")
    monkeypatch.delenv("AUSTIN_CRIME_SUPERSET_URL", raising=False)
    return SimpleNamespace(url=url, landing=copied_to)


def assert_same(tables, expected):
    for name in expected:
        assert tables[name] == expected[name], name


def is_untouched(url):
    with psycopg.connect(url) as connection:
        return connection.execute("select to_regclass('ops.loads') is null").fetchone() == (True,)


def test_every_load_is_replayed_into_the_same_tables_without_the_portal(history, empty):
    asked_before = history.store.request_count

    replayed = replay.replay(until="crashed")

    assert replayed == CHAIN
    assert_same(tables_of(empty.url), history.tables["crashed"])
    assert history.store.request_count == asked_before


def test_an_earlier_state_is_replayed_as_it_was(history, empty):
    replay.main(["--until", "rewrite-edits"])

    assert_same(tables_of(empty.url), history.tables["rewrite-edits"])


def test_a_replay_begins_with_the_last_load_that_fetched_everything(history, empty):
    assert replay.replay() == ["full", "last"]

    expected = history.tables["last"]
    # What happened before the first of them is not known then.
    since = {
        "ops.loads",
        "ops.crime_changes",
        "ops.month_changes",
        "ops.change_ages",
        "ops.check_results",
        "ops.reconciliations",
        "ops.column_profiles",
        "ops.received_files",
        "ops.built_tables",
    }
    tables = tables_of(empty.url)
    assert_same(tables, {name: rows for name, rows in expected.items() if name not in since})
    for name in ("ops.crime_changes", "ops.month_changes", "ops.change_ages"):
        assert tables[name] == [row for row in expected[name] if "'last'" in row]


def test_a_replay_brings_back_what_was_published_on_each_past_day(history, empty):
    replay.replay(until="crashed")

    with psycopg.connect(empty.url, row_factory=dict_row) as connection:
        for load_id in CHAIN:
            rows = connection.execute(
                "select counts.* from ops.loads cross join lateral mart.crimes_per_month_as_of_time(finished_at) as counts"
                " where load_id = %s",
                (load_id,),
            ).fetchall()
            then = history.tables[load_id]["mart.crimes_per_month"]
            assert sorted(repr(row) for row in rows) == then, load_id


def test_after_a_replay_nightly_loads_go_on(history, empty, monkeypatch):
    replay.replay()
    monkeypatch.setenv("AUSTIN_CRIME_SOURCE_URL", history.portal_url)
    with server.running(history.store, int(history.portal_url.rsplit(":", 1)[1])):
        nothing_new = nightly.run_nightly("quiet-again")
        before = tables_of(empty.url)
        edit(history.store, 2011)
        nightly.run_nightly("edited-again")
        nightly.run_nightly("whole-again", {"full_reload": True})

    assert nothing_new.has_work is False
    assert_same(
        {"mart.crimes": before["mart.crimes"]}, {"mart.crimes": history.tables["last"]["mart.crimes"]}
    )
    with psycopg.connect(empty.url) as connection:
        counts = connection.execute(
            "select added_count, edited_count > 0, removed_count from ops.loads where load_id = 'edited-again'"
            " union all select added_count, edited_count > 0, removed_count from ops.loads where load_id = 'whole-again'"
        ).fetchall()
    assert counts == [(0, True, 0), (0, False, 0)]


def test_a_load_whose_publishing_was_not_written_down_counts_if_another_builds_on_it(history, empty):
    for name in ("week", "rewrite"):
        (empty.landing / name / "1" / "published.json").unlink()
    for name in {path.name for path in empty.landing.iterdir()} - {"first", "week", "rewrite"}:
        shutil.rmtree(empty.landing / name)

    assert replay.replay() == ["first", "week"]

    assert_same(
        {"mart.crimes": tables_of(empty.url)["mart.crimes"]},
        {"mart.crimes": history.tables["week"]["mart.crimes"]},
    )


def test_damaged_and_missing_files_are_all_named_before_anything_is_written(history, empty):
    changed = empty.landing / "moving" / "1" / "batch-001.json.gz"
    changed.write_bytes(changed.read_bytes()[:-1] + b"!")
    missing = empty.landing / "crashed" / "2" / "boundaries.json"
    missing.unlink()

    with pytest.raises(errors.ReplayRefused, match="Missing or changed") as refusal:
        replay.replay(until="crashed")

    assert str(changed) in str(refusal.value)
    assert str(missing) in str(refusal.value)
    assert "--until duplicates" in str(refusal.value)
    assert is_untouched(empty.url)


@pytest.mark.parametrize("name", ["settled.json", "published.json"])
def test_a_record_that_was_tampered_with_is_named(history, empty, name):
    path = empty.landing / "week" / "1" / name
    content = json.loads(path.read_text())
    (content["content"].get("load") or content["content"])["load_id"] = "month"
    path.write_text(json.dumps(content))

    with pytest.raises(errors.ReplayRefused, match=f"Missing or changed: {path}"):
        replay.replay()

    assert is_untouched(empty.url)


def test_a_missing_link_is_named(history, empty):
    shutil.rmtree(empty.landing / "rewrite")

    with pytest.raises(
        SystemExit,
        match=r"Load rewrite-edits builds on load rewrite, and the landing .* has no record of that",
    ):
        replay.main(["--until", "crashed"])


@pytest.mark.parametrize("load_id", ["blocked", "never"])
def test_a_load_that_was_not_published_is_refused_with_those_that_were(history, empty, load_id):
    with pytest.raises(
        errors.ReplayRefused, match=f"no published load {load_id}.*newest first: last, full, crashed"
    ):
        replay.replay(until=load_id)


def test_a_warehouse_that_holds_anything_is_refused(history, empty):
    replay.replay(until="first")
    before = tables_of(empty.url)

    with pytest.raises(
        errors.ReplayRefused, match=r"The warehouse holds .* 1 loads: a replay needs an empty warehouse"
    ):
        replay.replay()

    assert tables_of(empty.url) == before


def test_a_load_that_does_not_come_out_as_settled_is_told_and_not_published(history, empty):
    path = empty.landing / "first" / "1" / "settled.json"
    content = files.read_sealed(path)
    content["months"][0]["portal_count"] += 1
    files.write_sealed(UPath(path), content)

    with pytest.raises(errors.ReplayDiffers, match="Load first was not replayed: months 2003-01 differ"):
        replay.replay(until="first")

    with psycopg.connect(empty.url) as connection:
        assert connection.execute("select status from ops.loads").fetchall() == [("failed",)]
        assert connection.execute("select count(*) from mart.crimes").fetchall() == [(0,)]


def test_a_load_that_counts_otherwise_than_it_did_is_warned_of(history, empty, caplog):
    path = empty.landing / "week" / "1" / "published.json"
    then = files.read_sealed(path)
    files.write_sealed(UPath(path), then | {"edited_count": 777})

    replay.replay(until="week")

    assert f"edited_count {then['edited_count']} instead of 777" in caplog.text


def test_a_landing_that_is_no_folder_is_replayed_too(sample_portal, warehouse, empty, bucket, monkeypatch):
    monkeypatch.setenv("AUSTIN_CRIME_SOURCE_URL", sample_portal.url)
    monkeypatch.setenv("AUSTIN_CRIME_LANDING_URL", f"s3://{bucket.name}/some/prefix")
    monkeypatch.setenv("AUSTIN_CRIME_WAREHOUSE_URL", warehouse.owner_url)
    nightly.run_nightly("elsewhere")
    monkeypatch.setenv("AUSTIN_CRIME_SOURCE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AUSTIN_CRIME_WAREHOUSE_URL", empty.url)

    replay.replay()

    assert_same(tables_of(empty.url), tables_of(warehouse.owner_url))
