"""The views of the dashboards: what loads changed, and whether the data are late."""

from datetime import UTC, datetime, timedelta

import pytest
from psycopg.types.json import Jsonb

LOAD = """
insert into ops.loads (load_id, attempt, status, orchestrator, source_url, rules_version, parameters, started_at, last_seen_at,
    finished_at, message)
values (%(load)s, 1, %(status)s, 'python', 'http://portal', 1, '{}', %(at)s, %(at)s, %(at)s, 'Words.')
"""
CRIME = """
insert into mart.crimes (incident_id, crime_type, occurred_date, council_district, source_month, source_row_id, source_updated_at)
values (%s, 'THEFT', '2024-05-01', 9, '2024-05-01', %s, now())
"""
NOW = datetime.now(UTC)


@pytest.fixture
def record(connection):
    """Return a function that records a load that ended so many hours ago."""

    def record(load_id, hours_ago=1, status="published"):
        connection.execute(LOAD, {"load": load_id, "status": status, "at": NOW - timedelta(hours=hours_ago)})

    return record


@pytest.fixture
def verdict(connection):
    """Return a function that tells what readers read of data whose newest report is so many days old."""

    def verdict(newest_report_days=0, is_empty=False):
        connection.execute(
            "update mart.data_status set is_empty = %s,"
            " newest_report_date = (now() at time zone 'America/Chicago')::date - %s::integer",
            (is_empty, newest_report_days),
        )
        [row] = connection.execute("select verdict from mart.freshness").fetchall()
        return row["verdict"]

    return verdict


@pytest.mark.parametrize(
    ("loads", "newest_report_days", "expected"),
    [
        ([("good", 1, "published")], 1, "On time"),
        ([("good", 35, "unchanged")], 14, "On time"),
        ([("good", 36, "published")], 1, "Late: no load has ended well for 36 hours"),
        ([("good", 1, "published")], 15, "Late: the newest report is 15 days old"),
        ([("good", 1, "published")], None, "Not known: no report has a date"),
        ([("good", 2, "published"), ("bad", 1, "failed")], 1, "The last load ended failed"),
        ([("good", 40, "published"), ("bad", 1, "blocked")], 1, "Late: no load has ended well for 40 hours"),
        ([("bad", 1, "failed")], 1, "Not known: no load is recorded that ended well"),
        ([], 1, "Not known: no load is recorded that ended well"),
    ],
)
def test_data_are_on_time_only_if_a_load_ended_well_and_reports_are_new(
    record, verdict, loads, newest_report_days, expected
):
    for load in loads:
        record(*load)

    assert verdict(newest_report_days) == expected


def test_an_empty_warehouse_is_not_called_late(verdict):
    assert verdict(is_empty=True) == "No data yet"


def test_a_report_that_was_edited_and_then_removed_keeps_its_changes(connection, record):
    """Its edits name its district as old and new, and it has no row any more."""
    record("edits", 2)
    record("removes", 1)
    connection.execute(CRIME, (2, "b"))
    edits = {
        "council_district": {"old": 3, "new": 4},
        "occurred_date": {"old": None, "new": "2024-05-01"},
        "crime_type": {"old": "DWI", "new": "THEFT"},
    }
    gone = {"crime_type": "THEFT", "council_district": 4, "occurred_date": "2024-05-01", "incident_id": 1}
    for load, incident, change, differences in (
        ("edits", 1, "edited", Jsonb(edits)),
        ("edits", 2, "added", None),
        ("removes", 1, "removed", Jsonb(gone)),
    ):
        connection.execute(
            "insert into ops.crime_changes (load_id, incident_id, change, differences) values (%s, %s, %s, %s)",
            (load, incident, change, differences),
        )

    rows = connection.execute(
        "select load_id, incident_id, change, crime_type, council_district, column_name, old_value, new_value"
        " from mart.changes order by load_id, incident_id, column_name"
    ).fetchall()

    assert [tuple(row.values()) for row in rows] == [
        ("edits", 1, "edited", None, None, "council_district", "3", "4"),
        ("edits", 1, "edited", None, None, "crime_type", "DWI", "THEFT"),
        ("edits", 1, "edited", None, None, "occurred_date", None, "2024-05-01"),
        ("edits", 2, "added", "THEFT", 9, None, None, None),
        ("removes", 1, "removed", "THEFT", 4, None, None, None),
    ]


def test_what_a_load_that_did_not_publish_would_have_changed_is_not_shown(connection, record):
    record("blocked", 1, "blocked")
    connection.execute(
        "insert into ops.crime_changes (load_id, incident_id, change) values ('blocked', 1, 'added')"
    )

    assert connection.execute("select * from mart.changes").fetchall() == []
