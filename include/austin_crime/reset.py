"""Delete published data or landed files on purpose, and prove that the next load brings the data back.

A target is a table (``mart.top_crimes``), ``all tables``, ``landing``, a part of it (``landing/<load>[/<attempt>[/<file>]]``) or
``everything``: all tables, the landing, and the history of loads. Whoever deletes types the target twice.
"""

import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import sql

from austin_crime import config
from austin_crime.errors import AustinCrimeError, LoadRefused, ParameterError
from austin_crime.landing import files
from austin_crime.warehouse import migrations, slot
from austin_crime.warehouse.connection import SETTINGS, Connection, connect
from austin_crime.warehouse.statements import columns_of, fill, listed, read, table_name

log = logging.getLogger(__name__)

# A step of a running load holds its row for longer.
LOCK_TIMEOUT = "5s"
CRIMES = "mart.crimes"
TABLES = (CRIMES, *(f"mart.{name}" for name in config.AGGREGATES), "mart.council_districts")
ALL_TABLES, LANDING, EVERYTHING = "all tables", "landing", "everything"
REJECTED = "ops.rejected_reports"
# In the order in which foreign keys allow it. Resets themselves stay.
HISTORY = (
    "ops.check_results",
    "ops.decisions",
    "ops.reconciliations",
    "ops.column_profiles",
    "ops.crime_changes",
    "ops.received_files",
    "ops.built_tables",
    "ops.month_changes",
    "ops.change_ages",
    "ops.source_months",
    "ops.source_columns",
    "ops.loads",
)
# Columns that differ from load to load.
NOT_CONTENT = {"load_id"}
NOTICE = (
    "No data: {who} deleted them on {when:%Y-%m-%d at %H:%M} UTC. Open the DAG austin_crime_nightly in Airflow and press Trigger,"
    " or run: make load"
)


@dataclass(frozen=True)
class Preview:
    """What a reset would delete, for the person who confirms it."""

    target: str
    tables: tuple[str, ...]
    report_count: int
    file_count: int
    sentence: str


def read_target(parameters: Mapping[str, Any]) -> str:
    """Return the target that a person named and confirmed.

    Raises
    ------
    ParameterError
        If it was not typed twice.
    """
    target, typed = (str(parameters.get(name) or "").strip() for name in ("target", "confirm"))
    if typed != target:
        raise ParameterError(
            f"confirm: expected {target!r}, the target typed again, got {typed!r}. Nothing was deleted."
        )
    return target


def check_target(target: str) -> None:
    """Raise ParameterError unless a target names something that can be deleted."""
    if target in (*TABLES, ALL_TABLES, LANDING, EVERYTHING):
        return
    if target.startswith(f"{LANDING}/"):
        files.landed_path(target.removeprefix(f"{LANDING}/"))
        return
    raise ParameterError(
        f"target: expected one of {', '.join((ALL_TABLES, LANDING, EVERYTHING, *TABLES))}, or landing/ and a folder or file,"
        f" got {target!r}. Nothing was deleted."
    )


def preview(connection: Connection, target: str) -> Preview:
    """Return what a reset would delete; counts come from what loads recorded."""
    check_target(target)
    tables = tables_of(target)
    row = connection.execute("select report_count from mart.data_status").fetchone()
    report_count = int(row["report_count"]) if row else 0
    file_count = len(files.files_below(_path_of(target))) if _path_of(target) else 0
    parts = []
    if len(tables) == 1:
        parts.append(f"the table {tables[0]}")
    elif tables:
        parts.append(f"{len(tables)} tables")
    if CRIMES in tables:
        parts.append(f"{report_count:,} reports")
    if _path_of(target):
        parts.append(f"{file_count:,} landed files")
    if target == EVERYTHING:
        parts.append("the history of loads")
    effect = (
        "The dashboards will say that there is no data yet, until the next load brings all of it back."
        if CRIMES in tables
        else "Charts of this table will be empty until the next load, which builds it again."
        if tables
        else "The published data stay. A replay of these loads will not be possible any more."
    )
    return Preview(target, tables, report_count, file_count, f"This deletes {', '.join(parts)}. {effect}")


def tables_of(target: str) -> tuple[str, ...]:
    """Return the tables whose content a target deletes, apart from the history of loads."""
    if target in (ALL_TABLES, EVERYTHING):
        return (*TABLES, REJECTED)
    return (target,) if target in TABLES else ()


def _path_of(target: str) -> Any:
    """Return the folder or file of the landing that a target deletes, or None."""
    if target in (LANDING, EVERYTHING):
        return files.root()
    return files.landed_path(target.removeprefix(f"{LANDING}/")) if target.startswith(LANDING) else None


def delete(reset_id: str, target: str, started_by: str) -> str:
    """Delete a target, record what was there, and return what was done in a sentence; done once however often it is called.

    Files go before the record is committed: a reset that is killed in between is done again as a whole.

    Raises
    ------
    ParameterError
        If there is no such target.
    LoadRefused
        If a load is running. Nothing is deleted.
    """
    migrations.migrate(config.warehouse_url())
    with connect() as connection:
        _hold_loads(connection)
        sentence = (
            f"Deleted {target}. To bring the data back, run a load."
            if tables_of(target)
            else f"Deleted {target}."
        )
        if connection.execute("select 1 from ops.resets where reset_id = %s", (reset_id,)).fetchone():
            return sentence
        check_target(target)
        _empty_landing(target)
        _record(connection, reset_id, target, started_by)
        _empty_tables(connection, target, started_by)
    log.info("%s", sentence)
    return sentence


def _hold_loads(connection: Connection) -> None:
    """Keep loads from starting until the end of the transaction; LoadRefused if one is running, also while it holds a lock."""
    try:
        connection.execute(f"set local lock_timeout = '{LOCK_TIMEOUT}'")
        connection.execute("lock table ops.loads in share row exclusive mode")
    except psycopg.errors.LockNotAvailable as error:
        connection.rollback()
        raise LoadRefused(f"Nothing was deleted. {slot.refusal(connection)}") from error
    connection.execute(f"set local lock_timeout = '{SETTINGS['lock_timeout']}'")
    slot.free_abandoned_slot(connection)
    if connection.execute("select 1 from ops.loads where status = 'running'").fetchone():
        raise LoadRefused(f"Nothing was deleted. {slot.refusal(connection)}")


def _empty_landing(target: str) -> None:
    """Delete a target's files."""
    path = _path_of(target)
    if path:
        # The landing itself may be a bucket, or a folder that somebody mounted: only what is in it goes.
        for inner in path.iterdir() if path == files.root() and path.exists() else [path]:
            files.empty(inner)


def _record(connection: Connection, reset_id: str, target: str, started_by: str) -> None:
    """Record the reset, and the content of each table that it empties."""
    connection.execute(
        "insert into ops.resets (reset_id, target, started_by, report_count, reset_at)"
        " select %s, %s, %s, coalesce((select report_count from mart.data_status), 0), clock_timestamp()",
        (reset_id, target, started_by),
    )
    for table in tables_of(target):
        content = content_sum(connection, table)
        connection.execute(
            "insert into ops.reset_tables (reset_id, table_name, rows_before, sum_before) values (%s, %s, %s, %s)",
            (reset_id, table, content["row_count"], content["content_sum"]),
        )


def _empty_tables(connection: Connection, target: str, started_by: str) -> None:
    """Empty a target's tables; if the reports are among them, readers are told what to do."""
    tables = [*tables_of(target), *(HISTORY if target == EVERYTHING else ())]
    for table in tables:
        # Not truncated: that would wait for whoever reads, and keep others from reading meanwhile.
        connection.execute(sql.SQL("delete from {}").format(table_name(table)))
    if CRIMES in tables:
        notice = NOTICE.format(who=started_by, when=datetime.now(UTC))
        connection.execute(fill("reset/empty_status.sql", notice=sql.Literal(notice)))
    if target == EVERYTHING:
        connection.execute(read("reset/forget_portal.sql"))


def content_sum(connection: Connection, table: str) -> dict[str, Any]:
    """Return ``row_count`` and ``content_sum`` of a table."""
    columns = [column for column in columns_of(connection, table) if column not in NOT_CONTENT]
    statement = fill("reset/content_sum.sql", table=table_name(table), columns=listed(columns))
    return connection.execute(statement).fetchall()[0]


def compare(connection: Connection, load_id: str) -> None:
    """Record the content of the tables that were reset before a load that has just been published."""
    waiting = connection.execute(
        "select reset_id, table_name from ops.reset_tables inner join ops.resets using (reset_id)"
        " where restored_at is null and reset_at < (select finished_at from ops.loads where load_id = %s)",
        (load_id,),
    ).fetchall()
    resets = sorted({row["reset_id"] for row in waiting})
    for table in sorted({row["table_name"] for row in waiting}):
        content = content_sum(connection, table)
        connection.execute(
            "update ops.reset_tables set rows_after = %s, sum_after = %s where table_name = %s and reset_id = any(%s)",
            (content["row_count"], content["content_sum"], table, resets),
        )
    connection.execute(
        "update ops.resets set load_id = %s, restored_at = now() where reset_id = any(%s)", (load_id, resets)
    )


def main(arguments: Sequence[str]) -> None:
    """Say what a target deletes, ask for its name, and delete it."""
    target = " ".join(arguments).strip() or ALL_TABLES
    try:
        config.check()
        migrations.migrate(config.warehouse_url())
        with connect() as connection:
            print(preview(connection, target).sentence)
        typed = input(f"Type {target} to go on: ")
        if typed.strip() != target:
            sys.exit("Nothing was deleted.")
        print(delete(f"python__{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}", target, "python"))
    except AustinCrimeError as error:
        sys.exit(str(error))
    except (EOFError, KeyboardInterrupt):
        sys.exit("\nNothing was deleted.")


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    main(sys.argv[1:])
