"""Comparisons by the same days, what is complete, and rates: compared with what a few lines of Python make of the same counts."""

import random
import statistics
from collections import Counter
from datetime import date, timedelta
from math import sqrt

import pytest

GROUPS = ["Theft", "Robbery"]
DISTRICTS = [1, 9, None]


@pytest.fixture
def publish(connection):
    """Return a function that publishes counts by day, group and district, as of a newest report."""

    def counts_of(newest_report, counts):
        with connection.cursor() as cursor:
            cursor.executemany(
                "insert into mart.crimes_per_day values (%s, %s, %s, %s, 0, 0)",
                [(*key, count) for key, count in counts.items()],
            )
        connection.execute(
            "insert into mart.crimes_per_month_and_group"
            " select date_trunc('month', occurred_date::timestamp), crime_group, council_district, sum(report_count), 0, 0"
            " from mart.crimes_per_day group by 1, 2, 3"
        )
        connection.execute(
            "update mart.data_status set is_empty = false, newest_report_date = %s, published_at = now()",
            (newest_report,),
        )

    return counts_of


def same_day(day, years_ago):
    """Return the day of an earlier year, February 28 where there is no 29."""
    try:
        return day.replace(year=day.year - years_ago)
    except ValueError:
        return day.replace(year=day.year - years_ago, day=28)


def windows(last):
    """Return first and last day of each period, by years ago."""
    for years_ago in range(6):
        end = same_day(last, years_ago)
        yield "Year to date", years_ago, (date(end.year, 1, 1), end)
        yield "Last 12 months", years_ago, (same_day(last, years_ago + 1) + timedelta(days=1), end)


def expected(counts, last):
    """Return the counts of each period, group and area, this year's first."""
    sums = Counter()
    for period, years_ago, (first, end) in windows(last):
        for (day, group, district), count in counts.items():
            if first <= day <= end:
                area = f"District {district}" if district else "No district"
                for name in (group, "All crimes"):
                    for place in (area, "Whole city"):
                        sums[period, name, place, years_ago] += count
    scopes = {key[:3] for key in sums}
    return {scope: [sums[*scope, years_ago] for years_ago in range(6)] for scope in scopes}


def verdict(counts):
    """Return the words for this year's count beside five earlier ones."""
    now, *before = counts
    if 2 * (sqrt(now) - sqrt(max(before))) >= 3:
        return "unusually high"
    if 2 * (sqrt(min(before)) - sqrt(now)) >= 3:
        return "unusually low"
    return "within the usual range"


@pytest.mark.parametrize(
    "newest_report",
    ["2024-03-01", "2024-02-29", "2025-03-01", "2024-01-02", "2024-01-01", "2024-12-31", "2023-07-16"],
)
def test_periods_are_compared_by_the_same_days_of_the_years_before(connection, publish, newest_report):
    newest = date.fromisoformat(newest_report)
    draw = random.Random(newest_report)
    days = [newest - timedelta(days=number) for number in range(7 * 366)]
    counts = {
        (day, group, district): draw.randrange(1, 9)
        for day in days
        for group in GROUPS
        for district in DISTRICTS
        if draw.random() < 0.4
    }
    publish(newest, counts)

    rows = connection.execute("select * from mart.comparisons").fetchall()

    told = {(row["period_name"], row["crime_group"], row["area_name"]): row for row in rows}
    truth = expected(counts, newest - timedelta(days=1))
    assert told.keys() == truth.keys()
    for scope, row in told.items():
        now, before, *_ = truth[scope]
        assert (row["report_count"], row["year_before_count"]) == (now, before), scope
        band = (row["min_count"], row["median_count"], row["max_count"])
        assert band == (min(truth[scope][1:]), statistics.median(truth[scope][1:]), max(truth[scope][1:])), (
            scope
        )
        z = 2 * (sqrt(now) - sqrt(before))
        assert float(row["change_z"]) == pytest.approx(z, abs=0.051), scope
        assert row["is_more_than_chance"] == (abs(z) >= 3), scope
        assert (row["change_pct"] is None) == (before < 100), scope
        assert row["verdict"] == verdict(truth[scope]), scope


def flat(last, per_day, years=7):
    return {(last - timedelta(days=number), "Theft", 1): per_day for number in range(years * 366)}


def told(connection, period="Last 12 months"):
    return connection.execute(
        "select * from mart.comparisons where period_name = %s and crime_group = 'All crimes' and area_name = 'Whole city'",
        (period,),
    ).fetchone()


def test_a_reader_is_told_in_a_sentence_what_a_change_means(connection, publish):
    last = date(2024, 6, 30)
    counts = flat(last, 10)
    counts |= {(last - timedelta(days=number), "Theft", 1): 12 for number in range(366)}
    publish(last + timedelta(days=1), counts)

    row = told(connection)

    assert row["verdict"] == "unusually high"
    assert float(row["change_pct"]) == pytest.approx(20.3, abs=0.1)
    assert row["notice"] == (
        "4,392 reports, 742 more than in the same days of the year before, which is more than chance;"
        " unusually high of the 5 years before (3,650 to 3,660)."
    )


def test_a_small_count_gets_no_percent_and_its_change_can_be_chance(connection, publish):
    last = date(2024, 6, 30)
    publish(
        last, {(last - timedelta(days=1 + 366 * ago), "Homicide", 1): 2 if ago else 5 for ago in range(7)}
    )

    row = told(connection)

    assert (row["report_count"], row["year_before_count"]) == (5, 2)
    assert row["change_pct"] is None
    assert not row["is_more_than_chance"]
    assert row["verdict"] == "within the usual range"
    assert "can be chance" in row["notice"]


def test_years_before_the_data_begin_are_no_years_without_crimes(connection, publish):
    last = date(2005, 6, 30)
    publish(last, flat(last, 10, years=2))

    assert told(connection)["verdict"] == "too few years to compare"
    assert told(connection, "Year to date")["band_year_count"] == 2


def test_before_the_first_load_there_is_nothing_to_compare(connection):
    assert connection.execute("select * from mart.comparisons").fetchall() == []
    assert connection.execute("select notice from mart.completeness").fetchone()["notice"] == "No data yet."
    assert len(connection.execute("select * from mart.recent_weeks").fetchall()) == 26


def test_rates_stand_beside_counts_and_say_whose_residents_they_take(connection, publish):
    last = date(2024, 6, 30)
    publish(last, {(last - timedelta(days=5), "Theft", 1): 188, (last - timedelta(days=5), "Theft", None): 7})

    rows = connection.execute("select * from mart.crimes_per_resident where crime_group = 'Theft'").fetchall()

    [row] = rows
    assert (row["council_district"], row["report_count"], float(row["per_1000_residents"])) == (1, 188, 2.0)
    assert row["census_year"] == 2020


def test_the_running_month_and_year_and_recent_weeks_are_marked(connection, publish):
    newest = date(2024, 6, 16)
    publish(newest, flat(newest, 10, years=2))
    connection.execute(
        "insert into mart.crimes_per_report_lag values (true, 0, 84), (true, 8, 10), (true, 30, 5), (true, 366, 1), (false, null, 9)"
    )

    status = connection.execute("select * from mart.completeness").fetchone()
    months = connection.execute("select * from mart.months order by occurred_month desc limit 3").fetchall()
    weeks = connection.execute("select * from mart.recent_weeks order by last_date desc").fetchall()

    assert (status["newest_complete_date"], status["running_month"], status["running_year"]) == (
        date(2024, 6, 15),
        date(2024, 6, 1),
        2024,
    )
    assert status["settled_date"] == newest - timedelta(days=28)
    assert "reported late" in status["notice"]
    assert [(row["is_complete"], row["is_settled"]) for row in months] == [
        (False, False),
        (True, False),
        (True, True),
    ]
    assert [float(row["arrived_pct"]) for row in weeks[:5]] == [84, 94, 94, 94, 99]
    assert [row["is_settled"] for row in weeks[:5]] == [False] * 4 + [True]
    assert weeks[0]["report_count"] == 70
    assert weeks[0]["expected_count"] == 83
    assert "16 percent of the reports are still to come" in weeks[0]["notice"]


def test_what_our_own_loads_added_late_counts_once_they_cover_half_a_year(connection, publish):
    newest = date(2024, 6, 16)
    publish(newest, flat(newest, 10, years=2))
    connection.execute("insert into mart.crimes_per_report_lag values (true, 0, 100)")
    connection.execute(
        "insert into ops.loads (load_id, attempt, status, orchestrator, source_url, rules_version, parameters, started_at,"
        " last_seen_at, finished_at, starts_history)"
        " select n::text, 1, 'published', 'python', 'http://portal', 1, '{}', now(), now(), now(), n = 1"
        " from generate_series(1, 2) as n"
    )
    connection.execute(
        "insert into ops.change_ages values ('2', 'added', 0, 90), ('2', 'added', 3, 10), ('2', 'cleared', 0, 30), ('2', 'cleared', 5, 10)"
    )
    profile = "insert into ops.column_profiles values (%s, 'reported_date', 1, 1, %s)"
    connection.execute(profile, ("1", newest - timedelta(weeks=25)))
    connection.execute(profile, ("2", newest))
    question = (
        "select arrived_pct, cleared_pct from mart.arrivals where age_weeks in (0, 3) order by age_weeks"
    )

    too_short = connection.execute(question).fetchall()
    connection.execute("update ops.column_profiles set newest_date = newest_date - 7 where load_id = '1'")
    long_enough = connection.execute(question).fetchall()

    assert [tuple(row.values()) for row in too_short] == [(100, None), (100, None)]
    assert [tuple(row.values()) for row in long_enough] == [(90, 75), (100, 75)]


def test_a_year_that_a_filter_cuts_is_never_complete(connection, publish):
    newest = date(2024, 6, 16)
    publish(newest, flat(newest, 1, years=4))
    question = (
        "select period_start::text, is_cut, is_complete, report_count"
        " from mart.crimes_per_period('year', %s, %s) order by 1"
    )

    cut = connection.execute(question, (date(2022, 3, 1), None)).fetchall()
    whole = connection.execute(question, (date(2022, 1, 1), date(2023, 12, 31))).fetchall()

    assert [tuple(row.values()) for row in cut] == [
        ("2022-01-01", True, False, 306),
        ("2023-01-01", False, True, 365),
        ("2024-01-01", False, False, 168),
    ]
    assert [tuple(row.values()) for row in whole] == [
        ("2022-01-01", False, True, 365),
        ("2023-01-01", False, True, 365),
    ]


@pytest.mark.parametrize("unit", ["quarter", "month", "week", "day"])
def test_other_periods_are_cut_likewise(connection, publish, unit):
    newest = date(2024, 6, 16)
    publish(newest, flat(newest, 1, years=1))

    rows = connection.execute(
        "select * from mart.crimes_per_period(%s, '2024-01-03', '2024-05-30') order by 1", (unit,)
    ).fetchall()

    assert sum(row["report_count"] for row in rows) == 149
    assert [row["is_cut"] for row in rows] == [unit != "day", *[False] * (len(rows) - 2), unit != "day"]
    assert [row["is_complete"] for row in rows] == [not row["is_cut"] for row in rows]
