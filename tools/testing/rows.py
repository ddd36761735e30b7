"""Rows that a load leaves, for tests that begin after the step which writes them."""

from austin_crime.warehouse.connection import Connection


def add_check_result(
    connection: Connection,
    name: str = "any",
    severity: str = "block",
    status: str = "passed",
    load_id: str = "test",
) -> None:
    """Add the result of a check: one that passed opens the gate of a load."""
    connection.execute(
        "insert into ops.check_results (load_id, check_name, severity, status, message, checked_at)"
        " values (%s, %s, %s, %s, %s, '2024-06-01')",
        (load_id, name, severity, status, f"{name} says {status}."),
    )


def count_held(connection: Connection) -> None:
    """Write to ``staging.held_months`` how many reports ``mart.crimes`` has by month, as a plan does."""
    connection.execute("delete from staging.held_months")
    connection.execute(
        "insert into staging.held_months select source_month, count(*) from mart.crimes group by source_month"
    )
