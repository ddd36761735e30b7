"""A week of the portal's life, in one upload."""

from datetime import UTC, date, datetime, timedelta

import pytest

from sample_portal.data.datasets import FORMS
from sample_portal.data.store import Store
from sample_portal.publisher import live

pytestmark = pytest.mark.slow

COLUMNS = [column.name for column in FORMS["present"]]


@pytest.fixture(scope="module")
def week():
    """Return a store of 20,000 reports before and after a week: rows by key, the week, rows by key."""
    store = Store.generate(reports=20_000, seed=5, until=date(2026, 3, 7))
    store.clock = lambda: datetime(2026, 6, 1, tzinfo=UTC)
    before = {row[4]: row for row in store.execute("from reports")}
    passed = live.pass_week(store, added=170, edited=600, removed=60)
    yield before, passed, {row[4]: row for row in store.execute("from reports")}
    store.close()


def test_a_week_adds_edits_and_removes_what_it_says_and_nothing_else(week):
    before, passed, after = week

    assert (len(passed.added), len(passed.edited)) == (170, 600)
    assert before.keys() - after.keys() == set(passed.removed)
    assert after.keys() - before.keys() == set(passed.added)
    assert len(passed.removed) == 60
    changed = {key for key in before.keys() & after.keys() if before[key][4:] != after[key][4:]}
    assert changed == set(passed.edited)
    assert len(changed) == 600


def test_a_week_stamps_what_it_added_and_edited_a_week_later_than_all_before(week):
    before, passed, after = week

    stamps = {after[key][2] for key in (*passed.added, *passed.edited)}
    (stamp,) = stamps
    assert (stamp - max(row[2] for row in before.values())).days == 7
    assert {row[2] for key, row in after.items() if key not in {*passed.added, *passed.edited}} <= {
        row[2] for row in before.values()
    }
    assert all(before[key][:2] == after[key][:2] for key in passed.edited)


def test_a_week_reports_only_its_own_days_and_a_few_of_them_happened_long_ago(week):
    _, passed, after = week

    added = [dict(zip(COLUMNS, after[key][4:], strict=True)) for key in passed.added]
    assert {row["rep_date"].date() for row in added} == {date(2026, 3, day) for day in range(8, 15)}
    lags = [(row["rep_date"] - row["occ_date"]).days for row in added]
    assert min(lags) == 0
    assert 5 < sum(lag > 7 for lag in lags) < 40
    assert sum(row["clearance_status"] is None for row in added) > 70


def test_a_week_edits_sixty_months_and_removes_from_twenty(week):
    before, passed, _ = week

    def months(keys: list[int]) -> set[str]:
        dates = [dict(zip(COLUMNS, before[key][4:], strict=True))["rep_date"] for key in keys]
        return {f"{date:%Y-%m}" for date in dates}

    assert len(months(passed.edited)) == 60
    assert len(months(passed.removed)) == 20
    assert {f"2025-{month:02}" for month in range(1, 13)} <= months(passed.edited)


def test_a_week_clears_moves_and_reclassifies(week):
    before, passed, after = week

    edits = {
        column
        for key in passed.edited
        for column, old, new in zip(COLUMNS, before[key][4:], after[key][4:], strict=True)
        if old != new
    }
    assert {"clearance_status", "clearance_date", "council_district", "crime_type", "ucr_code"} <= edits


def test_weeks_follow_one_another_and_differ(changing):
    weeks = [live.pass_week(changing.store, added=10, edited=20, removed=5) for _ in range(3)]

    assert changing.rows(select="count(*)") == [{"count": "1015"}]
    assert changing.rows(select="max(rep_date) as newest") == [{"newest": "2026-03-28T00:00:00.000"}]
    assert len({tuple(week.edited) for week in weeks}) == 3
    assert changing.rows(select="count(distinct :id) as ids") == [{"ids": "1015"}]


def test_the_same_weeks_pass_in_two_stores_alike():
    stores = [Store.generate(reports=1_000, seed=3, until=date(2026, 3, 7)) for _ in range(2)]

    weeks = [live.pass_week(store, added=10, edited=20, removed=5) for store in stores]

    assert weeks[0] == weeks[1]
    assert stores[0].execute("from reports order by all") == stores[1].execute("from reports order by all")


NOON = datetime(2026, 3, 18, 17, tzinfo=UTC)
NEWEST = (
    "select cast(max(rep_date) as date), max(rep_date_time), max(occ_date), max(clearance_date) from reports"
)


def test_weeks_fill_up_to_today_and_no_further(changing):
    changing.store.clock = lambda: NOON
    newest = []

    for _ in range(4):
        week = live.pass_week(changing.store, added=20, edited=20, removed=1)
        assert (len(week.added), len(week.edited), len(week.removed)) == (20, 20, 1)
        day, *others = changing.store.execute(NEWEST)[0]
        newest.append(day)
        assert max(others).date() <= date(2026, 3, 18)

    assert newest == [date(2026, 3, 14), *[date(2026, 3, 18)] * 3]
    assert changing.rows(
        select="count(*),count(distinct :id) as ids,count(distinct incident_report_number) as keys"
    ) == [{"count": "1076", "ids": "1076", "keys": "1076"}]


def test_a_week_that_is_not_over_brings_its_share_and_late_reports_instead_of_the_rest(changing):
    changing.store.clock = lambda: NOON
    live.pass_week(changing.store, added=20, edited=0, removed=0)
    days = "select cast(rep_date as date) from reports where list_contains(?, incident_report_number)"

    partly = live.pass_week(changing.store, added=700, edited=0, removed=0)
    wholly = live.pass_week(changing.store, added=700, edited=0, removed=0)

    in_part, late = (
        [day for (day,) in changing.store.execute(days, [each.added])] for each in (partly, wholly)
    )
    # Four of seven days are new: 400 reports, and some of the late ones.
    assert 400 <= sum(day > date(2026, 3, 14) for day in in_part) < 440
    assert 10 <= sum(day > date(2026, 3, 14) for day in late) < 60
    assert min(in_part + late) >= NOON.date() - timedelta(days=90)


def test_the_day_ends_when_it_ends_in_austin(changing):
    changing.store.clock = lambda: datetime(2026, 3, 10, 4, 59, tzinfo=UTC)
    live.pass_week(changing.store, added=200, edited=0, removed=0)
    before = changing.rows(select="max(rep_date) as newest")

    changing.store.clock = lambda: datetime(2026, 3, 10, 5, 1, tzinfo=UTC)
    live.pass_week(changing.store, added=200, edited=0, removed=0)

    assert before == [{"newest": "2026-03-09T00:00:00.000"}]
    assert changing.rows(select="max(rep_date) as newest") == [{"newest": "2026-03-10T00:00:00.000"}]


def test_stamps_of_changes_lie_no_further_in_the_future_than_they_must_to_differ(changing):
    changing.store.clock = lambda: NOON
    stamps = []

    for _ in range(5):
        live.pass_week(changing.store, added=1, edited=1, removed=0)
        stamps.append(changing.store.newest_stamp())

    assert stamps == sorted(set(stamps))
    assert stamps[-1] <= NOON.replace(tzinfo=None) + timedelta(seconds=4)


def test_a_report_of_a_far_day_moves_no_week(changing):
    live.edit_reports(changing.store, "rowid = 500", "rep_date = timestamp '9999-12-31'")

    live.pass_week(changing.store, added=20, edited=0, removed=0)
    live.move_reports(changing.store, 5)
    live.add_reports(changing.store, 5)

    newest = "select cast(max(rep_date) as date) from reports where rep_date < timestamp '9999-01-01'"
    assert changing.store.execute(newest) == [(date(2026, 3, 14),)]


def test_a_week_is_as_large_as_the_store():
    store = Store.generate(reports=20_000, seed=5, until=date(2026, 3, 7))

    week = live.pass_week(store)

    assert (len(week.added), len(week.edited), len(week.removed)) == (13, 15, 2)
    store.close()


def test_a_week_passes_in_the_historic_form_too():
    store = Store.generate(reports=1_000, seed=3, until=date(2024, 6, 1), form="historic")

    week = live.pass_week(store, added=10, edited=20, removed=5)

    assert store.execute(
        "select count(*), count(address), count(latitude) > 0, bool_and(location ->> 'latitude' = cast(latitude as varchar))"
        f" from reports where incident_report_number >= {week.added[0]}"
    ) == [(10, 10, True, True)]
    store.close()
