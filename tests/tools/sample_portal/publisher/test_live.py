"""Ways to change what a portal serves: each is seen by the next request, and moves what the metadata say."""

import json
from datetime import UTC, date, datetime

import pytest
import requests

from sample_portal.data.datasets import FORMS
from sample_portal.data.store import Store
from sample_portal.errors import PortalFault
from sample_portal.http import server
from sample_portal.publisher import live
from sample_portal.publisher.live import add_reports, edit_reports, remove_reports, rewrite_all

COUNT = [{"count": "1000"}]
LATER = datetime(2026, 4, 1, 12, 30, 0, 5_000, UTC)
LATER_AS_SENT = "2026-04-01T12:30:00.005Z"
COLUMNS = [column.name for column in FORMS["present"]]
KEYS_AND_MONTHS = "select incident_report_number, strftime(rep_date, '%Y-%m') from reports"


def updated_at(portal) -> int:
    """Return when the metadata say that rows changed last."""
    return portal.get("/api/views/fdj4-gpfu.json").json()["rowsUpdatedAt"]


def test_added_reports_are_served_with_the_stamp_and_the_values_given(changing):
    before = updated_at(changing)

    numbers = add_reports(changing.store, 25, updated_at=LATER, crime_type="ADDED")

    rows = changing.rows(where=f":updated_at = '{LATER_AS_SENT}'")
    assert {int(row["incident_report_number"]) for row in rows} == set(numbers)
    assert {row["crime_type"] for row in rows} == {"ADDED"}
    assert changing.rows(select="count(*),count(distinct :id) as ids") == [{"count": "1025", "ids": "1025"}]
    assert updated_at(changing) > before


def test_reports_added_twice_have_numbers_and_identifiers_of_their_own(changing):
    first = add_reports(changing.store, 10)
    second = add_reports(changing.store, 10)

    assert not set(first) & set(second)
    assert changing.store.execute(
        'select count(distinct ":id"), count(distinct incident_report_number) from reports'
    ) == [(1020, 1020)]


def test_added_reports_are_as_old_as_the_newest_one_at_most(changing):
    before = changing.rows(select="max(rep_date) as newest,max(occ_date) as occurred")

    add_reports(changing.store, 50)

    assert changing.rows(select="max(rep_date) as newest,max(occ_date) as occurred") == before


def test_edited_reports_bear_the_new_stamp_and_keep_their_identifier(changing):
    before, ids = updated_at(changing), changing.rows(select=":id", order=":id")

    count = edit_reports(changing.store, "council_district = 9", "crime_type = 'EDITED'", LATER)

    rows = changing.rows(select=":updated_at,crime_type", where="council_district = 9")
    assert rows == [{":updated_at": LATER_AS_SENT, "crime_type": "EDITED"}] * count
    assert count > 50
    assert changing.rows(select=":id", order=":id") == ids
    assert changing.rows(select="count(*)", where=f":updated_at = '{LATER_AS_SENT}'") == [
        {"count": str(count)}
    ]
    assert updated_at(changing) > before


def test_removed_reports_are_gone_and_no_stamp_tells(changing):
    before, newest = updated_at(changing), changing.rows(select="max(:updated_at) as newest")

    count = remove_reports(changing.store, "sector = 'AD'")

    assert count > 10
    assert changing.rows(select="count(*)") == [{"count": str(1000 - count)}]
    assert changing.rows(where="sector = 'AD'") == []
    assert newest >= changing.rows(select="max(:updated_at) as newest")
    assert updated_at(changing) > before


def test_a_rewrite_gives_every_report_new_identifiers_and_one_stamp_and_changes_nothing_else(changing):
    ids = {row[":id"] for row in changing.rows(select=":id")}
    reports = changing.rows(order="incident_report_number")

    count = rewrite_all(changing.store, LATER)

    assert count == 1000
    assert not ids & {row[":id"] for row in changing.rows(select=":id")}
    assert changing.rows(select="min(:updated_at) as a,max(:updated_at) as b,min(:created_at) as c") == [
        dict.fromkeys("abc", LATER_AS_SENT)
    ]
    assert changing.rows(order="incident_report_number") == reports
    assert changing.rows(select="count(*),count(distinct :id) as ids") == [{"count": "1000", "ids": "1000"}]


def test_a_change_without_a_stamp_is_newer_than_all_before(changing):
    newest = changing.store.newest_stamp()

    edit_reports(changing.store, "sector = 'AD'", "district = '1'")
    once = changing.store.newest_stamp()
    rewrite_all(changing.store)

    assert newest < once < changing.store.newest_stamp()


def test_an_answer_that_a_client_kept_is_stale_after_a_change(changing):
    tag = {"If-None-Match": changing.ask(select="count(*)").headers["ETag"]}

    remove_reports(changing.store, "sector = 'AD'")

    assert changing.get("/resource/fdj4-gpfu.json", tag, **{"$select": "count(*)"}).status_code == 200


def test_a_body_that_is_being_read_does_not_see_a_change():
    store = Store.generate(reports=30_000, seed=1)
    # Not packed, the body is larger than what waits between server and client.
    with (
        server.running(store) as address,
        requests.get(
            f"{address}/resource/fdj4-gpfu.json?$limit=30000&$order=:id",
            headers={"Accept-Encoding": "identity"},
            stream=True,
            timeout=20,
        ) as response,
    ):
        pieces = response.iter_content(100_000)
        start = next(pieces)
        remove_reports(store, "true")
        body = start + b"".join(pieces)
        (after,) = requests.get(f"{address}/resource/fdj4-gpfu.json?$select=count(*)", timeout=20).json()

    assert len(json.loads(body)) == 30_000
    assert after == {"count": "0"}
    store.close()


def test_moved_reports_are_in_a_later_month_that_the_portal_had(changing):
    before = dict(changing.store.execute(KEYS_AND_MONTHS))
    newest = changing.rows(select="max(rep_date) as newest")

    moved = live.move_reports(changing.store, 25, updated_at=LATER)

    after = dict(changing.store.execute(KEYS_AND_MONTHS))
    assert len(set(moved)) == 25
    assert {key for key in before if before[key] != after[key]} == set(moved)
    assert all(before[key] < after[key] for key in moved)
    assert changing.rows(select="max(rep_date) as newest") == newest
    assert changing.rows(select="count(*)", where=f":updated_at = '{LATER_AS_SENT}'") == [{"count": "25"}]


def test_a_removed_month_has_no_report_and_the_others_have_theirs(changing):
    before = changing.rows(select="count(*)", where="date_trunc_ym(rep_date) = '2008-05-01'")

    gone = live.remove_month(changing.store, "2008-05")

    assert before == [{"count": str(gone)}] != [{"count": "0"}]
    assert changing.rows(where="date_trunc_ym(rep_date) = '2008-05-01'") == []
    assert changing.rows(select="count(*)") == [{"count": str(1000 - gone)}]


def test_a_half_finished_upload_lacks_the_rest_until_it_is_finished(changing):
    reports = changing.rows(order="incident_report_number")
    ids = {row[":id"] for row in changing.rows(select=":id")}

    there = live.half_upload(changing.store)
    half = changing.rows(select=":id,:updated_at")
    came = live.finish_upload(changing.store)
    whole = changing.rows(select=":id,:updated_at")

    assert (there, len(half), came, len(whole)) == (500, 500, 500, 1000)
    assert not ids & {row[":id"] for row in whole}
    assert len({row[":id"] for row in whole}) == 1000
    assert {row[":id"] for row in half} < {row[":id"] for row in whole}
    assert [len({row[":updated_at"] for row in rows}) for rows in (half, whole)] == [1, 2]
    assert changing.rows(order="incident_report_number") == reports


def test_an_upload_that_was_not_begun_cannot_be_finished(changing):
    with pytest.raises(PortalFault, match="half_upload comes first"):
        live.finish_upload(changing.store)


def test_the_form_is_switched_with_every_report_rewritten():
    store = Store.generate(reports=1_000, seed=4, until=date(2024, 6, 1), form="historic")
    kept = "incident_report_number, crime_type, occ_date_time, council_district, clearance_date"
    before = store.execute(f"select {kept} from reports order by all")
    ids = set(store.execute('select ":id" from reports'))

    count = live.switch_form(store)

    assert count == 1000
    assert [column[0] for column in store.execute("describe reports")][4:] == COLUMNS
    assert store.reports.columns == FORMS["present"]
    assert store.execute(f"select {kept} from reports order by all") == before
    assert not ids & set(store.execute('select ":id" from reports'))
    assert store.execute('select count(distinct ":updated_at") from reports') == [(1,)]
    (filled,) = store.execute(
        "select count(*) from reports where census_block_group between 4530000000 and 4540000000"
    )
    assert 950 < filled[0] < 1000
    with pytest.raises(PortalFault, match="present form already"):
        live.switch_form(store)
    store.close()


def test_doubled_keys_are_there_twice_and_the_newer_row_is_of_another_type(changing):
    keys = live.double_keys(changing.store, 7, updated_at=LATER)

    twice = changing.rows(
        select="incident_report_number,count(*)", group="incident_report_number", having="count(*) > 1"
    )
    assert {int(row["incident_report_number"]) for row in twice} == set(keys)
    assert changing.rows(
        select="crime_type,count(*)", where=f":updated_at = '{LATER_AS_SENT}'", group="crime_type"
    ) == [{"crime_type": "DOUBLED", "count": "7"}]
    assert changing.rows(select="count(*),count(distinct :id) as ids") == [{"count": "1007", "ids": "1007"}]


def test_dropped_keys_are_null_and_their_reports_are_still_there(changing):
    keys = live.drop_keys(changing.store, 6, updated_at=LATER)

    held = {row[0] for row in changing.store.execute("select incident_report_number from reports")}
    assert len(set(keys)) == 6
    assert not held & set(keys)
    assert changing.rows(select="count(*)", where="incident_report_number is null") == [{"count": "6"}]
    assert changing.rows(select="count(*)", where=f":updated_at = '{LATER_AS_SENT}'") == [{"count": "6"}]


def test_a_kept_database_goes_on_where_it_ended(tmp_path):
    def opened() -> Store:
        return Store.generate(1_000, 4, date(2026, 3, 7), "historic", folder=tmp_path)

    first = opened()
    live.half_upload(first)
    live.remove_reports(first, "sector = 'AD'")
    live.rename_column(first, "zip_code", "zip")
    told = (first.rows_updated_at, first.columns_changed_at, first.change_count, first.reports)
    first.close()
    second = opened()

    assert (second.rows_updated_at, second.columns_changed_at, second.change_count, second.reports) == told
    assert live.finish_upload(second) == 500
    live.switch_form(second)
    second.close()
    third = opened()
    assert (third.form, third.reports.columns) == ("present", FORMS["present"])
    third.close()


def test_a_change_that_fails_leaves_everything_as_it_was(changing):
    before = changing.store.execute("from reports order by all"), changing.store.rows_updated_at

    with pytest.raises(Exception, match="no_such"):
        live.edit_reports(changing.store, "sector = 'AD'", "no_such = 1")

    assert (changing.store.execute("from reports order by all"), changing.store.rows_updated_at) == before
    assert live.drop_keys(changing.store, 1)
