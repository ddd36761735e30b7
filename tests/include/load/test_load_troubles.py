"""Whole loads in front of trouble: tables emptied by hand, stale replicas, half uploads, other forms, another load."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from austin_crime import errors, nightly, steps
from sample_portal.data.store import Store
from sample_portal.faults import Fault
from sample_portal.http import server
from sample_portal.publisher import live
from testing.load_by_step import finish_load

INCLUDE = Path(__file__).parents[3] / "include"
REJECTS = "select source_row_id, reason, incident_id, source_month, raw from ops.rejected_reports order by 1"
MONTHS = "select source_month, portal_report_count, newest_updated_at, newest_count from ops.source_months order by 1"


@pytest.mark.parametrize("table", ["mart.crimes", "ops.rejected_reports", "ops.source_months"])
def test_a_table_emptied_by_hand_is_filled_again(sample_portal, ask, table):
    live.drop_keys(sample_portal.store, 3)
    live.double_keys(sample_portal.store, 2)
    nightly.run_nightly("first")
    before = ask.crimes(), ask(REJECTS), ask(MONTHS)
    ask(f"with gone as (delete from {table} returning 1) select count(*) from gone")

    nightly.run_nightly("again")

    assert (ask.crimes(), ask(REJECTS), ask(MONTHS)) == before
    assert len(before[1]) == 5


def test_rejects_emptied_by_hand_are_missed_even_when_as_many_reports_left_the_portal(sample_portal, ask):
    key, gone = sample_portal.some_keys(2)
    live.edit_reports(sample_portal.store, sample_portal.where([key]), "incident_report_number = null")
    nightly.run_nightly("first")
    ask("with gone as (delete from ops.rejected_reports returning 1) select count(*) from gone")
    live.remove_reports(sample_portal.store, sample_portal.where([gone]))

    nightly.run_nightly("again")

    assert gone not in ask.crimes()
    assert ask("select reason from ops.rejects") == [("missing_key",)]


def test_a_held_report_that_loses_its_key_is_rejected_as_the_portal_has_it(sample_portal, ask, first_load):
    live.rewrite_all(sample_portal.store)
    nightly.run_nightly("rewrite")
    [key] = live.double_keys(sample_portal.store, 1)
    duplicates = sample_portal.store.execute(
        'select ":id", crime_type from reports where incident_report_number = ? order by ":updated_at"', [key]
    )

    nightly.run_nightly("duplicates")

    [(row_id, reason, rejected, _, raw)] = ask(REJECTS)
    assert (row_id, reason, rejected) == (duplicates[0][0], "duplicate_key", key)
    assert (raw[":id"], raw["incident_report_number"], raw.get("crime_type")) == (
        row_id,
        str(key),
        duplicates[0][1],
    )
    assert ask("select crime_type from mart.crimes where incident_id = %s", key) == [("DOUBLED",)]


def test_raw_rejects_leave_out_what_is_not_kept(warehouse, ask, monkeypatch):
    store = Store.generate(reports=1_000, seed=1, form="historic")
    live.drop_keys(store, 1)
    with server.running(store) as url:
        monkeypatch.setenv("AUSTIN_CRIME_SOURCE_URL", url)
        nightly.run_nightly("first")
    store.close()

    [(*_, raw)] = ask(REJECTS)
    withdrawn = {"address", "zip_code", "latitude", "longitude", "location", "x_coordinate", "y_coordinate"}
    assert {":id", "crime_type", "rep_date"} <= raw.keys()
    assert not withdrawn & raw.keys()


def test_a_rejected_report_that_gets_its_key_back_is_published_and_no_reject(sample_portal, ask):
    [key] = live.drop_keys(sample_portal.store, 1)
    nightly.run_nightly("first")
    live.edit_reports(
        sample_portal.store, "incident_report_number is null", f"incident_report_number = {key}"
    )

    nightly.run_nightly("again")

    assert ask.crimes() == sample_portal.reports()
    assert ask(REJECTS) == []
    assert ask("select incident_id, change from ops.crime_changes") == [(key, "added")]


def test_a_stale_replica_is_not_believed_that_there_is_no_news(sample_portal, ask, monkeypatch):
    monkeypatch.setenv("AUSTIN_CRIME_PORTAL_WAIT_S", "0.01")
    nightly.run_nightly("first")
    stale = sample_portal.store.faults.add(Fault("stale", times=3, how="before"))
    live.add_reports(sample_portal.store, 5)

    nightly.run_nightly("news")

    assert stale.met == 3
    assert ask.crimes() == sample_portal.reports()


def test_a_portal_that_stays_stale_fails_the_load_and_changes_nothing(sample_portal, ask, monkeypatch):
    monkeypatch.setenv("AUSTIN_CRIME_PORTAL_WAIT_S", "0.01")
    nightly.run_nightly("first")
    before = ask.crimes()
    sample_portal.store.faults.add(Fault("stale", path="/resource/", times=None))
    live.add_reports(sample_portal.store, 5)

    with pytest.raises(errors.PortalStale, match="out of date"):
        nightly.run_nightly("stale")

    assert ask.crimes() == before
    assert ask.last_load()["status"] == "failed"


def test_half_an_upload_blocks_and_the_whole_one_changes_nothing(sample_portal, ask, first_load):
    before = ask.crimes()
    live.half_upload(sample_portal.store)

    with pytest.raises(errors.CheckBlocked, match="reports_removed"):
        nightly.run_nightly("half")
    assert ask.crimes() == before

    live.finish_upload(sample_portal.store)
    nightly.run_nightly("whole")

    assert ask.crimes() == before == sample_portal.reports()
    assert ask("select count(*) from ops.crime_changes") == [(0,)]


def test_another_form_blocks_until_a_person_accepts_it_and_fetches_everything(warehouse, ask, monkeypatch):
    store = Store.generate(reports=1_000, seed=1, form="historic")
    with server.running(store) as url:
        monkeypatch.setenv("AUSTIN_CRIME_SOURCE_URL", url)
        nightly.run_nightly("first")
        live.switch_form(store)
        with pytest.raises(errors.CheckBlocked, match="accept = form_changed:historic to present"):
            nightly.run_nightly("present")

        nightly.run_nightly("accepted", {"accept": ["form_changed"]})
        [(groups,)] = store.execute("select count(census_block_group) from reports")
    store.close()

    assert ask("select count(census_block_group_id), count(*) from mart.crimes") == [(groups, 1_000)]
    assert ask("select dataset_form from ops.loads where load_id = 'accepted'") == [("present",)]


def test_a_load_of_another_process_is_refused_while_one_runs(sample_portal, ask):
    held = sample_portal.store.faults.add(Fault("hold", path="$order=:id"))
    first = threading.Thread(target=nightly.run_nightly, args=("first",))
    first.start()
    assert held.reached.wait(30)

    command = [sys.executable, "-m", "austin_crime.nightly", "second"]
    environment = os.environ | {"PYTHONPATH": str(INCLUDE)}
    second = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)
    held.release.set()
    first.join(60)

    assert second.returncode == 1
    assert second.stderr.splitlines()[-1].startswith("Load first (python) has been running since")
    assert "update ops.loads set status = 'failed'" in second.stderr
    assert "Traceback" not in second.stderr
    assert ask("select load_id, status from ops.loads") == [("first", "published")]
    assert ask.crimes() == sample_portal.reports()


def test_a_rejected_app_token_is_done_without(sample_portal, ask, monkeypatch, caplog):
    monkeypatch.setenv("AUSTIN_CRIME_APP_TOKEN", "not-a-token-of-this-portal")

    nightly.run_nightly("first")

    assert ask.last_load()["status"] == "published"
    assert caplog.text.count("rejects AUSTIN_CRIME_APP_TOKEN") == 1


def test_a_rejected_app_token_is_reported_once_a_load_whichever_processes_its_steps_run_in(
    sample_portal, ask, monkeypatch, caplog
):
    monkeypatch.setenv("AUSTIN_CRIME_APP_TOKEN", "not-a-token-of-this-portal")
    load = steps.plan_load("first")

    for item in steps.list_batches(load):
        steps.load_batch(**item)
    steps.settle_months(load)
    finish_load(load)

    assert ask.crimes() == sample_portal.reports()
    assert caplog.text.count("rejects AUSTIN_CRIME_APP_TOKEN") == 1
