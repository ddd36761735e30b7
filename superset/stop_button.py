"""The button that stops a query in SQL Lab, for a login that may not look at other sessions.

Superset's own way looks the session up in pg_stat_activity and ends it, for which the reader has no right.
"""

from typing import Any


def cancel_query(cls: type, cursor: Any, query: Any, cancel_query_id: str) -> bool:
    """Cancel the statement of a session of the same login, and return whether there was one."""
    cursor.execute("select pg_cancel_backend(%s)", (int(cancel_query_id),))
    return bool(cursor.fetchone()[0])


def install() -> None:
    """Have Superset stop PostgreSQL's queries this way."""
    from superset.db_engine_specs.postgres import PostgresEngineSpec

    PostgresEngineSpec.cancel_query = classmethod(cancel_query)
