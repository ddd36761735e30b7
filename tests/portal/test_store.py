"""Ways to change what a portal serves: each is seen by the next request, and moves what the metadata say."""

import json
from datetime import UTC, datetime

import requests

from sample_portal import server
from sample_portal.store import Store, add_reports, edit_reports, remove_reports, rewrite_all

COUNT = [{"count": "1000"}]
LATER = datetime(2026, 4, 1, 12, 30, 0, 5_000, UTC)
LATER_AS_SENT = "2026-04-01T12:30:00.005Z"


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
