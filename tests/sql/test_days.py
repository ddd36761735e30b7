"""Aggregates to which a load adds what it changes, when they are counted anew instead, and the lag of reports."""

import pytest

from austin_crime import config
from austin_crime.errors import StagingIncomplete
from austin_crime.load import build, changes, check, publish, settle
from austin_crime.models import Load
from austin_crime.warehouse import slot
from austin_crime.warehouse.connection import connect
from testing.rows import add_check_result, count_held

BEGIN = """
insert into ops.loads (load_id, attempt, status, orchestrator, source_url, rules_version, parameters, portal_report_count,
    planned_against, started_at, last_seen_at)
values (%(load)s, 1, 'running', 'python', 'http://portal', 1, '{}', 30, %(before)s, '2024-06-15 12:00+00', now());
"""
# A report a day, the first 30 days of 2022, reported so many days later as its number.
STAGE = """
insert into staging.crimes (incident_id, crime_type, occurred_date, occurred_month, reported_date, source_month, source_row_id,
    source_updated_at, batch_id)
select n, %(crime_type)s, date '2022-01-01' + n, '2022-01-01', date '2022-01-01' + 2 * n, '2022-01-01', n::text, now(), 'b'
from generate_series(%(first)s::int, %(last)s::int) as n
"""


def load(connection, load_id, before, first, last, crime_type="THEFT"):
    """Load reports, as settle would leave them, and publish them."""
    connection.execute(BEGIN, {"load": load_id, "before": before})
    connection.execute(STAGE, {"first": first, "last": last, "crime_type": crime_type})
    number = last - first + 1
    connection.execute("insert into staging.batches values ('b', '{}', %s, %s, '{}')", (number, number))
    connection.execute(
        "insert into staging.months (source_month, kind, reason, is_mostly_new, portal_count,"
        " newest_updated_at, newest_count)"
        " values ('2022-01-01', 'topped up', '', false, 30, now(), 0)"
    )
    connection.execute(
        "insert into staging.replaced_crimes select held.incident_id, held.source_month, held.source_row_id"
        " from mart.crimes as held join staging.crimes using (incident_id)"
    )
    connection.execute("update staging.months set portal_count = (select count(*) from staging.crimes_next)")
    count_held(connection)
    changes.find_changes(connection)
    for table in config.AGGREGATES:
        build.build(connection, table)
    check.profile(connection)
    add_check_result(connection, load_id=load_id)
    publish.publish(connection, Load(load_id=load_id, attempt=1, has_work=True))


def counts_on(connection, day):
    rows = connection.execute(
        "select crime_group, report_count from mart.crimes_per_day where occurred_date = %s order by 1",
        (day,),
    )
    return [tuple(row.values()) for row in rows]


@pytest.fixture
def loaded(warehouse):
    """Return a connection to a warehouse with a load of 30 reports, and a day whose counts somebody changed."""
    with connect() as connection:
        load(connection, "first", None, 0, 29)
        connection.execute(
            "update mart.crimes_per_day set crime_group = 'Changed' where occurred_date = '2022-01-02'"
        )
        yield connection


def test_a_first_load_lays_the_days_one_after_the_other(warehouse):
    with connect() as connection:
        load(connection, "first", None, 0, 29)
        rows = connection.execute("select occurred_date from mart.crimes_per_day order by ctid").fetchall()

    days = [row["occurred_date"] for row in rows]
    assert len(days) == 30
    assert days == sorted(days)


def test_days_of_which_no_report_was_fetched_stay_as_published(loaded):
    load(loaded, "second", "first", 5, 6, "DWI")

    assert counts_on(loaded, "2022-01-06") == [("Alcohol and impaired driving", 1)]
    assert counts_on(loaded, "2022-01-02") == [("Changed", 1)]


def test_a_report_that_was_fetched_again_and_counts_as_before_leaves_its_day_as_published(loaded):
    load(loaded, "second", "first", 1, 1)

    assert counts_on(loaded, "2022-01-02") == [("Changed", 1)]


@pytest.mark.parametrize(
    ("column", "value"), [("clearance_status", "'C'"), ("council_district", "3"), ("crime_type", "null")]
)
def test_a_report_that_counts_otherwise_has_its_day_counted_anew(loaded, column, value):
    # As if the load before had published it with another value.
    loaded.execute(f"update mart.crimes set {column} = {value} where incident_id = 1")

    load(loaded, "second", "first", 1, 1)

    assert counts_on(loaded, "2022-01-02") == [("Theft", 1)]


def test_the_days_of_a_report_that_moved_and_of_one_that_went_are_counted_anew(loaded):
    loaded.execute("update mart.crimes set occurred_date = '2022-01-20' where incident_id = 1")
    loaded.execute("insert into staging.replaced_crimes values (19, '2022-01-01', '19')")

    load(loaded, "second", "first", 1, 1)

    assert counts_on(loaded, "2022-01-02") == [("Theft", 1)]
    assert counts_on(loaded, "2022-01-20") == []


def test_all_days_are_counted_anew_if_their_sum_is_wrong(loaded):
    loaded.execute("update mart.crimes_per_day set report_count = 2 where occurred_date = '2022-01-03'")

    load(loaded, "second", "first", 5, 6)

    assert counts_on(loaded, "2022-01-03") == [("Theft", 1)]
    assert counts_on(loaded, "2022-01-02") == [("Theft", 1)]


def test_all_days_are_counted_anew_if_a_type_has_moved_to_another_group(loaded):
    loaded.execute("update mart.crime_group_rules set crime_group = 'Stealing' where crime_group = 'Theft'")

    load(loaded, "second", "first", 5, 6)

    days = loaded.execute("select distinct crime_group, report_count from mart.crimes_per_day").fetchall()
    assert days == [{"crime_group": "Stealing", "report_count": 1}]


# What somebody changed by hand so that sums stay as they were, and stays while a load only adds what it changes.
CHANGED_BY_HAND = {
    "crimes_per_month": ("crime_type", "'THEFT'", "'CHANGED'"),
    "crimes_per_hour": ("occurred_hour", "null", "23"),
    "crimes_per_weekday_hour": ("occurred_hour", "null", "23"),
    "crimes_per_day": ("crime_group", "'Theft'", "'Changed'"),
    "crimes_per_month_and_group": ("crime_group", "'Theft'", "'Changed'"),
    "crime_counts": ("crime_type", "'THEFT'", "'CHANGED'"),
    "crimes_per_report_lag": ("report_lag_days", "7", "700"),
}


def changed_by_hand(connection, table):
    """Return how many reports of a table are counted where somebody put them by hand."""
    column, _, value = CHANGED_BY_HAND[table]
    rows = connection.execute(f"select sum(report_count) as n from mart.{table} where {column} = {value}")
    return rows.fetchall()[0]["n"]


@pytest.mark.parametrize("table", CHANGED_BY_HAND)
def test_a_load_adds_what_it_changes_to_the_published_counts(loaded, table):
    column, value, by_hand = CHANGED_BY_HAND[table]
    loaded.execute(
        f"update mart.{table} set {column} = {by_hand} where {column} is not distinct from {value}"
    )
    before = changed_by_hand(loaded, table)

    load(loaded, "second", "first", 30, 31)

    assert changed_by_hand(loaded, table) == before > 0
    [total] = loaded.execute(f"select sum(report_count) as n from mart.{table}").fetchall()
    assert total["n"] == 32


@pytest.mark.parametrize("table", CHANGED_BY_HAND)
@pytest.mark.parametrize(
    "why",
    [
        "update ops.loads set started_at = '2024-06-10 04:59+00'",
        "update mart.{table} set report_count = report_count + 1",
        "delete from mart.{table}",
    ],
    ids=["in the first load of a week", "if sums are wrong", "if nothing is published"],
)
def test_an_aggregate_is_counted_anew(loaded, table, why):
    column, value, by_hand = CHANGED_BY_HAND[table]
    loaded.execute(
        f"update mart.{table} set {column} = {by_hand} where {column} is not distinct from {value}"
    )
    loaded.execute(why.format(table=table))

    load(loaded, "second", "first", 30, 31)

    assert changed_by_hand(loaded, table) is None
    [total] = loaded.execute(f"select sum(report_count) as n from mart.{table}").fetchall()
    assert total["n"] == 32


def test_the_days_of_the_oldest_month_with_days_become_a_row_of_their_month_when_a_month_begins(warehouse):
    with connect() as connection:
        # Reported until 2022-03-01: the oldest month with days is March 2020.
        load(connection, "first", None, 0, 29)
        connection.execute(
            "update mart.crimes set occurred_date = '2020-03-01', occurred_month = '2020-03-01' where incident_id <= 3"
        )
        connection.execute("update mart.crimes set occurred_date = '2020-03-02' where incident_id = 3")
        recount(connection)
        assert counts_by_date(connection, "< '2021-01-01'") == [("2020-03-01", 3), ("2020-03-02", 1)]
        # The next one is reported in April.
        load(connection, "second", "first", 45, 46)

        assert counts_by_date(connection, "< '2021-01-01'") == [("2020-03-01", 4)]
        [total] = connection.execute("select sum(report_count) as n from mart.crime_counts").fetchall()
        assert total["n"] == 32


def counts_by_date(connection, condition):
    rows = connection.execute(
        "select occurred_date::text, sum(report_count)::int from mart.crime_counts"
        f" where occurred_date {condition} group by 1 order by 1"
    )
    return [tuple(row.values()) for row in rows]


def recount(connection):
    """Count the published reports again by month and by day or month, as a load does that counts all of them."""
    connection.execute(BEGIN, {"load": "recount", "before": None})
    count_held(connection)
    for table in ("crimes_per_month", "crime_counts"):
        connection.execute((config.SQL_DIR / "aggregates" / f"{table}.sql").read_bytes())
        connection.execute(
            f"delete from mart.{table}; insert into mart.{table} select * from staging.{table}"
        )
    connection.execute("delete from ops.loads where load_id = 'recount'")
    slot.clear_staging(connection)


def test_a_build_that_a_person_skips_is_noticed_though_the_number_of_reports_stays(loaded):
    begin_with_an_edit(loaded)
    for table in config.AGGREGATES:
        if table != "crimes_per_day":
            build.build(loaded, table)

    with pytest.raises(StagingIncomplete, match="1 aggregates do not add up"):
        publish.refuse_incomplete_staging(loaded)


def test_a_removal_that_a_crash_of_the_server_forgot_is_not_published_as_none(loaded):
    loaded.execute(BEGIN, {"load": "second", "before": "first"})
    loaded.execute(
        "insert into staging.months (source_month, kind, reason, is_mostly_new, portal_count, newest_count)"
        " values ('2022-01-01', 'vanished', '', false, 0, 0)"
    )
    count_held(loaded)
    settle.resolve_keys(loaded)
    changes.find_changes(loaded)
    for table in config.AGGREGATES:
        build.build(loaded, table)
    publish.refuse_incomplete_staging(loaded)
    # What a crash does to unlogged tables.
    loaded.execute(
        "truncate staging.replaced_crimes, staging.changes, staging.count_changes, staging.added_to"
    )
    loaded.execute("".join(f"truncate staging.{table};" for table in config.AGGREGATES))

    with pytest.raises(
        StagingIncomplete, match="30 reports would be held, rejected ones included, of 0 at the portal"
    ):
        publish.refuse_incomplete_staging(loaded)


def test_a_full_reload_counts_all_anew(loaded):
    loaded.execute("update mart.crimes_per_month set crime_type = 'CHANGED'")
    loaded.execute(BEGIN, {"load": "second", "before": "first"})
    loaded.execute(STAGE, {"first": 0, "last": 29, "crime_type": "THEFT"})
    loaded.execute("insert into staging.batches values ('b', '{}', 30, 30, '{}')")
    loaded.execute(
        "insert into staging.months (source_month, kind, reason, is_mostly_new, portal_count, newest_count)"
        " values ('2022-01-01', 'whole', '', false, 30, 0)"
    )
    count_held(loaded)
    settle.resolve_keys(loaded)
    changes.find_changes(loaded)

    build.build(loaded, "crimes_per_month")

    assert loaded.execute("select 1 from staging.added_to").fetchall() == []
    assert loaded.execute("select sum(report_count) as n from staging.crimes_per_month").fetchall() == [
        {"n": 30}
    ]


def test_the_first_aggregate_built_again_alone_is_noticed(loaded):
    begin_with_an_edit(loaded)
    for table in (*config.AGGREGATES, "crimes_per_month"):
        build.build(loaded, table)

    with pytest.raises(StagingIncomplete, match="5 aggregates do not add up"):
        publish.refuse_incomplete_staging(loaded)


def begin_with_an_edit(connection):
    """Begin a load that edits a report, up to settling."""
    connection.execute(BEGIN, {"load": "second", "before": "first"})
    connection.execute(STAGE, {"first": 5, "last": 5, "crime_type": "DWI"})
    connection.execute("insert into staging.batches values ('b', '{}', 1, 1, '{}')")
    connection.execute(
        "insert into staging.months (source_month, kind, reason, is_mostly_new, portal_count, newest_count)"
        " values ('2022-01-01', 'topped up', '', false, 30, 0)"
    )
    count_held(connection)
    settle.resolve_keys(connection)
    changes.find_changes(connection)


def test_all_is_counted_anew_if_the_portal_counts_otherwise(loaded):
    loaded.execute("update mart.crimes_per_month set crime_type = 'CHANGED'")
    loaded.execute(
        "insert into staging.portal_counts values ('crime_type', 'THEFT', 32), ('council_district', null, 32)"
    )
    loaded.execute("insert into staging.portal_counts values ('occurred_year', '2022', 32)")

    load(loaded, "second", "first", 30, 31)

    assert changed_by_hand(loaded, "crimes_per_month") is None


def test_a_load_in_the_week_of_the_last_one_begins_on_a_monday_in_austin(loaded):
    loaded.execute("update mart.crimes_per_month set crime_type = 'CHANGED'")
    loaded.execute("update ops.loads set started_at = '2024-06-10 05:00+00'")

    load(loaded, "second", "first", 30, 31)

    assert changed_by_hand(loaded, "crimes_per_month") == 30


def test_the_lag_of_reports_is_that_of_months_whose_reports_have_come(loaded):
    rows = loaded.execute(
        "select * from mart.crimes_per_report_lag where is_reference order by report_lag_days"
    ).fetchall()

    assert [(row["report_lag_days"], row["report_count"]) for row in rows] == [(n, 1) for n in range(30)]
    [first_week] = loaded.execute("select arrived_pct from mart.arrivals where age_weeks = 0").fetchall()
    assert float(first_week["arrived_pct"]) == 13.3


def test_a_load_records_what_it_changed_and_how_old_the_reports_were(loaded):
    load(loaded, "second", "first", 5, 6, "DWI")

    changes = loaded.execute(
        'select crime_type, report_count_change from ops.month_changes order by crime_type collate "C"'
    ).fetchall()
    ages = loaded.execute("select change, age_weeks, report_count from ops.change_ages").fetchall()
    starts = loaded.execute("select load_id, starts_history from ops.loads order by load_id").fetchall()
    assert [tuple(row.values()) for row in changes] == [("DWI", 2), ("THEFT", -2)]
    assert [tuple(row.values()) for row in ages] == [("edited", 7, 2)]
    assert [tuple(row.values()) for row in starts] == [("first", True), ("second", False)]
