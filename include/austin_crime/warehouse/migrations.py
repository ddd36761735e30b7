"""Bring a warehouse to the newest schema: numbered SQL files, each applied once, in order."""

import logging

import psycopg

from austin_crime import config

log = logging.getLogger(__name__)

# Any fixed number: two orchestrators that start at once must not migrate at once.
MIGRATION_LOCK = 20030101


def migrate(url: str) -> list[str]:
    """Apply the migrations that the warehouse lacks, then the reader's grants, in one transaction.

    Parameters
    ----------
    url
        Address of the warehouse with the owner's login.

    Returns
    -------
    list of str
        Names of the files applied now.
    """
    with psycopg.connect(url) as connection:
        connection.execute("select pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
        connection.execute(
            "create table if not exists public.schema_migrations"
            " (name text primary key, applied_at timestamptz not null default now())"
        )
        applied = {name for (name,) in connection.execute("select name from public.schema_migrations")}
        missing = [
            path for path in sorted((config.SQL_DIR / "schema").glob("*.sql")) if path.name not in applied
        ]
        for path in missing:
            connection.execute(path.read_bytes())
            connection.execute("insert into public.schema_migrations (name) values (%s)", (path.name,))
            log.info("applied migration %s", path.name)
        # Granting anew waits for readers and writers, and for a load that publishes: only where something is missing.
        lacking = connection.execute((config.SQL_DIR / "grants_missing.sql").read_bytes()).fetchone()
        if missing or lacking != (0,):
            connection.execute((config.SQL_DIR / "grants.sql").read_bytes())
    return [path.name for path in missing]
