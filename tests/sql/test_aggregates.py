import subprocess

import pytest

from austin_crime import config
from austin_crime.load import check, publish
from austin_crime.models import Load
from testing.rows import add_check_result, count_held

EXPECTED = {
    "crimes_per_year": [
        # occurred_year, report_count, with_status_count, cleared_count, clearance_rate_pct, with_status_pct, is_complete
        (2023, 2, 2, 1, 50, 100, True),
        (2024, 2, 1, 1, 100, 50, False),
        (None, 1, 0, 0, None, 0, False),
    ],
    "crimes_per_hour": [
        # occurred_hour, report_count, report_pct, default_time_count
        (0, 2, 40, 1),
        (23, 1, 20, 0),
        (None, 2, 40, 0),
    ],
    "top_crimes": [
        # crime_rank, crime_type, report_count, report_pct, with_status_count, cleared_count, clearance_rate_pct
        (1, "THEFT", 3, 60, 3, 2, pytest.approx(66.67)),
        (2, "DWI", 1, 20, 0, 0, None),
        (3, None, 1, 20, 0, 0, None),
    ],
    "crimes_per_area": [
        (1, "District 1", 1, 20, 0, 0, None, {}),
        (9, "District 9", 2, 40, 2, 1, 50, {}),
        (None, "No district", 2, 40, 1, 1, 100, None),
    ],
    "crimes_per_month": [
        ("2023-05-01", "THEFT", 9, 2, 2, 1),
        ("2024-05-01", "DWI", 1, 1, 0, 0),
        ("2024-05-01", "THEFT", None, 1, 1, 1),
        (None, None, None, 1, 0, 0),
    ],
    "crime_groups": [
        # crime_type, crime_group, crime_class, rule_rank, report_count
        ("DWI", "Alcohol and impaired driving", "Other", 40, 1),
        ("THEFT", "Theft", "Against property", 140, 3),
        (None, "Not grouped yet", "Not grouped yet", None, 1),
    ],
    "crimes_per_day": [
        ("2023-05-01", "Theft", 9, 1, 1, 0),
        ("2023-05-31", "Theft", 9, 1, 1, 1),
        ("2024-05-01", "Theft", None, 1, 1, 1),
        ("2024-05-02", "Alcohol and impaired driving", 1, 1, 0, 0),
        (None, "Not grouped yet", None, 1, 0, 0),
    ],
    "crimes_per_month_and_group": [
        ("2023-05-01", "Theft", 9, 2, 2, 1),
        ("2024-05-01", "Alcohol and impaired driving", 1, 1, 0, 0),
        ("2024-05-01", "Theft", None, 1, 1, 1),
        (None, "Not grouped yet", None, 1, 0, 0),
    ],
    "crimes_per_weekday_hour": [
        # occurred_month, occurred_weekday, occurred_hour, is_default_time, report_count
        ("2023-05-01", 1, 0, True, 1),
        ("2023-05-01", 3, 0, False, 1),
        ("2024-05-01", 3, None, False, 1),
        ("2024-05-01", 4, 23, False, 1),
        (None, None, None, False, 1),
    ],
    "crimes_per_report_lag": [(False, None, 5)],
    "crime_counts": [
        ("2023-05-01", "THEFT", "Theft", 9, 1, 1, 0),
        ("2023-05-31", "THEFT", "Theft", 9, 1, 1, 1),
        ("2024-05-01", "THEFT", "Theft", None, 1, 1, 1),
        ("2024-05-02", "DWI", "Alcohol and impaired driving", 1, 1, 0, 0),
        (None, None, "Not grouped yet", None, 1, 0, 0),
    ],
}


MONTHS = """
insert into staging.months (source_month, kind, reason, is_mostly_new, portal_count, newest_count)
values ('2024-05-01', 'whole', '', false, 3, 0), ('2025-01-01', 'vanished', '', false, 0, 0);
"""


@pytest.fixture(autouse=True)
def cube(connection):
    """Build what other aggregates read, and plan the newest month."""
    connection.execute(MONTHS)
    count_held(connection)
    connection.execute((config.SQL_DIR / "aggregates" / f"{config.AGGREGATES[0]}.sql").read_bytes())


def rows_of(connection, table):
    """Return a staging table's rows in order, dates as text and numerics as floats."""
    rows = connection.execute(f"select * from staging.{table} order by 1, 2").fetchall()
    return [tuple(plain(value) for value in row.values()) for row in rows]


def plain(value):
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return float(value) if type(value).__name__ == "Decimal" else value


@pytest.mark.parametrize("table", config.AGGREGATES)
def test_an_aggregate_counts_every_report_once_and_running_it_twice_changes_nothing(connection, table):
    statement = (config.SQL_DIR / "aggregates" / f"{table}.sql").read_bytes()

    connection.execute(statement)
    once = rows_of(connection, table)
    connection.execute(statement)

    assert once == EXPECTED[table]
    assert rows_of(connection, table) == once


def test_the_aggregates_files_also_run_under_psql(committed, warehouse):
    from local_stack.provisioning.postgres import binary

    committed.execute(MONTHS)
    files = [f"--file={config.SQL_DIR / 'aggregates' / table}.sql" for table in config.AGGREGATES]
    subprocess.run(
        [binary("psql"), warehouse.owner_url, "-v", "ON_ERROR_STOP=1", "-q", *files],
        check=True,
        capture_output=True,
    )

    assert {table: rows_of(committed, table) for table in config.AGGREGATES} == EXPECTED


@pytest.mark.parametrize("table", ["crimes", *config.AGGREGATES])
def test_a_staging_table_has_the_columns_of_its_mart_table_in_the_same_order(connection, table):
    def columns(schema):
        rows = connection.execute(
            "select column_name, data_type from information_schema.columns"
            " where table_schema = %s and table_name = %s and column_name <> 'batch_id' order by ordinal_position",
            (schema, table),
        )
        return [tuple(row.values()) for row in rows]

    assert columns("mart") == columns("staging")


@pytest.mark.parametrize(
    "mistyped",
    ["date '2024-06-02'", "date '2103-05-03'", "date '2024-05-31'"],
    ids=["tomorrow", "in 2103", "a lone date"],
)
def test_a_mistyped_report_date_neither_becomes_the_newest_report_nor_completes_the_running_year(
    connection, mistyped
):
    connection.execute(
        "insert into staging.crimes (incident_id, crime_type, occurred_date, occurred_month, reported_date,"
        " source_row_id, source_updated_at, batch_id)"
        " select n, 'THEFT', date '2023-12-31' - n, date_trunc('month', date '2023-12-31' - n), date '2023-12-31' - n,"
        " 'more ' || n, '2024-06-01', 'b' from generate_series(100, 299) as n"
    )
    connection.execute(
        "update staging.crimes set reported_date = least(reported_date, '2023-09-01'),"
        " reported_at = least(reported_date, '2023-09-01') + time '08:00'"
    )
    connection.execute(
        f"update staging.crimes set reported_date = {mistyped}, reported_at = {mistyped} where incident_id = 1"
    )
    connection.execute("insert into staging.batches values ('b', '{}', 205, 205, '{}')")
    connection.execute("update staging.months set newest_updated_at = '2024-06-01'")
    connection.execute(
        "insert into staging.months (source_month, kind, reason, is_mostly_new, portal_count,"
        " newest_updated_at, newest_count)"
        " select '1990-01-01', 'skipped', '', false, (select count(*) from staging.crimes_next) - sum(portal_count),"
        " '2024-06-01', 0"
        " from staging.months"
    )
    for table in config.AGGREGATES:
        connection.execute((config.SQL_DIR / "aggregates" / f"{table}.sql").read_bytes())
    with connection.transaction():
        check.profile(connection)
    connection.execute("begin")

    add_check_result(connection)
    publish.publish(connection, Load(load_id="test", attempt=1, has_work=True))

    status = connection.execute(
        "select newest_report_date::text, newest_report_at::date::text from mart.data_status"
    )
    assert [tuple(row.values()) for row in status] == [("2023-09-01", "2023-09-01")]
    incomplete = connection.execute(
        "select occurred_year from mart.crimes_per_year where not is_complete order by 1"
    )
    assert [row["occurred_year"] for row in incomplete] == [2023, 2024, None]
    profiled = connection.execute(
        "select newest_date::text from ops.column_profiles where newest_date is not null"
    )
    assert profiled.fetchall() == [{"newest_date": "2023-09-01"}]


def test_counts_are_by_day_in_the_last_24_months_and_by_month_before(connection):
    connection.execute("truncate staging.crimes")
    connection.execute(
        "insert into staging.crimes (incident_id, occurred_date, occurred_month, reported_date, source_month,"
        " source_row_id, source_updated_at, batch_id)"
        " select row_number() over (), days, date_trunc('month', days), '2024-05-20', '2024-05-01', days::text, now(), 'b'"
        " from unnest(array['2022-04-10', '2022-04-30', '2022-05-01', '2022-05-02', '2024-05-19']::date[]) as days"
    )
    for table in (config.AGGREGATES[0], "crime_counts"):
        connection.execute((config.SQL_DIR / "aggregates" / f"{table}.sql").read_bytes())

    rows = [(row[0], row[4]) for row in rows_of(connection, "crime_counts")]

    assert rows == [("2022-04-01", 2), ("2022-05-01", 1), ("2022-05-02", 1), ("2024-05-19", 1)]
