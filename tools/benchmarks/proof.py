"""Whether all contenders ended with the same data."""

from typing import Any

from austin_crime import config
from benchmarks.errors import BenchmarkError
from benchmarks.surroundings import Surroundings

# Of what every contender has: its columns as the aggregates read them, each in a sum that nothing but equal values gives.
SUMS = """
    select
        count(*) as row_count,
        sum(incident_id) as incident_ids,
        sum(hashtext(crime_type)::bigint) as crime_types,
        sum(occurred_date - date '2000-01-01') as occurred_dates,
        sum(occurred_month - date '2000-01-01') as occurred_months,
        sum((occurred_hour + 1) * (incident_id % 1000)) as occurred_hours,
        sum(reported_date - date '2000-01-01') as reported_dates,
        sum(council_district * (incident_id % 1000)) as council_districts,
        sum(ascii(clearance_status) * (incident_id % 1000)) as clearance_statuses
    from staging.crimes_next
"""
# It depends on the day of the running load, and contenders have no load.
OF_A_LOAD = "crimes_per_report_lag"
TOTALS = " union all ".join(
    f"select '{table}' as aggregate, count(*) as row_count, sum(report_count) as report_count from {{schema}}.{table}"
    for table in config.AGGREGATES
    if table != OF_A_LOAD
)


def sums(where: Surroundings, warehouse: str) -> tuple[Any, ...]:
    """Return the number of rows of a warehouse, and sums that tell its data from others."""
    with where.superuser(warehouse) as connection:
        return connection.execute(SUMS).fetchall()[0]


def totals(where: Surroundings, warehouse: str) -> list[tuple[Any, ...]]:
    """Return rows and reports of each aggregate, wherever the contender has left it."""
    with where.superuser(warehouse) as connection:
        published = connection.execute("select not is_empty from mart.data_status").fetchall()[0][0]
        query = TOTALS.format(schema="mart" if published else "staging")
        return sorted(connection.execute(query.encode()).fetchall())


def demand_equal(contender: str, expected: Any, came: Any) -> None:
    """Raise BenchmarkError unless a contender ended with what was expected."""
    if expected != came:
        raise BenchmarkError(
            f"{contender} ended with other data than ours, so that its time means nothing: expected {expected}, got {came}."
        )
