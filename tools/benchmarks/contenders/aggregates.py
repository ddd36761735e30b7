"""The project's own aggregates, for contenders that are not the project: the same SQL, the same work."""

from typing import Any

from austin_crime import config


def build(cursor: Any) -> None:
    """Fill every aggregate from the view staging.crimes_next; the cursor may be psycopg's or psycopg2's."""
    for table in config.AGGREGATES:
        cursor.execute((config.SQL_DIR / "aggregates" / f"{table}.sql").read_text())
