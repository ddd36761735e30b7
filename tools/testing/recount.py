"""What counting all reports would publish, beside what loads have published by adding what they change."""

from typing import Any

from austin_crime import config
from austin_crime.load import check
from austin_crime.warehouse import slot
from austin_crime.warehouse.connection import Connection, connect
from austin_crime.warehouse.statements import read

# A load that begins when the last published one did, and finds nothing to fetch.
BEGIN = """
    insert into ops.loads (
        load_id, attempt, status, orchestrator, source_url, rules_version, parameters, started_at, last_seen_at
    )
    select 'recount', 1, 'running', 'python', source_url, rules_version, '{}', started_at, now()
    from ops.loads where status = 'published' order by finished_at desc limit 1
"""
PLAN = """
    insert into staging.months (source_month, kind, reason, is_mostly_new, portal_count, newest_updated_at, newest_count)
    select source_month, 'skipped', '', false, portal_report_count, newest_updated_at, newest_count from ops.source_months;
    insert into staging.held_months select source_month, count(*) from mart.crimes group by source_month;
    insert into staging.council_districts select * from mart.council_districts;
"""
PROFILE = "select column_name, report_count, filled_count, newest_date, outside_count from ops.column_profiles where load_id = '{}'"


def differences() -> dict[str, list[Any]]:
    """Count every aggregate and the profile of columns from all reports, and return the rows that differ from what is published, by table.

    Nothing is kept of it.
    """
    with connect() as connection:
        [last] = connection.execute(
            "select load_id from ops.loads where status = 'published' order by finished_at desc limit 1"
        ).fetchall()
        slot.clear_staging(connection)
        connection.execute(BEGIN)
        connection.execute(PLAN)
        found = {}
        for table in config.AGGREGATES:
            connection.execute(read(f"aggregates/{table}.sql"))
            found[table] = _unequal(
                connection, f"select * from staging.{table}", f"select * from mart.{table}"
            )
        check.profile(connection)
        found["ops.column_profiles"] = _unequal(
            connection, PROFILE.format("recount"), PROFILE.format(last["load_id"])
        )
        connection.rollback()
        return {name: rows for name, rows in found.items() if rows}


def _unequal(connection: Connection, one: str, other: str) -> list[Any]:
    """Return the rows of one query that the other does not give, and the other way round."""
    statement = f"(({one}) except ({other})) union all (({other}) except ({one}))"
    return [tuple(row.values()) for row in connection.execute(statement.encode())]
