"""Loads as people see them: every number is the real one."""

import re

import pytest

from austin_crime import config, nightly, steps
from austin_crime.errors import CheckBlocked
from austin_crime.pages import example, loads, stations
from austin_crime.pages.session import NotReady
from sample_portal.publisher import live, sent
from testing.load_by_step import start_load


def described(reader, load_id="latest"):
    with reader() as connection:
        return loads.describe(connection, load_id)


def numbers_in(sentence):
    return [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", sentence)]


def test_a_first_load_and_a_week_later_say_what_happened(reader, sample_portal, ask):
    total = sample_portal.report_count()
    nightly.run_nightly("first")
    first = described(reader)["stations"]
    live.pass_week(sample_portal.store, added=40, edited=60, removed=20)
    nightly.run_nightly("week")
    shown = described(reader, "week")
    week = shown["stations"]

    assert set(first) >= set(stations.SENTENCES) | {f"build_{name}" for name in config.AGGREGATES}
    assert first["publish"] == f"{total:,} added, 0 edited, 0 removed"
    assert first["settle_months"] == f"{total:,} of {total:,} reports equal to the city's"
    assert first["load_batch.extract"].startswith(f"{total:,} reports received")
    for table in config.AGGREGATES:
        assert numbers_in(week[f"build_{table}"]) == [ask(f"select count(*) from mart.{table}")[0][0]]
    [row] = ask(
        "select added_count, edited_count, removed_count, fetched_count, batch_count, skipped_month_count,"
        " topped_up_month_count + whole_month_count + vanished_month_count from ops.loads where load_id = 'week'"
    )
    added, edited, removed, fetched, batches, skipped, changed = row
    assert numbers_in(week["publish"]) == [added, edited, removed]
    assert numbers_in(week["plan_load"]) == [skipped + changed, changed]
    assert numbers_in(week["load_batch.extract"])[0] == fetched
    assert numbers_in(week["list_batches"])[0] <= batches
    assert numbers_in(week["settle_months"]) == [sample_portal.report_count()] * 2
    assert (week["anything_new"], week["gate"]) == ("Yes", "Open: nothing blocks")
    assert (
        numbers_in(week["check_load"])[1]
        == ask("select count(*) from ops.check_results where load_id = 'week'")[0][0]
    )
    assert shown["load"]["started_by"] == "python"


def test_an_unchanged_load_ends_after_the_plan(reader, sample_portal, first_load):
    nightly.run_nightly("quiet")
    shown = described(reader)

    assert shown["stations"].keys() == {"source_is_up", "plan_load", "anything_new"}
    assert shown["stations"]["anything_new"] == "No: the load ends here"
    assert shown["load"]["status"] == "unchanged"


def test_a_blocked_load_names_the_check_that_can_be_accepted(reader, sample_portal, first_load):
    live.remove_reports(sample_portal.store, "rep_date < '2012-01-01'")
    with pytest.raises(CheckBlocked):
        nightly.run_nightly("blocked")
    shown = described(reader)

    assert shown["stations"]["gate"].startswith("Closed by ")
    assert "publish" not in shown["stations"]
    [worst, *_] = shown["checks"]
    assert (worst["severity"], worst["status"], worst["is_acceptable"]) == ("block", "failed", True)


def test_a_running_and_a_failed_load_say_how_far_they_came(reader, sample_portal):
    start_load("running")
    running = described(reader)
    steps.fail_load("running", "The power went out.")
    failed = described(reader)

    assert running["stations"].keys() >= {"plan_load", "list_batches", "load_batch.extract"}
    assert running["stations"].keys() & {"settle_months", "check_load", "gate", "publish"} == set()
    assert (running["load"]["status"], running["load"]["finished_at"]) == ("running", None)
    assert running["load"]["seconds"] >= 0
    assert (failed["load"]["status"], failed["load"]["message"]) == ("failed", "The power went out.")
    assert failed["stations"] == running["stations"]


def test_the_next_attempt_of_a_load_forgets_the_files_of_the_one_before(reader, sample_portal, ask):
    start_load("again")
    steps.fail_load("again", "The power went out.")

    steps.plan_load("again")

    assert described(reader)["files"]["file_count"] == 0
    assert ask("select count(*) from ops.built_tables") == [(0,)]


@pytest.mark.parametrize("load_id", ["latest", "nothing", "' or true", "\u00df"])
def test_a_load_that_is_none_is_none(reader, load_id):
    assert described(reader, load_id) is None


def test_the_receipt_is_what_the_load_compared_and_received(reader, sample_portal, ask, first_load):
    with reader() as connection:
        receipt = loads.receipt(connection, "first")

    assert (
        receipt["group_count"]
        == receipt["equal_count"]
        == ask("select count(*) from ops.reconciliations")[0][0]
    )
    assert [file["sha256"] for file in receipt["files"]] == [
        row[0] for row in ask("select sha256 from ops.received_files order by batch_id")
    ]


def test_the_newest_reports_name_the_load_that_brought_them(reader, sample_portal, first_load):
    with reader() as connection:
        first = loads.newest_reports(connection)
    live.pass_week(sample_portal.store, added=40, edited=0, removed=0)
    nightly.run_nightly("week")
    with reader() as connection:
        newest = loads.newest_reports(connection)

    assert {report["load_id"] for report in first} == {"first"}
    assert {report["load_id"] for report in newest} == {"week"}
    assert [report["reported_at"] for report in newest] == sorted(
        (report["reported_at"] for report in newest), reverse=True
    )


def test_a_report_of_a_day_that_cannot_be_right_is_not_the_newest(reader, sample_portal):
    where = sample_portal.where(sample_portal.some_keys(1))
    for column in ("rep_date_time", "rep_date"):
        sent.send_as(sample_portal.store, where, column, '"9999-12-31T00:00:00.000"')
    nightly.run_nightly("first")

    with reader() as connection:
        newest = loads.newest_reports(connection)

    assert len(newest) == 5
    assert all(report["reported_at"].year < 9999 for report in newest)


def test_a_warehouse_without_its_status_says_what_to_do(reader, ask):
    ask("delete from mart.data_status returning 1")

    with reader() as connection, pytest.raises(NotReady, match="Start a load"):
        loads.status(connection)


def test_the_list_of_loads_begins_with_the_newest_and_is_short(reader, ask):
    ask(
        "insert into ops.loads (load_id, attempt, status, orchestrator, source_url, rules_version, parameters, started_at,"
        " last_seen_at) select n::text, 1, 'failed', 'python', 'http://portal', 1, '{}', now() + n * interval '1 h', now()"
        " from generate_series(1, 40) as n returning 1"
    )
    with reader() as connection:
        shown = loads.last_loads(connection)

    assert [load["load_id"] for load in shown] == [str(n) for n in range(40, 10, -1)]


def test_the_example_is_a_report_of_the_last_load_or_an_invented_one_once_its_files_are_gone(
    reader, sample_portal, warehouse
):
    def shown():
        with reader() as connection:
            return example.example(connection)

    before = shown()
    nightly.run_nightly("first")
    real = shown()
    for path in warehouse.landing.rglob("*.json.gz"):
        path.write_bytes(b"damaged")

    assert before["is_sample"]
    assert (real["is_sample"], real["load_id"]) == (False, "first")
    assert int(real["raw"]["incident_report_number"]) in sample_portal.reports()
    assert shown() == before == example.example(None)


@pytest.mark.parametrize("left_out", ["rep_date", "occ_date", "occ_time", "crime_type", "council_district"])
def test_the_example_says_of_what_a_report_lacks_that_it_is_unknown(monkeypatch, left_out):
    monkeypatch.delitem(example.SAMPLE, left_out)

    lines = " ".join(line for step in example.example(None)["steps"].values() for line in step)

    assert "None" not in lines
    assert "unknown" in lines or "without a district" in lines


def test_the_example_has_lines_for_every_step_of_the_dag():
    named = {
        *stations.SENTENCES,
        *(f"build_{name}" for name in config.AGGREGATES),
        "refresh_dashboards",
        "tell",
    }

    assert set(example.example(None)["steps"]) == named


@pytest.mark.parametrize(
    ("byte_count", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1_000, "1 kB"), (999_999, "1,000 kB"), (1_200_000, "1.2 MB")],
)
def test_sizes_are_written_for_people(byte_count, text):
    assert stations.size(byte_count) == text


@pytest.mark.parametrize(
    ("number", "text"), [(None, "0 months"), (1, "1 month"), (2_614_910, "2,614,910 months")]
)
def test_numbers_are_written_with_their_noun(number, text):
    assert stations.counted(number, "month") == text
