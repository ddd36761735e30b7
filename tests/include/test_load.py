"""Whole loads, from the sample portal over HTTP into a real warehouse, without an orchestrator."""

import json
from datetime import UTC, datetime

import psycopg
import pytest
import requests
from psycopg.rows import dict_row

from austin_crime import check, config, extract, loads, nightly, portal, publish, settle, steps
from sample_portal import store as portal_store

LATER = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def ask(warehouse):
    """Return a function that asks the warehouse and returns rows as tuples."""
    with psycopg.connect(warehouse.owner_url, autocommit=True) as connection:
        yield lambda query, *values: connection.execute(query, values).fetchall()


def at_the_portal(portal):
    """Return what the portal has by key, read by a client of its own: (crime type, place, status, day, month)."""
    params = {"$limit": "100000", "$order": ":id", "$where": "incident_report_number is not null"}
    reports = requests.get(f"{portal.url}/resource/fdj4-gpfu.json", params=params, timeout=60).json()
    return {int(report["incident_report_number"]): described(report) for report in reports}


def described(report):
    return (
        report.get("crime_type"),
        report.get("location_type"),
        report.get("clearance_status"),
        report["occ_date"][:10],
        report.get("rep_date", "")[:10],
    )


def in_the_warehouse(ask):
    rows = ask(
        "select incident_id, crime_type, location_type, clearance_status, occurred_date::text,"
        " coalesce(reported_date::text, '') from mart.crimes"
    )
    return {row[0]: row[1:] for row in rows}


def last_load(ask):
    columns = (
        "load_id, status, fetched_count, added_count, edited_count, removed_count, rejected_count, message"
    )
    row = ask(f"select {columns} from ops.loads order by started_at desc limit 1")[0]
    return dict(zip(columns.split(", "), row, strict=True))


def some_keys(portal, number, month="2015-"):
    """Return keys of reports of a year."""
    keys = [key for key, report in sorted(at_the_portal(portal).items()) if report[4].startswith(month)]
    assert len(keys) >= number
    return keys[:number]


def where_keys(keys):
    return "incident_report_number in ({})".format(", ".join(f"'{key}'" for key in keys))


def test_a_first_load_ends_equal_to_the_portal(sample_portal, ask):
    nightly.run_nightly("first")

    assert in_the_warehouse(ask) == at_the_portal(sample_portal)
    load = last_load(ask)
    assert load["status"] == "published"
    assert load["added_count"] == load["fetched_count"] == sample_portal.report_count()
    assert ask("select count(*) from ops.crime_changes") == [(0,)]
    assert ask("select bool_and(is_equal), count(distinct dimension) from ops.reconciliations") == [(True, 3)]
    assert ask(
        "select is_empty, is_sample, portal_report_count = report_count + rejected_count from mart.data_status"
    ) == [(False, True, True)]


def test_a_quiet_night_costs_at_most_three_requests_and_writes_one_row(sample_portal, ask):
    nightly.run_nightly("first")
    before = (
        ask("select max(xmin::text::bigint) from mart.crimes"),
        ask("select count(*) from ops.check_results"),
    )
    requests_before = sample_portal.store.request_count

    nightly.run_nightly("quiet")

    assert sample_portal.store.request_count - requests_before <= 3
    assert last_load(ask)["status"] == "unchanged"
    assert before == (
        ask("select max(xmin::text::bigint) from mart.crimes"),
        ask("select count(*) from ops.check_results"),
    )


def test_edits_are_topped_up_and_their_old_and_new_values_kept(sample_portal, ask):
    nightly.run_nightly("first")
    keys = some_keys(sample_portal, 2)
    portal_store.edit_reports(
        sample_portal.store, where_keys(keys), "crime_type = 'EDITED'", updated_at=LATER
    )

    nightly.run_nightly("edits")

    assert in_the_warehouse(ask) == at_the_portal(sample_portal)
    load = last_load(ask)
    assert (load["added_count"], load["edited_count"], load["removed_count"]) == (0, 2, 0)
    assert load["fetched_count"] < sample_portal.report_count() / 10
    changes = ask(
        "select incident_id, change, differences from ops.crime_changes where load_id = 'edits' order by 1"
    )
    assert [
        (key, change, list(differences), differences["crime_type"]["new"])
        for key, change, differences in changes
    ] == [(key, "edited", ["crime_type"], "EDITED") for key in keys]


def test_new_reports_are_added(sample_portal, ask):
    nightly.run_nightly("first")
    portal_store.add_reports(sample_portal.store, 25, updated_at=LATER)

    nightly.run_nightly("grown")

    assert in_the_warehouse(ask) == at_the_portal(sample_portal)
    assert last_load(ask)["added_count"] == 25


def test_removed_reports_are_found_without_any_newer_stamp(sample_portal, ask):
    nightly.run_nightly("first")
    gone = some_keys(sample_portal, 3)
    portal_store.remove_reports(sample_portal.store, where_keys(gone))

    nightly.run_nightly("shrunk")

    assert in_the_warehouse(ask) == at_the_portal(sample_portal)
    assert last_load(ask)["removed_count"] == 3
    removed = ask(
        "select incident_id, differences ? 'crime_type' from ops.crime_changes where change = 'removed' order by 1"
    )
    assert removed == [(key, True) for key in gone]


def test_a_report_that_moves_to_another_month_is_there_once(sample_portal, ask):
    nightly.run_nightly("first")
    moved = some_keys(sample_portal, 2)
    portal_store.edit_reports(
        sample_portal.store, where_keys(moved), "rep_date = timestamp '2016-03-04'", updated_at=LATER
    )

    nightly.run_nightly("moved")

    assert in_the_warehouse(ask) == at_the_portal(sample_portal)
    assert ask(
        "select count(*) from mart.crimes where source_month = '2016-03-01' and incident_id = any(%s)", moved
    ) == [(2,)]


def test_a_report_that_loses_its_date_moves_to_the_month_without_one(sample_portal, ask):
    nightly.run_nightly("first")
    dateless = some_keys(sample_portal, 1)
    portal_store.edit_reports(sample_portal.store, where_keys(dateless), "rep_date = null", updated_at=LATER)

    nightly.run_nightly("dateless")
    nightly.run_nightly("quiet")

    assert in_the_warehouse(ask) == at_the_portal(sample_portal)
    assert ask("select source_month from mart.crimes where incident_id = any(%s)", dateless) == [(None,)]
    assert last_load(ask)["status"] == "unchanged"


def test_a_rewrite_that_changes_no_content_writes_no_row_of_mart_and_no_line_of_changes(sample_portal, ask):
    nightly.run_nightly("first")
    before = ask("select incident_id, xmin::text, ctid::text from mart.crimes order by 1")
    portal_store.rewrite_all(sample_portal.store, updated_at=LATER)

    nightly.run_nightly("rewrite")

    load = last_load(ask)
    assert (load["status"], load["fetched_count"]) == ("published", sample_portal.report_count())
    assert ask("select incident_id, xmin::text, ctid::text from mart.crimes order by 1") == before
    assert ask("select count(*) from ops.crime_changes") == [(0,)]


def test_after_a_rewrite_edits_and_removals_are_still_found(sample_portal, ask):
    nightly.run_nightly("first")
    portal_store.rewrite_all(sample_portal.store, updated_at=LATER)
    nightly.run_nightly("rewrite")
    edited, gone = some_keys(sample_portal, 4)[:2], some_keys(sample_portal, 4)[2:]
    portal_store.edit_reports(
        sample_portal.store,
        where_keys(edited),
        "crime_type = 'EDITED'",
        updated_at=datetime(2030, 1, 2, tzinfo=UTC),
    )
    portal_store.remove_reports(sample_portal.store, where_keys(gone))

    nightly.run_nightly("after")

    assert in_the_warehouse(ask) == at_the_portal(sample_portal)
    load = last_load(ask)
    assert (load["edited_count"], load["removed_count"]) == (2, 2)


def test_a_vanished_month_blocks_until_a_person_accepts_it(sample_portal, ask):
    nightly.run_nightly("first")
    before = in_the_warehouse(ask)
    portal_store.remove_reports(sample_portal.store, "date_trunc('year', rep_date) = timestamp '2015-01-01'")

    with pytest.raises(check.CheckBlocked, match="accept = reports_removed"):
        nightly.run_nightly("vanished")

    assert in_the_warehouse(ask) == before
    blocked = last_load(ask)
    assert blocked["status"] == "blocked"
    assert "reports_removed" in blocked["message"]

    nightly.run_nightly(
        "accepted",
        {"accept": ["reports_removed", "month_removed", "category_gone"]},
        started_by="a person",
    )

    assert in_the_warehouse(ask) == at_the_portal(sample_portal)
    assert ask(
        "select status, accepted_by from ops.check_results where check_name = 'reports_removed' and load_id = 'accepted'"
    ) == [("accepted", "a person")]


def test_of_two_rows_with_one_key_the_newer_is_published_and_the_other_rejected(sample_portal, ask):
    nightly.run_nightly("first")
    kept, doubled = some_keys(sample_portal, 2)
    portal_store.edit_reports(
        sample_portal.store,
        where_keys([kept]),
        f"incident_report_number = '{doubled}', crime_type = 'TWIN'",
        updated_at=LATER,
    )

    nightly.run_nightly("twins")

    assert ask("select crime_type from mart.crimes where incident_id = %s", doubled) == [("TWIN",)]
    assert ask("select count(*) from mart.crimes where incident_id = %s", kept) == [(0,)]
    assert ask("select incident_id, reason from ops.rejects") == [(doubled, "duplicate_key")]

    portal_store.remove_reports(sample_portal.store, "crime_type = 'TWIN'")
    nightly.run_nightly("single again")

    assert in_the_warehouse(ask) == at_the_portal(sample_portal)
    assert ask("select count(*) from ops.rejects") == [(0,)]


def test_reports_without_a_key_are_rejected_with_their_raw_json_and_counted(sample_portal, ask):
    keyless = some_keys(sample_portal, 1)
    portal_store.edit_reports(
        sample_portal.store, where_keys(keyless), "incident_report_number = null", updated_at=LATER
    )

    nightly.run_nightly("first")

    [(reason, raw)] = ask("select reason, raw from ops.rejected_reports")
    assert reason == "missing_key"
    assert raw["crime_type"]
    assert ask("select rejected_count, portal_report_count - report_count from mart.data_status") == [(1, 1)]
    assert in_the_warehouse(ask) == at_the_portal(sample_portal)


def start_load(load_id):
    """Run a load up to settling."""
    load = steps.plan_load(load_id)
    for item in steps.list_batches(load):
        extract.fetch_batch(item["batch"], steps.folder_of(load))
        steps.clean_and_stage(item["batch"], load)
    return load


def finish_load(load):
    """Run what follows settling."""
    for table in config.AGGREGATES:
        steps.build_aggregate(table)
    steps.check_load(load)
    steps.pass_gate(load)
    return steps.publish(load)


def test_months_that_change_while_we_read_are_fetched_again(sample_portal, ask):
    load = start_load("moving")
    keys = some_keys(sample_portal, 4)
    portal_store.edit_reports(
        sample_portal.store, where_keys(keys[:2]), "crime_type = 'EDITED'", updated_at=LATER
    )
    portal_store.remove_reports(sample_portal.store, where_keys(keys[2:]))

    rounds = steps.settle_months(load)
    finish_load(load)

    assert rounds == 2
    assert in_the_warehouse(ask) == at_the_portal(sample_portal)


def test_what_an_unlogged_table_lost_is_staged_again_from_the_landing(sample_portal, ask):
    load = start_load("crashed")
    ask("with gone as (delete from staging.crimes returning 1) select count(*) from gone")
    requests_before = sample_portal.store.request_count

    steps.settle_months(load)
    requests_of_settling = sample_portal.store.request_count - requests_before
    finish_load(load)

    # The portal's counts in three dimensions and its months; no report is asked for again.
    assert requests_of_settling == 4
    assert in_the_warehouse(ask) == at_the_portal(sample_portal)


def test_publishing_refuses_staged_rows_that_are_not_all_there(sample_portal, ask):
    load = start_load("lost")
    steps.settle_months(load)
    for table in config.AGGREGATES:
        steps.build_aggregate(table)
    steps.check_load(load)
    ask(
        "with gone as (delete from staging.crimes where incident_id in (select max(incident_id) from staging.crimes) returning 1) select 1"
    )

    with pytest.raises(publish.StagingIncomplete, match="trigger a new run"):
        steps.publish(load)

    assert in_the_warehouse(ask) == {}


def test_publishing_twice_is_publishing_once(sample_portal, ask):
    load = start_load("twice")
    steps.settle_months(load)
    said = finish_load(load)

    assert steps.publish(load) == said
    assert in_the_warehouse(ask) == at_the_portal(sample_portal)


def test_a_second_load_is_refused_by_the_name_of_the_first(sample_portal, ask):
    steps.plan_load("one", orchestrator="airflow")

    with pytest.raises(loads.LoadRefused, match=r"Load one \(airflow\) is running .* one load at a time"):
        steps.plan_load("two")

    assert ask("select load_id, status from ops.loads") == [("one", "running")]


def test_a_load_without_a_sign_of_life_is_abandoned_and_its_steps_stop(sample_portal, ask):
    first = start_load("silent")
    ask("update ops.loads set last_seen_at = now() - interval '31 minutes' returning 1")

    nightly.run_nightly("next")

    assert dict(ask("select load_id, status from ops.loads")) == {"silent": "abandoned", "next": "published"}
    with pytest.raises(loads.LoadRefused, match="trigger a new run"):
        steps.settle_months(first)


def test_a_failed_load_frees_the_slot_and_says_why(sample_portal, ask):
    load = steps.plan_load("failing")
    steps.fail_load(load["load_id"], "extract: PortalAnswer: it broke")

    nightly.run_nightly("next")

    assert ask("select status, message from ops.loads where load_id = 'failing'") == [
        ("failed", "extract: PortalAnswer: it broke")
    ]
    assert last_load(ask)["status"] == "published"


def test_a_warehouse_belongs_to_one_portal(sample_portal, ask, monkeypatch):
    nightly.run_nightly("first")
    monkeypatch.setenv("AUSTIN_CRIME_SOURCE_URL", "http://127.0.0.1:9")

    with pytest.raises(loads.LoadRefused, match="a warehouse belongs to one portal"):
        steps.plan_load("other")


def test_a_full_reload_fetches_everything_and_changes_nothing(sample_portal, ask):
    nightly.run_nightly("first")

    nightly.run_nightly("full", {"full_reload": True})

    load = last_load(ask)
    assert load["fetched_count"] == sample_portal.report_count()
    assert (load["added_count"], load["edited_count"], load["removed_count"]) == (0, 0, 0)


def test_wanted_months_are_fetched_and_the_rest_stays(sample_portal, ask):
    nightly.run_nightly("first")

    nightly.run_nightly("some", {"first_month": "2015-01", "last_month": "2015-12"})

    load = last_load(ask)
    assert load["fetched_count"] == sum(
        report[4].startswith("2015-") for report in at_the_portal(sample_portal).values()
    )
    assert in_the_warehouse(ask) == at_the_portal(sample_portal)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"first_month": "May 2024"}, "expected a month such as 2024-05"),
        ({"accept": ["keys_unique"]}, "accept names keys_unique"),
        ({"full": True}, "parameters full: expected"),
        ({"first_month": "2016-01", "last_month": "2015-01"}, "is after last_month"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused_before_anything_starts(
    warehouse, ask, parameters, message
):
    with pytest.raises(ValueError, match=message):
        steps.plan_load("wrong", parameters)

    assert ask("select count(*) from ops.loads") == [(0,)]


def test_tables_emptied_by_hand_are_filled_again(sample_portal, ask):
    nightly.run_nightly("first")
    ask("with gone as (delete from mart.crimes returning 1) select count(*) from gone")

    nightly.run_nightly("again")

    assert in_the_warehouse(ask) == at_the_portal(sample_portal)


def test_new_cleaning_rules_clean_every_report_again(sample_portal, ask, monkeypatch):
    nightly.run_nightly("first")
    monkeypatch.setattr("austin_crime.contract.RULES_VERSION", 99)

    nightly.run_nightly("rules")

    assert last_load(ask)["fetched_count"] == sample_portal.report_count()


def test_the_landing_keeps_what_was_heard(sample_portal, warehouse):
    load = nightly.run_nightly("first")

    folder = steps.folder_of(load)
    names = {path.name for path in folder.iterdir()}
    assert {
        "metadata.json",
        "plan.json",
        "boundaries.json",
        "portal_counts.json",
        "batch-001.json.gz",
    } <= names
    assert json.loads((folder / "metadata.json").read_text())["tags"]
    assert not [name for name in names if name.endswith(".part")]


def test_a_rejected_app_token_is_done_without(sample_portal, ask, monkeypatch, caplog):
    monkeypatch.setenv("AUSTIN_CRIME_APP_TOKEN", "not-a-token-of-this-portal")

    nightly.run_nightly("first")

    assert last_load(ask)["status"] == "published"
    assert "rejects AUSTIN_CRIME_APP_TOKEN" in caplog.text


def test_readers_in_one_transaction_never_see_aggregates_that_disagree(sample_portal, warehouse):
    nightly.run_nightly("first")
    portal_store.add_reports(sample_portal.store, 25, updated_at=LATER)
    with psycopg.connect(warehouse.reader_url, row_factory=dict_row) as reader:
        reader.execute("set transaction isolation level repeatable read")
        before = reader.execute("select count(*) as n from mart.crimes").fetchone()["n"]
        nightly.run_nightly("grown")
        sums = {
            table: reader.execute(f"select sum(report_count) as n from mart.{table}").fetchone()["n"]
            for table in config.AGGREGATES
        }

    assert set(sums.values()) == {before}


def test_a_portal_that_changes_between_plan_and_fetch_costs_a_round_and_no_load(sample_portal, ask):
    load = steps.plan_load("changing")
    portal_store.add_reports(sample_portal.store, 5, updated_at=LATER)
    for item in steps.list_batches(load):
        extract.fetch_batch(item["batch"], steps.folder_of(load))
        steps.clean_and_stage(item["batch"], load)

    steps.settle_months(load)
    finish_load(load)

    assert in_the_warehouse(ask) == at_the_portal(sample_portal)


def test_a_portal_that_never_comes_to_rest_fails_the_load_with_its_months(sample_portal, ask, monkeypatch):
    load = start_load("restless")
    moves = iter(range(2015, 2030))
    ask_months = settle.ask_months

    def ask_moving():
        portal_store.edit_reports(
            sample_portal.store,
            where_keys(some_keys(sample_portal, 1, f"{next(moves)}-")),
            "crime_type = 'MOVING'",
            updated_at=LATER,
        )
        return ask_months()

    monkeypatch.setattr(settle, "ask_months", ask_moving)

    with pytest.raises(settle.PortalMoved, match="The portal changed while we read"):
        steps.settle_months(load)

    assert in_the_warehouse(ask) == {}


def test_a_portal_without_reports_is_an_error_even_when_reports_are_held(sample_portal, ask):
    nightly.run_nightly("first")
    before = in_the_warehouse(ask)
    portal_store.remove_reports(sample_portal.store, "true")

    with pytest.raises(portal.PortalAnswer, match="the portal has none"):
        nightly.run_nightly("nothing", {"accept": ["reports_removed", "month_removed", "category_gone"]})

    assert in_the_warehouse(ask) == before


def test_a_range_of_months_that_the_portal_does_not_have_is_refused(sample_portal, ask):
    nightly.run_nightly("first")

    with pytest.raises(ValueError, match="the portal has no month between these"):
        nightly.run_nightly("never", {"first_month": "1990-01", "last_month": "1990-12"})


def test_every_answer_of_the_portal_is_a_sign_of_life(sample_portal, ask):
    load = start_load("alive")
    ask("update ops.loads set last_seen_at = now() - interval '20 minutes' returning 1")

    steps.settle_months(load)

    assert ask("select last_seen_at > now() - interval '1 minute' from ops.loads") == [(True,)]


def test_no_transaction_is_open_while_the_portal_is_asked(sample_portal, ask, monkeypatch):
    open_transactions = []
    send = portal.send

    def send_and_look(*args):
        open_transactions.extend(
            ask(
                "select query from pg_stat_activity where datname = current_database() and state = 'idle in transaction'"
            )
        )
        return send(*args)

    monkeypatch.setattr(portal, "send", send_and_look)

    nightly.run_nightly("first")
    nightly.run_nightly("full", {"full_reload": True})

    assert open_transactions == []


def test_an_attempt_after_a_blocked_one_is_not_called_blocked_for_its_findings(sample_portal, ask):
    nightly.run_nightly("first")
    portal_store.remove_reports(sample_portal.store, "date_trunc('year', rep_date) = timestamp '2015-01-01'")
    with pytest.raises(check.CheckBlocked):
        nightly.run_nightly("again")

    steps.plan_load("again")
    steps.fail_load("again", "extract: it broke")

    assert ask("select status, message from ops.loads where load_id = 'again'") == [
        ("failed", "extract: it broke")
    ]


def test_publishing_leaves_nothing_for_the_next_load_to_lose(sample_portal, ask, monkeypatch):
    load = start_load("first")
    steps.settle_months(load)
    refresh_statistics = publish.refresh_statistics

    def start_another(connection):
        steps.plan_load("next", {"full_reload": True})
        refresh_statistics(connection)

    monkeypatch.setattr(publish, "refresh_statistics", start_another)

    finish_load(load)

    assert ask("select count(*) > 0 from staging.batches") == [(True,)]


def test_a_refresh_that_fails_warns_and_says_so(monkeypatch, caplog):
    monkeypatch.setenv("AUSTIN_CRIME_SUPERSET_URL", "http://127.0.0.1:9")
    monkeypatch.delenv("AUSTIN_CRIME_SUPERSET_REFRESH_USER", raising=False)

    said = steps.refresh_dashboards()

    assert said.startswith("not refreshed")
    assert "was not refreshed" in caplog.text
