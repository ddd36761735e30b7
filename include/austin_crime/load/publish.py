"""Publish a checked load in one transaction: readers see the old version or the new one."""

import logging

from psycopg import sql

from austin_crime import config
from austin_crime.errors import LoadRefused, StagingIncomplete
from austin_crime.load import build, check
from austin_crime.models import Load, RunningLoad
from austin_crime.warehouse import slot
from austin_crime.warehouse.connection import Connection
from austin_crime.warehouse.statements import assigned, columns_of, fill, key_of, listed, read, table_name

log = logging.getLogger(__name__)

CRIMES = "mart.crimes"
KEY = "incident_id"
# Statements that drop and create each index of a table, constraints included; the key comes first.
INDEXES = """
    select
        case when conname is null then format('drop index %%s', indexrelid::regclass)
            else format('alter table %%s drop constraint %%I', indrelid::regclass, conname) end as drop_statement,
        case when conname is null then pg_get_indexdef(indexrelid)
            else format('alter table %%s add constraint %%I %%s', indrelid::regclass, conname, pg_get_constraintdef(pg_constraint.oid))
            end as create_statement
    from pg_index
    left join pg_constraint on conindid = indexrelid and conrelid = indrelid
    where indrelid = %s::regclass
    order by conname is null, indexrelid
"""
# Two loads must not publish at once. A lock on a table that only publishing writes: an advisory lock could be taken by anybody.
LOCK = "lock table ops.source_months in share row exclusive mode"


def publish(connection: Connection, load: Load) -> str:
    """Publish the load and return what was done in a sentence.

    Raises
    ------
    LoadRefused
        If the load is no longer the running one, or another was published since it was planned.
    CheckBlocked
        If a check blocks it that nobody has accepted.
    StagingIncomplete
        If staged rows or aggregates are missing. Nothing is written.
    """
    connection.execute(LOCK)
    done = connection.execute(
        "select message from ops.loads where load_id = %s and status = 'published'", (load.load_id,)
    ).fetchone()
    if done:
        log.info("Load %s is published already. %s", load.load_id, done["message"])
        return str(done["message"])
    _refuse_stale_plan(connection, slot.running_load(connection, load))
    # Here, too: a person can mark the gate's task as successful.
    check.pass_gate(connection)
    refuse_incomplete_staging(connection)
    _publish_crimes(connection)
    connection.execute(read("load/record_month_changes.sql"))
    for table in (*config.AGGREGATES, "council_districts"):
        _publish_aggregate(connection, table)
    _publish_table(connection, "ops.rejected_reports", "staging.rejects_next")
    connection.execute(read("load/publish_status.sql"))
    done = connection.execute(
        "select message from ops.loads where load_id = %s and status = 'published'", (load.load_id,)
    ).fetchone()
    if done is None:
        raise StagingIncomplete(
            f"Load {load.load_id} was not marked as published, so nothing was committed. Look into"
            " ops.loads and mart.data_status, and trigger a new run."
        )
    _refuse_other_number(connection)
    is_counted_anew = not connection.execute("select 1 from staging.added_to").fetchall()
    slot.clear_staging(connection)
    connection.commit()
    if is_counted_anew:
        refresh_statistics(connection)
        connection.commit()
    log.info("%s", done["message"])
    return str(done["message"])


def _publish_crimes(connection: Connection) -> None:
    """Make ``mart.crimes`` equal to ``staging.crimes_next``."""
    columns = columns_of(connection, CRIMES)
    if not connection.execute("select exists (select from mart.crimes) as held").fetchall()[0]["held"]:
        _fill_crimes(connection, columns)
        return
    connection.execute(read("load/record_changes.sql"))
    connection.execute(read("load/record_change_ages.sql"))
    connection.execute(
        fill(
            "load/apply_changes.sql",
            columns=listed(columns),
            staged_columns=listed(columns, "staged"),
            assignments=assigned([column for column in columns if column != KEY], "staged"),
        )
    )


def _fill_crimes(connection: Connection, columns: list[str]) -> None:
    """Fill the empty ``mart.crimes``, then build its key and indexes: faster than row by row.

    The table is locked until the end of the transaction. Truncated in the same transaction, it needs no write-ahead log where
    the server's wal_level is minimal, and rows that were deleted by hand leave no gaps.
    """
    connection.execute("truncate mart.crimes")
    indexes = connection.execute(INDEXES, (CRIMES,)).fetchall()
    for index in indexes:
        connection.execute(index["drop_statement"])
    connection.execute(fill("load/publish_first.sql", columns=listed(columns)))
    for index in indexes:
        connection.execute(index["create_statement"])


def _publish_aggregate(connection: Connection, table: str) -> None:
    """Make a table of mart what is staged: an empty one is filled, others are added to or compared with it.

    Its key stays: a second table that readers are locked out of could deadlock with a reader of both.
    """
    published, staged = f"mart.{table}", f"staging.{table}"
    state = connection.execute(
        sql.SQL(
            "select exists (select from {}) as is_held,"
            " exists (select from staging.added_to where table_name = {} and is_built) as is_added_to"
        ).format(table_name(published), table)
    ).fetchall()[0]
    if state["is_added_to"]:
        _add(connection, published, staged, build.counts_of(connection, table))
    elif state["is_held"]:
        _publish_table(connection, published, staged)
    else:
        connection.execute(fill("load/publish_empty_table.sql", **_names(connection, published, staged)))


def _add(connection: Connection, published: str, staged: str, counts: list[str]) -> None:
    """Add staged counts to those of a published table; a row without reports goes."""
    sums = sql.SQL(", ").join(
        sql.SQL("{0} = held.{0} + excluded.{0}").format(sql.Identifier(name)) for name in counts
    )
    key = listed(key_of(connection, published))
    connection.execute(
        fill("load/publish_added.sql", **_names(connection, published, staged), key=key, sums=sums)
    )


def _publish_table(connection: Connection, published: str, staged: str) -> None:
    """Make a table equal to another, row by row; equal rows stay untouched."""
    connection.execute(fill("load/publish_table.sql", **_names(connection, published, staged)))


def _names(connection: Connection, published: str, staged: str) -> dict[str, sql.Composable]:
    """Return the names for a template that publishes a table."""
    return {
        "published": table_name(published),
        "staged": table_name(staged),
        "columns": listed(columns_of(connection, published)),
    }


def _refuse_stale_plan(connection: Connection, load: RunningLoad) -> None:
    """Raise LoadRefused if another load was published since this one was planned."""
    last = connection.execute(
        "select load_id from ops.loads where status = 'published' order by finished_at desc limit 1"
    ).fetchone()
    if (last["load_id"] if last else None) != load.planned_against:
        raise LoadRefused(
            f"Load {load.load_id} was planned against an older state: another load was published since. Trigger a new run."
        )


def refuse_incomplete_staging(connection: Connection) -> None:
    """Raise StagingIncomplete unless every batch is staged and every aggregate adds up, counted now."""
    counts = connection.execute(read("load/count_again.sql")).fetchall()[0]
    if (
        counts["staged_count"] != counts["expected_count"]
        or counts["wrong_aggregate_count"] > 0
        or counts["next_count"] != counts["portal_count"]
    ):
        raise StagingIncomplete(
            f"Staged {counts['staged_count']} of {counts['expected_count']} reports, {counts['wrong_aggregate_count']} aggregates"
            f" do not add up, and {counts['next_count']} reports would be held, rejected ones included, of"
            f" {counts['portal_count']} at the portal. Nothing was published; trigger a new run."
        )


def _refuse_other_number(connection: Connection) -> None:
    """Raise StagingIncomplete unless reports and rejects, as written, are as many as the portal has."""
    status = connection.execute("select * from mart.data_status").fetchall()[0]
    if status["report_count"] + status["rejected_count"] != status["portal_report_count"]:
        raise StagingIncomplete(
            f"Wrote {status['report_count']} reports and {status['rejected_count']} rejects of {status['portal_report_count']} at the"
            " portal, so nothing was committed. Trigger a new run; if it fails again, one with full_reload = true."
        )


def refresh_statistics(connection: Connection) -> None:
    """Update the planner's statistics; without them it takes ten districts for hundreds, and sorts to join them."""
    for table in ("crimes", "data_status", "council_districts", "district_populations", *config.AGGREGATES):
        connection.execute(f"analyze mart.{table}")
