"""The project's own aggregates, for contenders that are not the project: the same SQL, the same work."""

from typing import Any

from austin_crime import config

# The aggregates ask for the day of the newest report, which is none after the day of the running load.
BEGIN = """
insert into ops.loads (load_id, attempt, status, orchestrator, source_url, rules_version, parameters, started_at, last_seen_at)
values ('benchmark', 1, 'running', 'python', 'http://portal', 1, '{}', now(), now())
"""


def build(cursor: Any) -> None:
    """Fill every aggregate from the view staging.crimes_next; the cursor may be psycopg's or psycopg2's."""
    cursor.execute(BEGIN)
    # Some contenders have dropped these with the view that they read.
    cursor.execute("drop view if exists staging.first_day, staging.reference_months, staging.newest_report")
    for name in ("newest_report", "windows"):
        cursor.execute((config.SQL_DIR / "staging" / f"{name}.sql").read_text())
    for table in config.AGGREGATES:
        cursor.execute((config.SQL_DIR / "aggregates" / f"{table}.sql").read_text())
