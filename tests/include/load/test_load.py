"""Whole loads, from the sample portal over HTTP into a real warehouse: whatever the portal does, we end equal to it."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from austin_crime import config, errors, nightly, steps
from sample_portal.publisher import live as portal_store

LATER = datetime.now(UTC)


def test_a_first_load_ends_equal_to_the_portal(sample_portal, ask, first_load):
    assert ask.crimes() == sample_portal.reports()
    load = ask.last_load()
    assert load["status"] == "published"
    assert load["added_count"] == load["fetched_count"] == sample_portal.report_count()
    assert ask("select count(*) from ops.crime_changes") == [(0,)]
    assert ask("select bool_and(is_equal), count(distinct dimension) from ops.reconciliations") == [(True, 3)]
    assert ask(
        "select is_empty, is_sample, portal_report_count = report_count + rejected_count from mart.data_status"
    ) == [(False, True, True)]


def test_a_quiet_night_costs_at_most_three_requests(sample_portal, ask, first_load):
    requests_before = sample_portal.store.request_count

    nightly.run_nightly("quiet")

    assert sample_portal.store.request_count - requests_before <= 3
    assert ask.last_load()["status"] == "unchanged"


def test_edits_are_topped_up_and_their_old_and_new_values_kept(sample_portal, ask, first_load):
    keys = sample_portal.some_keys(2)
    portal_store.edit_reports(
        sample_portal.store, sample_portal.where(keys), "crime_type = 'EDITED'", updated_at=LATER
    )

    nightly.run_nightly("edits")

    assert ask.crimes() == sample_portal.reports()
    load = ask.last_load()
    assert (load["added_count"], load["edited_count"], load["removed_count"]) == (0, 2, 0)
    assert load["fetched_count"] < sample_portal.report_count() / 10
    changes = ask(
        "select incident_id, change, differences from ops.crime_changes where load_id = 'edits' order by 1"
    )
    assert [
        (key, change, list(differences), differences["crime_type"]["new"])
        for key, change, differences in changes
    ] == [(key, "edited", ["crime_type"], "EDITED") for key in keys]


def test_new_reports_are_added(sample_portal, ask, first_load):
    portal_store.add_reports(sample_portal.store, 25, updated_at=LATER)

    nightly.run_nightly("grown")

    assert ask.crimes() == sample_portal.reports()
    assert ask.last_load()["added_count"] == 25


def test_removed_reports_are_found_without_any_newer_stamp(sample_portal, ask, first_load):
    gone = sample_portal.some_keys(3)
    portal_store.remove_reports(sample_portal.store, sample_portal.where(gone))

    nightly.run_nightly("shrunk")

    assert ask.crimes() == sample_portal.reports()
    assert ask.last_load()["removed_count"] == 3
    removed = ask(
        "select incident_id, differences ? 'crime_type' from ops.crime_changes where change = 'removed' order by 1"
    )
    assert removed == [(key, True) for key in gone]


def test_a_report_that_moves_to_another_month_is_there_once(sample_portal, ask, first_load):
    moved = sample_portal.some_keys(2)
    portal_store.edit_reports(
        sample_portal.store, sample_portal.where(moved), "rep_date = timestamp '2016-03-04'", updated_at=LATER
    )

    nightly.run_nightly("moved")

    assert ask.crimes() == sample_portal.reports()
    assert ask(
        "select count(*) from mart.crimes where source_month = '2016-03-01' and incident_id = any(%s)", moved
    ) == [(2,)]


def test_a_report_that_loses_its_date_moves_to_the_month_without_one(sample_portal, ask, first_load):
    dateless = sample_portal.some_keys(1)
    portal_store.edit_reports(
        sample_portal.store, sample_portal.where(dateless), "rep_date = null", updated_at=LATER
    )

    nightly.run_nightly("dateless")
    nightly.run_nightly("quiet")

    assert ask.crimes() == sample_portal.reports()
    assert ask("select source_month from mart.crimes where incident_id = any(%s)", dateless) == [(None,)]
    assert ask.last_load()["status"] == "unchanged"


def test_a_rewrite_that_changes_no_content_writes_no_row_of_mart_and_no_line_of_changes(
    sample_portal, ask, first_load
):
    [key] = sample_portal.some_keys(1)
    portal_store.edit_reports(
        sample_portal.store, sample_portal.where([key]), "crime_type = 'EDITED'", updated_at=LATER
    )
    nightly.run_nightly("edit")
    before = ask.places()
    # But for the status, which says when.
    kept = [name for name in before if before[name] and re.fullmatch(r"mart\.(?!data_status).+", name)]
    kept += ["ops.crime_changes"]
    portal_store.rewrite_all(sample_portal.store, updated_at=LATER + timedelta(days=1))

    nightly.run_nightly("rewrite")

    load = ask.last_load()
    assert (load["status"], load["fetched_count"]) == ("published", sample_portal.report_count())
    assert len(kept) > len(config.AGGREGATES)
    assert before["ops.crime_changes"]
    after = ask.places()
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}


def test_edits_are_found_when_the_rewrite_that_brings_them_follows_another_rewrite(
    sample_portal, ask, first_load
):
    portal_store.rewrite_all(sample_portal.store)
    nightly.run_nightly("rewrite")
    portal_store.rewrite_all(sample_portal.store)
    stamp = sample_portal.store.newest_stamp()
    edited = sample_portal.where(sample_portal.some_keys(2))
    portal_store.edit_reports(sample_portal.store, edited, "crime_type = 'EDITED'", updated_at=stamp)

    nightly.run_nightly("again")

    assert ask.crimes() == sample_portal.reports()
    assert ask.last_load()["edited_count"] == 2


def test_after_a_rewrite_edits_and_removals_are_still_found(sample_portal, ask, first_load):
    portal_store.rewrite_all(sample_portal.store, updated_at=LATER)
    nightly.run_nightly("rewrite")
    edited, gone = sample_portal.some_keys(4)[:2], sample_portal.some_keys(4)[2:]
    portal_store.edit_reports(
        sample_portal.store,
        sample_portal.where(edited),
        "crime_type = 'EDITED'",
        updated_at=datetime(2030, 1, 2, tzinfo=UTC),
    )
    portal_store.remove_reports(sample_portal.store, sample_portal.where(gone))

    nightly.run_nightly("after")

    assert ask.crimes() == sample_portal.reports()
    load = ask.last_load()
    assert (load["edited_count"], load["removed_count"]) == (2, 2)


def test_a_vanished_month_blocks_until_a_person_accepts_it(sample_portal, ask, first_load):
    before = ask.crimes()
    portal_store.remove_reports(sample_portal.store, "date_trunc('year', rep_date) = timestamp '2015-01-01'")

    with pytest.raises(errors.CheckBlocked, match="accept = reports_removed"):
        nightly.run_nightly("vanished")

    assert ask.crimes() == before
    blocked = ask.last_load()
    assert blocked["status"] == "blocked"
    assert "reports_removed" in blocked["message"]

    nightly.run_nightly(
        "accepted",
        {"accept": ["reports_removed", "month_removed", "category_gone"]},
        started_by="a person",
    )

    assert ask.crimes() == sample_portal.reports()
    assert ask(
        "select status, accepted_by from ops.check_results where check_name = 'reports_removed' and load_id = 'accepted'"
    ) == [("accepted", "a person")]


def test_of_two_rows_with_one_key_the_newer_is_published_and_the_other_rejected(
    sample_portal, ask, first_load
):
    kept, doubled = sample_portal.some_keys(2)
    portal_store.edit_reports(
        sample_portal.store,
        sample_portal.where([kept]),
        f"incident_report_number = '{doubled}', crime_type = 'DUPLICATE'",
        updated_at=LATER,
    )

    nightly.run_nightly("duplicates")

    assert ask("select crime_type from mart.crimes where incident_id = %s", doubled) == [("DUPLICATE",)]
    assert ask("select count(*) from mart.crimes where incident_id = %s", kept) == [(0,)]
    assert ask("select incident_id, reason from ops.rejects") == [(doubled, "duplicate_key")]

    portal_store.remove_reports(sample_portal.store, "crime_type = 'DUPLICATE'")
    nightly.run_nightly("single again")

    assert ask.crimes() == sample_portal.reports()
    assert ask("select count(*) from ops.rejects") == [(0,)]


def test_reports_without_a_key_are_rejected_with_their_raw_json_and_counted(sample_portal, ask):
    keyless = sample_portal.some_keys(1)
    portal_store.edit_reports(
        sample_portal.store, sample_portal.where(keyless), "incident_report_number = null", updated_at=LATER
    )

    nightly.run_nightly("first")

    [(reason, raw)] = ask("select reason, raw from ops.rejected_reports")
    assert reason == "missing_key"
    assert raw["crime_type"]
    assert ask("select rejected_count, portal_report_count - report_count from mart.data_status") == [(1, 1)]
    assert ask.crimes() == sample_portal.reports()


def test_a_full_reload_fetches_everything_and_changes_nothing(sample_portal, ask, first_load):
    nightly.run_nightly("full", {"full_reload": True})

    load = ask.last_load()
    assert load["fetched_count"] == sample_portal.report_count()
    assert (load["added_count"], load["edited_count"], load["removed_count"]) == (0, 0, 0)


def test_wanted_months_are_fetched_and_the_rest_stays(sample_portal, ask, first_load):
    nightly.run_nightly("some", {"first_month": "2015-01", "last_month": "2015-12"})

    load = ask.last_load()
    assert load["fetched_count"] == sum(
        report[4].startswith("2015-") for report in sample_portal.reports().values()
    )
    assert ask.crimes() == sample_portal.reports()


def test_tables_emptied_by_hand_are_filled_again(sample_portal, ask, first_load):
    ask("with gone as (delete from mart.crimes returning 1) select count(*) from gone")

    nightly.run_nightly("again")

    assert ask.crimes() == sample_portal.reports()


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


def test_a_portal_without_reports_is_an_error_even_when_reports_are_held(sample_portal, ask, first_load):
    before = ask.crimes()
    portal_store.remove_reports(sample_portal.store, "true")

    with pytest.raises(errors.Contradiction, match="The portal has no reports at all"):
        nightly.run_nightly("nothing", {"accept": ["reports_removed", "month_removed", "category_gone"]})

    assert ask.crimes() == before


def test_a_range_of_months_that_the_portal_does_not_have_is_refused(sample_portal, ask, first_load):
    with pytest.raises(ValueError, match="the portal has no month between these"):
        nightly.run_nightly("never", {"first_month": "1990-01", "last_month": "1990-12"})
