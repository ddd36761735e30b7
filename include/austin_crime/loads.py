"""The one slot for a load: claimed by plan, kept by signs of life, freed at the end."""

import logging
from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from austin_crime import config, contract
from austin_crime.warehouse.connection import Connection as Connection
from austin_crime.warehouse.connection import Row as Row
from austin_crime.warehouse.connection import connect

log = logging.getLogger(__name__)

warehouse = connect


class LoadRefused(Exception):
    """The load may not start or go on; trying the same step again cannot help."""


class LoadEnded(LoadRefused):
    """The load, or this attempt of it, is no longer the running one; what it wrote since does not count."""


def claim_slot(load_id: str, orchestrator: str, parameters: Row) -> Row:
    """Start a load, or the next attempt of one, and return its row of ``ops.loads``.

    Raises
    ------
    LoadRefused
        If another load runs, this one has ended well already, or the warehouse belongs to another portal.
    """
    with warehouse() as connection:
        free_abandoned_slot(connection)
        refuse_other_portal(connection)
        old = connection.execute("select status from ops.loads where load_id = %s", (load_id,)).fetchone()
        if old and old["status"] in ("published", "unchanged"):
            raise LoadRefused(f"Load {load_id} has ended already ({old['status']}): trigger a new run.")
        try:
            for table in ("check_results", "reconciliations", "column_profiles"):  # of an earlier attempt
                connection.execute(f"delete from ops.{table} where load_id = %s", (load_id,))
            return insert_load(connection, load_id, orchestrator, parameters)
        except psycopg.errors.UniqueViolation:
            connection.rollback()
            raise LoadRefused(refusal(connection)) from None


def insert_load(connection: Connection, load_id: str, orchestrator: str, parameters: Row) -> Row:
    """Insert the load as running, or make its next attempt the running one."""
    row = connection.execute(
        """
        insert into ops.loads (
            load_id, attempt, status, orchestrator, source_url, rules_version, parameters, planned_against,
            started_at, last_seen_at
        )
        values (%(load_id)s, 1, 'running', %(orchestrator)s, %(source_url)s, %(rules_version)s, %(parameters)s,
            (select load_id from ops.loads where status = 'published' order by finished_at desc limit 1),
            now(), now())
        on conflict (load_id) do update set
            attempt = loads.attempt + 1, status = 'running', parameters = excluded.parameters,
            planned_against = excluded.planned_against, rules_version = excluded.rules_version,
            last_seen_at = now(), finished_at = null, message = null
        returning *
        """,
        {
            "load_id": load_id,
            "orchestrator": orchestrator,
            "source_url": config.source_url(),
            "rules_version": contract.RULES_VERSION,
            "parameters": Jsonb(parameters),
        },
    ).fetchone()
    assert row is not None, "insert … returning gives a row"  # noqa: S101 (for the type checker)
    return row


def free_abandoned_slot(connection: Connection) -> None:
    """End a running load that gave no sign of life for ABANDONED_AFTER_S and drop what it staged."""
    abandoned = connection.execute(
        """
        update ops.loads set status = 'abandoned', finished_at = now(),
            message = 'No sign of life for ' || %(after_s)s / 60 || ' minutes: abandoned. Trigger a new run.'
        where status = 'running' and last_seen_at < now() - make_interval(secs => %(after_s)s)
        returning load_id
        """,
        {"after_s": config.ABANDONED_AFTER_S},
    ).fetchone()
    if abandoned:
        log.warning("load %s gave no sign of life and is abandoned", abandoned["load_id"])
        clear_staging(connection)


def clear_staging(connection: Connection) -> None:
    """Empty every table of the schema staging that is not; an empty one would be made and synced anew."""
    tables = connection.execute(
        "select string_agg(oid::regclass::text, ', ') as names from pg_class"
        " where relnamespace = 'staging'::regnamespace and relkind = 'r' and pg_relation_size(oid) > 0"
    ).fetchall()[0]
    if tables["names"]:
        connection.execute(f"truncate {tables['names']}")


def refuse_other_portal(connection: Connection) -> None:
    """Refuse a source URL other than the one that the warehouse's published data came from."""
    status = connection.execute("select source_url from mart.data_status").fetchone()
    if status and status["source_url"] not in (None, config.source_url()):
        raise LoadRefused(
            f"This warehouse holds data of {status['source_url']}, and AUSTIN_CRIME_SOURCE_URL is "
            f"{config.source_url()}: a warehouse belongs to one portal. Use another warehouse "
            "(AUSTIN_CRIME_WAREHOUSE_URL) for this portal, or set AUSTIN_CRIME_SOURCE_URL back."
        )


def refusal(connection: Connection) -> str:
    """Say which load runs and how to end it."""
    other = connection.execute(
        "select load_id, orchestrator, started_at, last_seen_at from ops.loads where status = 'running'"
    ).fetchone()
    if other is None:
        return "Another load ended just now: trigger a new run."
    return (
        f"Load {other['load_id']} ({other['orchestrator']}) is running since {other['started_at']:%Y-%m-%d %H:%M:%S %Z},"
        f" last sign of life {other['last_seen_at']:%H:%M:%S}: one load at a time. Wait for it; without a sign of life for"
        f" {config.ABANDONED_AFTER_S // 60} minutes it is abandoned by itself. To end one that was killed at once, in the"
        f" warehouse: update ops.loads set status = 'failed', finished_at = now() where load_id = '{other['load_id']}';"
    )


def running_load(connection: Connection, load: Mapping[str, Any]) -> Row:
    """Return the load's row, record a sign of life, and keep other attempts from beginning until the commit.

    Parameters
    ----------
    load
        With its ``load_id`` and ``attempt``.

    Raises
    ------
    LoadEnded
        If this attempt of the load is no longer the running one.
    """
    row = connection.execute(
        "update ops.loads set last_seen_at = clock_timestamp()"
        " where load_id = %s and attempt = %s and status = 'running' returning *",
        (load["load_id"], load["attempt"]),
    ).fetchone()
    if row is None:
        raise LoadEnded(
            f"Load {load['load_id']}, attempt {load['attempt']}, is no longer the running one: trigger a new run."
        )
    return row


def give_sign_of_life(load: Mapping[str, Any]) -> None:
    """Record that the load is alive; LoadEnded if it is no longer the running one."""
    with warehouse() as connection:
        running_load(connection, load)


def message(load_id: str) -> str:
    """Return what a load says of itself, its status if it has no message."""
    with warehouse() as connection:
        row = connection.execute(
            "select coalesce(message, status) as message from ops.loads where load_id = %s", (load_id,)
        ).fetchone()
    return str(row["message"]) if row else f"There is no load {load_id}."


def fail_load(load_id: str, message: str) -> None:
    """Free the slot of a load that failed, or that a check blocked; a load that has ended stays as it is."""
    with warehouse() as connection:
        blocking = connection.execute(
            "select string_agg(message, ' ' order by check_name) as messages from ops.check_results"
            " where load_id = %s and severity = 'block' and status = 'failed'",
            (load_id,),
        ).fetchone()
        blocked = blocking["messages"] if blocking else None
        connection.execute(
            "update ops.loads set status = %s, message = %s, finished_at = now()"
            " where load_id = %s and status = 'running'",
            ("blocked" if blocked else "failed", blocked or message, load_id),
        )
