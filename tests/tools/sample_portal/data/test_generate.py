"""Invented reports: the same for the same seed, like the real ones in proportions, and dirty in the same ways."""

from datetime import date

import duckdb
import pytest

from sample_portal.data import generate
from sample_portal.data.databases import database_name
from sample_portal.data.datasets import FORMS
from sample_portal.data.store import Store

UNTIL = date(2026, 3, 7)


@pytest.fixture(scope="module")
def large():
    """Return a store of 40,000 reports."""
    store = Store.generate(reports=40_000, seed=11, until=UNTIL)
    yield store
    store.close()


def share(store: Store, condition: str) -> float:
    """Return the share of reports that meet a condition, in percent."""
    (row,) = store.execute(f"select 100.0 * count(*) filter (where {condition}) / count(*) from reports")
    return row[0]


def content(**parameters) -> list[tuple]:
    """Return the rows of a generated store in a fixed order."""
    store = Store.generate(**parameters)
    rows = store.execute('select * from reports order by ":id"')
    store.close()
    return rows


def test_the_same_seed_gives_the_same_reports_and_another_gives_others():
    first = content(reports=1_000, seed=5, until=UNTIL)

    assert content(reports=1_000, seed=5, until=UNTIL) == first
    assert not {row[0] for row in content(reports=1_000, seed=6, until=UNTIL)} & {row[0] for row in first}


@pytest.mark.parametrize("count", [1_000, 1_001, 12_345])
def test_there_are_as_many_reports_as_asked_for_with_keys_of_their_own(count):
    store = Store.generate(reports=count, seed=1, until=UNTIL)

    counts = store.execute(
        'select count(*), count(distinct incident_report_number), count(distinct ":id") from reports'
    )

    assert counts == [(count, count, count)]
    store.close()


def test_reports_by_year_follow_the_calibration_and_the_last_year_has_its_part(large):
    years = dict(large.execute("select year(occ_date), count(*) from reports group by 1"))

    assert years[2008] / years[2003] == pytest.approx(149354 / 125640, rel=0.01)
    assert years[2024] / years[2003] == pytest.approx(86577 / 125640, rel=0.01)
    assert years[2026] / years[2025] == pytest.approx(66 / 365, rel=0.03)
    assert set(years) == set(range(2003, 2027))


def test_no_date_lies_after_the_last_day_and_that_day_has_reports(large):
    (newest,) = large.execute(
        "select max(rep_date), max(occ_date), max(clearance_date), max(rep_date_time) from reports"
    )

    assert newest[0].date() == UNTIL
    assert max(newest).date() == UNTIL


def test_nothing_is_reported_before_it_happened_or_cleared_before_it_was_reported(large):
    assert large.execute(
        "select count(*) from reports where rep_date_time < occ_date_time or rep_date < occ_date or clearance_date < rep_date"
    ) == [(0,)]


# From counts of all reports of April 2025 and from dumps of single days, in percent.
PROPORTIONS = [
    ("crime_type = 'BURGLARY OF VEHICLE'", 10.0, 0.8),
    ("crime_type = 'FAMILY DISTURBANCE'", 8.2, 0.8),
    ("council_district = 4", 16.9, 0.8),
    ("council_district = 6", 3.9, 0.5),
    ("council_district is null", 1.67, 0.3),
    ("rep_date = occ_date", 84, 1),
    ("rep_date > occ_date + interval 365 day", 0.8, 0.4),
    ("clearance_status is null", 24.7, 1),
    ("clearance_date is null", 14.5, 1),
    ("ucr_category is null", 64.0, 1),
    ("location_type is null", 0.66, 0.1),
    ("location_type = 'RESIDENCE / HOME'", 54, 6),
    ("census_block_group is null", 2.48, 0.1),
    ("sector is null", 0.14, 0.05),
    ("hour(occ_date_time) = 0", 8, 1),
    ("hour(occ_date_time) = 12", 6, 1),
    ("hour(occ_date_time) = 4", 2, 0.5),
    ("length(cast(incident_report_number as varchar)) = 11", 97, 1),
    ("family_violence = 'Y'", 6.5, 2),
    ("clearance_status = 'C'", 17, 3),
    ("clearance_status is null and clearance_date is not null", 11.6, 1),
    ("clearance_status is not null and clearance_date is null", 1.5, 0.3),
]


def test_most_of_the_newest_reports_have_no_outcome_yet():
    with duckdb.connect() as connection:
        week = generate.Recipe(2_000, 1, UNTIL, reported_since=date(2026, 3, 1))
        generate.generate(connection, week)
        (row,) = connection.execute(
            "select avg(cast(clearance_status is null as integer)), avg(cast(clearance_date is null as integer)), min(rep_date)"
            " from reports"
        ).fetchall()

    assert row[:2] == pytest.approx((0.6, 0.6), abs=0.05)
    assert row[2].date() == date(2026, 3, 1)


def test_a_few_reports_come_years_late_and_none_later_than_the_latest_real_one(large):
    lags = "date_diff('day', occ_date, rep_date)"
    (row,) = large.execute(f"select max({lags}), count(*) filter (where {lags} > 2000) from reports")

    assert 4000 < row[0] <= 4383
    assert row[1] > 20


@pytest.mark.parametrize(("condition", "percent", "tolerance"), PROPORTIONS)
def test_proportions_are_near_the_real_ones(large, condition, percent, tolerance):
    assert share(large, condition) == pytest.approx(percent, abs=tolerance)


def test_a_crime_type_has_one_code_and_one_category(large):
    rows = large.execute(
        "select crime_type from reports group by 1 having count(distinct (ucr_code, coalesce(ucr_category, ''))) > 1"
    )

    assert rows == []
    assert large.execute(
        "select count(*) from reports where (ucr_category is null) != (category_description is null)"
    ) == [(0,)]


DIRT = [
    "occ_time = 2400 and occ_date_time is null",
    "occ_time % 100 > 59 and occ_date_time is null",
    "rep_date is null and rep_date_time is null",
    "sector in ('88', '95', 'UT', 'F6', 'F', 'D', 'H', 'CHAR', 'BAKR', 'GRGE')",
    "district in ('S', 'D', 'B', '88', 'D8', 'H5', '02', '493')",
    "crime_type like '%  %'",
    "location_type like '%  %'",
    "clearance_status is null and clearance_date is not null",
]


@pytest.mark.parametrize("condition", DIRT)
def test_every_kind_of_dirt_is_in_a_small_sample_and_stays_rare(portal, condition):
    assert 0 < share(portal.store, condition) < 25


def test_most_reports_bear_old_stamps_and_the_newest_week_a_newer_one(large):
    newest = large.newest_stamp()
    (row,) = large.execute(
        'select quantile_disc(":updated_at", 0.5), min(":updated_at") filter (where rep_date > timestamp \'2026-03-01\'),'
        ' min(":updated_at" - ":created_at") from reports'
    )

    assert row[0].date() == date(2025, 9, 8)
    assert newest.date() == row[1].date() == date(2026, 3, 9)
    assert row[2].total_seconds() >= 0


def test_identifiers_look_like_the_portals(large):
    assert large.execute(
        "select count(*) from reports where not regexp_full_match(\":id\", 'row-[a-z0-9]{4}-[a-z0-9]{4}_[a-z0-9]{4}')"
    ) == [(0,)]


def test_the_historic_form_has_places_and_withholds_those_of_some_reports():
    store = Store.generate(reports=5_000, seed=2, until=date(2024, 6, 1), form="historic")

    names = [row[0] for row in store.execute("describe reports")]
    (row,) = store.execute(
        "select count(*) filter (where x_coordinate = 0), count(*) filter (where x_coordinate = 0 and latitude is not null),"
        " min(latitude), max(latitude), min(longitude), max(longitude), count(location) - count(latitude) from reports"
    )
    assert names[4:] == [column.name for column in FORMS["historic"]]
    assert 0 < row[0] < 500
    assert row[1] == row[6] == 0
    assert 30.1 <= row[2] < row[3] <= 30.51
    assert -97.94 <= row[4] < row[5] <= -97.57
    store.close()


def test_a_kept_database_is_used_again_and_a_half_made_one_is_not(tmp_path):
    recipe = generate.Recipe(1_000, 4, UNTIL)
    half = (tmp_path / database_name(recipe)).with_suffix(".part")
    half.write_text("cut off")

    first = Store.generate(1_000, 4, UNTIL, folder=tmp_path)
    ids = first.execute('select ":id" from reports order by 1')
    first.execute("update reports set crime_type = 'KEPT'")
    first.close()
    second = Store.generate(1_000, 4, UNTIL, folder=tmp_path)

    assert second.execute('select ":id" from reports order by 1') == ids
    assert second.execute("select distinct crime_type from reports") == [("KEPT",)]
    assert not half.exists()
    second.close()


def test_without_a_last_day_the_kept_database_with_the_newest_reports_is_used(tmp_path):
    for until in (date(2024, 6, 1), date(2025, 6, 7)):
        Store.generate(1_000, 4, until, folder=tmp_path).close()

    store = Store.generate(1_000, 4, folder=tmp_path)

    assert store.execute("select max(rep_date) from reports")[0][0].date() == date(2025, 6, 7)
    assert len(list(tmp_path.iterdir())) == 2
    store.close()


@pytest.mark.parametrize(
    ("today", "saturday"),
    [
        (date(2026, 3, 14), date(2026, 3, 7)),
        (date(2026, 3, 13), date(2026, 2, 28)),
        (date(2026, 3, 20), date(2026, 3, 7)),
        (date(2026, 3, 21), date(2026, 3, 14)),
    ],
)
def test_the_newest_report_is_of_the_last_saturday_at_least_a_week_ago(today, saturday):
    assert generate.last_saturday(today) == saturday
