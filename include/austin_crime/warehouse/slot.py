"""The one slot for a load: claimed by plan, kept by heartbeats, freed at the end."""

import logging
from typing import Any

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from austin_crime import config, contract, values
from austin_crime.errors import LoadEnded, LoadRefused, WarehouseUnfit, WarehouseUnreachable
from austin_crime.models import Load, RunningLoad
from austin_crime.warehouse import alerts
from austin_crime.warehouse.connection import Connection, connect

log = logging.getLogger(__name__)

# A load that waits for a person's decision gives no heartbeats.
WAITING = """
    select decisions.waits_until from ops.decisions as decisions
    where decisions.load_id = loads.load_id and decisions.attempt = loads.attempt and decisions.decision is null
        and decisions.waits_until > now()
"""
# Tables with the results of an attempt, which the next attempt replaces.
RESULT_TABLES = ("check_results", "reconciliations", "column_profiles", "received_files", "built_tables")
RUNNING_LOAD = "load_id, attempt, planned_against, parameters"


def claim_slot(load_id: str, orchestrator: str, parameters: dict[str, Any]) -> RunningLoad:
    """Start a load, or the next attempt of one, and commit.

    Raises
    ------
    LoadRefused
        If another load is running, this one has been published or found unchanged already, or the warehouse belongs to another
        portal.
    """
    with connect() as connection:
        free_abandoned_slot(connection)
        refuse_other_portal(connection)
        earlier = connection.execute("select status from ops.loads where load_id = %s", (load_id,)).fetchone()
        if earlier and earlier["status"] in ("published", "unchanged"):
            raise LoadRefused(f"Load {load_id} has ended already ({earlier['status']}): trigger a new run.")
        try:
            for table in RESULT_TABLES:
                connection.execute(f"delete from ops.{table} where load_id = %s", (load_id,))
            return _insert_load(connection, load_id, orchestrator, parameters)
        except psycopg.errors.UniqueViolation:
            connection.rollback()
            raise LoadRefused(refusal(connection)) from None


def _insert_load(
    connection: Connection, load_id: str, orchestrator: str, parameters: dict[str, Any]
) -> RunningLoad:
    """Insert the load as running, or make its next attempt the running one."""
    cursor = connection.cursor(row_factory=class_row(RunningLoad))
    cursor.execute(
        f"""
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
        returning {RUNNING_LOAD}
        """,
        {
            "load_id": load_id,
            "orchestrator": orchestrator,
            "source_url": config.source_url(),
            "rules_version": contract.RULES_VERSION,
            "parameters": Jsonb(parameters),
        },
    )
    return cursor.fetchall()[0]


def free_abandoned_slot(connection: Connection) -> None:
    """End a running load that sent no heartbeat for ABANDONED_AFTER_S and drop what it staged."""
    abandoned = connection.execute(
        f"""
        update ops.loads set status = 'abandoned', finished_at = now(),
            message = 'No heartbeat for ' || %(after_s)s / 60 || ' minutes: abandoned. Trigger a new run.'
        where status = 'running' and last_seen_at < now() - make_interval(secs => %(after_s)s)
            and not exists ({WAITING})
        returning load_id
        """,
        {"after_s": config.ABANDONED_AFTER_S},
    ).fetchone()
    if abandoned:
        log.warning("Load %s sent no heartbeat and is abandoned.", abandoned["load_id"])
        clear_staging(connection)


def clear_staging(connection: Connection) -> None:
    """Truncate the tables of the schema staging that are not empty; truncating an empty one would cost a new file."""
    tables = connection.execute(
        "select string_agg(oid::regclass::text, ', ') as names from pg_class"
        " where relnamespace = 'staging'::regnamespace and relkind = 'r' and pg_relation_size(oid) > 0"
    ).fetchall()[0]
    if tables["names"]:
        connection.execute(f"truncate {tables['names']}")


def refuse_other_portal(connection: Connection) -> None:
    """Raise LoadRefused if the published data came from another portal than the configured one."""
    status = connection.execute("select source_url from mart.data_status").fetchone()
    if status and status["source_url"] not in (None, config.source_url()):
        raise LoadRefused(
            f"This warehouse holds data of {status['source_url']}, and AUSTIN_CRIME_SOURCE_URL is "
            f"{config.source_url()}: a warehouse belongs to one portal. Use another warehouse "
            "(AUSTIN_CRIME_WAREHOUSE_URL) for this portal, or set AUSTIN_CRIME_SOURCE_URL back."
        )


def refusal(connection: Connection) -> str:
    """Return a message that names the running load and says how to end it."""
    other = connection.execute(
        f"select load_id, orchestrator, started_at, last_seen_at, ({WAITING}) as waits_until from ops.loads"
        " where status = 'running'"
    ).fetchone()
    if other is None:
        return "Another load ended just now: trigger a new run."
    if other["waits_until"]:
        what = (
            f"waits for a person's decision until {other['waits_until']:%Y-%m-%d %H:%M:%S %Z}: one load at a time. Decide at"
            f" the gate of its run in {other['orchestrator']}, and start this load again. To end a waiting load whose run is"
            " gone,"
        )
    else:
        what = (
            f"has been running since {other['started_at']:%Y-%m-%d %H:%M:%S %Z}, last heartbeat {other['last_seen_at']:%H:%M:%S}: one load at a time. Wait for it; without"
            f" a heartbeat for {config.ABANDONED_AFTER_S // 60} minutes it is abandoned by itself. To end one that was"
            " killed at once,"
        )
    return (
        f"Load {other['load_id']} ({other['orchestrator']}) {what} in the warehouse: update ops.loads set status = 'failed',"
        f" finished_at = now() where load_id = '{other['load_id']}';"
    )


def running_load(connection: Connection, load: Load | RunningLoad) -> RunningLoad:
    """Return the load's row, record a heartbeat, and lock it, so that no other attempt begins before the commit.

    Raises
    ------
    LoadEnded
        If this attempt of the load is no longer the running one, with what ended it.
    """
    cursor = connection.cursor(row_factory=class_row(RunningLoad))
    cursor.execute(
        "update ops.loads set last_seen_at = clock_timestamp()"
        f" where load_id = %s and attempt = %s and status = 'running' returning {RUNNING_LOAD}",
        (load.load_id, load.attempt),
    )
    row = cursor.fetchone()
    if row is None:
        raise LoadEnded(_what_ended(connection, load))
    return row


def _what_ended(connection: Connection, load: Load | RunningLoad) -> str:
    """Return a message that says why an attempt of a load is no longer the running one."""
    row = connection.execute(
        "select attempt, status, message from ops.loads where load_id = %s", (load.load_id,)
    ).fetchone()
    if row is None:
        return f"The warehouse has no load {load.load_id}: trigger a new run."
    if row["attempt"] != load.attempt:
        return (
            f"Load {load.load_id}, attempt {load.attempt}, is no longer the running one: attempt {row['attempt']} has begun"
            " since."
        )
    newer = connection.execute(
        "select load_id, status from ops.loads"
        " where started_at > (select started_at from ops.loads where load_id = %s) order by started_at desc limit 1",
        (load.load_id,),
    ).fetchone()
    since = f" Since then load {newer['load_id']} has begun ({newer['status']})." if newer else ""
    return (
        f"Load {load.load_id}, attempt {load.attempt}, is no longer the running one: trigger a new run."
        f" It is {row['status']}: {row['message']}{since}"
    )


def give_sign_of_life(load: Load | RunningLoad) -> None:
    """Record that the load is alive and commit; LoadEnded if it is no longer the running one."""
    with connect() as connection:
        running_load(connection, load)


def message(load_id: str) -> str:
    """Return the outcome of a load in a sentence, or its status if it has no message."""
    with connect() as connection:
        row = connection.execute(
            "select coalesce(message, status) as message from ops.loads where load_id = %s", (load_id,)
        ).fetchone()
    return str(row["message"]) if row else f"There is no load {load_id}."


def fail_load(load_id: str, message: str) -> None:
    """Mark a running load as failed, or as blocked by its checks, which frees the slot, and commit.

    If the warehouse cannot be reached, that is logged, so that it does not hide the failure that ended the load.
    """
    try:
        with connect() as connection:
            # A load that failed before the tables existed has no row.
            if _is_migrated(connection):
                _end_failed(connection, load_id, message)
                if alerts.is_there(connection):
                    alerts.note_failed_run(connection, load_id, message)
    except (psycopg.OperationalError, WarehouseUnreachable, WarehouseUnfit) as failure:
        log.warning(
            "Load %s could not be recorded as failed (%s): its slot is free again after %s minutes.",
            load_id,
            str(failure).strip(),
            config.ABANDONED_AFTER_S // 60,
        )


def is_running(load_id: str) -> bool:
    """Whether a load holds the slot."""
    with connect() as connection:
        return bool(
            _is_migrated(connection)
            and connection.execute(
                "select from ops.loads where load_id = %s and status = 'running'", (load_id,)
            ).rowcount
        )


def _end_failed(connection: Connection, load_id: str, message: str) -> None:
    """End a running load as failed, or as blocked if a check blocks it."""
    blocking = connection.execute(
        "select string_agg(message, ' ' order by check_name) as messages from ops.check_results"
        " where load_id = %s and severity = 'block' and status = 'failed'",
        (load_id,),
    ).fetchall()[0]["messages"]
    connection.execute(
        "update ops.loads set status = %s, message = %s, finished_at = now()"
        " where load_id = %s and status = 'running'",
        ("blocked" if blocking else "failed", blocking or values.holdable(message), load_id),
    )


def _is_migrated(connection: Connection) -> bool:
    row = connection.execute("select to_regclass('ops.check_results')::text as name").fetchall()[0]
    return row["name"] is not None
