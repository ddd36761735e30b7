"""Publish a checked load in one transaction: readers see the old version or the new one."""

import logging
from typing import LiteralString

from psycopg import sql

from austin_crime import config
from austin_crime.errors import LoadRefused, StagingIncomplete
from austin_crime.load import check
from austin_crime.models import Load, RunningLoad
from austin_crime.warehouse import slot
from austin_crime.warehouse.connection import Connection
from austin_crime.warehouse.statements import assigned, columns_of, fill, listed, read, table_name

log = logging.getLogger(__name__)

CRIMES = "mart.crimes"
KEY = "incident_id"
# The key, and the columns that change in every row when the portal rewrites the dataset.
NOT_CONTENT = {KEY, "source_row_id", "source_updated_at"}
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
# Large tables, and which of their rows may differ from the staged ones: comparing takes longer than counting.
# Each on one line, for the template names it in a comment, too.
MAY_DIFFER: dict[str, LiteralString] = {
    "crimes_per_day": (
        "(occurred_date is null"
        " or exists (select from staging.counted_anew where counted_anew.table_name = 'crimes_per_day')"
        " or occurred_date in (select count_changes.occurred_date from staging.count_changes"
        " where count_changes.occurred_date is not null))"
    )
}

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
        _publish_or_fill(connection, table)
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
    slot.clear_staging(connection)
    connection.commit()
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
    find_changes(connection)
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


def find_changes(connection: Connection) -> None:
    """List what publishing adds, edits and removes, in the temporary tables ``changed`` and ``removed``."""
    content = [column for column in columns_of(connection, CRIMES) if column not in NOT_CONTENT]
    connection.execute(
        fill(
            "load/find_changes.sql",
            staged_content=listed(content, "staged"),
            held_content=listed(content, "held"),
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


def _publish_or_fill(connection: Connection, table: str) -> None:
    """Make a table of mart equal to the one staged: an empty one is filled, of a large one only some rows are compared.

    Its key stays: a second table that readers are locked out of could deadlock with a reader of both.
    """
    published, staged = f"mart.{table}", f"staging.{table}"
    if connection.execute(f"select exists (select from {published}) as held").fetchall()[0]["held"]:
        _publish_table(connection, published, staged, MAY_DIFFER.get(table, "true"))
    else:
        connection.execute(fill("load/publish_empty_table.sql", **_names(connection, published, staged)))


def _publish_table(
    connection: Connection, published: str, staged: str, condition: LiteralString = "true"
) -> None:
    """Make the rows of a table that meet a condition equal to those of another, row by row; equal rows stay untouched."""
    names = _names(connection, published, staged)
    connection.execute(fill("load/publish_table.sql", **names, condition=sql.SQL(condition)))


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
    if counts["staged_count"] != counts["expected_count"] or counts["wrong_aggregate_count"] > 0:
        raise StagingIncomplete(
            f"Staged {counts['staged_count']} of {counts['expected_count']} reports, and"
            f" {counts['wrong_aggregate_count']} aggregates do not add up. Nothing was published; trigger a"
            " new run."
        )


def refresh_statistics(connection: Connection) -> None:
    """Update the planner's statistics; without them it takes ten districts for hundreds, and sorts to join them."""
    for table in ("crimes", "data_status", "council_districts", "district_populations", *config.AGGREGATES):
        connection.execute(f"analyze mart.{table}")
