import subprocess

import pytest

from austin_crime import config

EXPECTED = {
    "crimes_per_year": [
        # occurred_year, report_count, with_status_count, cleared_count, clearance_rate_pct, with_status_pct, is_complete
        (2023, 2, 2, 1, 50, 100, True),
        (2024, 2, 1, 1, 100, 50, False),
        (None, 1, 0, 0, None, 0, False),
    ],
    "crimes_per_hour": [(0, 2, 40), (23, 1, 20), (None, 2, 40)],
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
}


@pytest.fixture(autouse=True)
def cube(connection):
    """Build what other aggregates read, and plan the newest month."""
    connection.execute(
        "insert into staging.months (source_month, kind, reason, is_mostly_new, portal_count, newest_count)"
        " values ('2024-05-01', 'whole', '', false, 3, 0), ('2025-01-01', 'vanished', '', false, 0, 0)"
    )
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


@pytest.mark.parametrize("table", config.AGGREGATES)
def test_an_aggregates_file_also_runs_under_psql(connection, warehouse, table):
    from local_stack.provisioning.postgres import binary

    path = config.SQL_DIR / "aggregates" / f"{table}.sql"
    subprocess.run(
        [binary("psql"), warehouse.owner_url, "-v", "ON_ERROR_STOP=1", "-qf", path],
        check=True,
        capture_output=True,
    )

    assert rows_of(connection, table) == EXPECTED[table]


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
