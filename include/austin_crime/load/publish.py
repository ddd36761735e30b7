"""Publish a checked load in one transaction: readers see the old version or the new one."""

import logging

from austin_crime import config
from austin_crime.errors import LoadRefused, StagingIncomplete
from austin_crime.models import Load, RunningLoad
from austin_crime.warehouse import slot
from austin_crime.warehouse.connection import Connection

log = logging.getLogger(__name__)

# Any fixed number: two publishers must not write at once.
PUBLISH_LOCK = 20030102


def publish(connection: Connection, load: Load) -> str:
    """Publish the load and return what was done in a sentence.

    Raises
    ------
    LoadRefused
        If the load is no longer the running one, or another was published since it was planned.
    StagingIncomplete
        If staged rows or aggregates are not all there. Nothing is written.
    """
    connection.execute("select pg_advisory_xact_lock(%s)", (PUBLISH_LOCK,))
    done = connection.execute(
        "select message from ops.loads where load_id = %s and status = 'published'", (load.load_id,)
    ).fetchone()
    if done:
        log.info("already published: %s", done["message"])
        return str(done["message"])
    refuse_stale_plan(connection, slot.running_load(connection, load))
    refuse_incomplete_staging(connection)
    is_first = not connection.execute("select exists (select from mart.crimes) as held").fetchall()[0]["held"]
    crimes_sql = "publish_first.sql" if is_first else "publish_changes.sql"
    connection.execute((config.SQL_DIR / "load" / crimes_sql).read_bytes())
    connection.execute((config.SQL_DIR / "load" / "publish_rest.sql").read_bytes())
    done = connection.execute(
        "select message from ops.loads where load_id = %s and status = 'published'", (load.load_id,)
    ).fetchone()
    if done is None:
        raise StagingIncomplete(
            f"Load {load.load_id} was written and did not become the published one: nothing was committed. Look into"
            " ops.loads and mart.data_status, and trigger a new run."
        )
    slot.clear_staging(connection)
    connection.commit()
    refresh_statistics(connection)
    log.info("%s", done["message"])
    return str(done["message"])


def refuse_stale_plan(connection: Connection, load: RunningLoad) -> None:
    """Raise LoadRefused if another load was published since this one was planned."""
    last = connection.execute(
        "select load_id from ops.loads where status = 'published' order by finished_at desc limit 1"
    ).fetchone()
    if (last["load_id"] if last else None) != load.planned_against:
        raise LoadRefused(f"Load {load.load_id} was planned against an older state: trigger a new run.")


def refuse_incomplete_staging(connection: Connection) -> None:
    """Raise StagingIncomplete unless every batch is staged and every aggregate adds up, counted now."""
    counts = connection.execute((config.SQL_DIR / "load" / "count_again.sql").read_bytes()).fetchall()[0]
    if counts["staged_count"] != counts["expected_count"] or counts["wrong_aggregate_count"] > 0:
        raise StagingIncomplete(
            f"Staged {counts['staged_count']} of {counts['expected_count']} reports, and"
            f" {counts['wrong_aggregate_count']} aggregates do not add up: nothing was published; trigger a"
            " new run."
        )


def refresh_statistics(connection: Connection) -> None:
    """Give the planner fresh statistics; nothing depends on it."""
    for table in ("crimes", *config.AGGREGATES):
        connection.execute(f"analyze mart.{table}")
    connection.commit()
