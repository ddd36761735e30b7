"""What keeps the pipeline's house: a backup, and by age the files as received and the details of loads.

Each function is a task of the DAG ``austin_crime_maintenance``; ``python -m austin_crime.maintenance [--dry-run]`` calls them all. Each
returns in one line what it removed, or would remove in a dry run. Killed at any point and called again, it goes on. A load may run
meanwhile: nothing that it uses is removed.
"""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from austin_crime import config
from austin_crime.errors import AustinCrimeError, ReplayRefused

if TYPE_CHECKING:
    from psycopg import sql
    from upath import UPath

    from austin_crime.warehouse.connection import Connection

log = logging.getLogger(__name__)

# The rules stand in include/sql/maintenance, one file a table; docs/runbook.md has them in words, and why other tables keep all rows.
# Loads go last: what names a load keeps it.
BY_AGE = ("check_results", "reconciliations", "column_profiles", "built_tables")


def back_up(dry_run: bool = False) -> str:
    """Back the warehouse up with pg_dump, read the backup's contents back, and remove backups that are too many."""
    from austin_crime import backup

    config.check()
    return _told(backup.back_up(dry_run))


def clean_landing(dry_run: bool = False) -> str:
    """Delete files as received that are older than AUSTIN_CRIME_KEEP_DAYS, and no load needs for a replay.

    Raises
    ------
    ReplayRefused
        If the landing cannot be replayed as it is. Nothing is deleted.
    """
    from austin_crime.landing import files, record

    config.check()
    try:
        records = record.read_records()
        needed = record.choose_loads(records) if any(one.published for one in records.values()) else []
    except ReplayRefused as error:
        raise ReplayRefused(
            f"Nothing was removed from the landing. {error} A load with full_reload begins a new history, too."
        ) from error
    kept = {one.folder.path for one in needed} | _running_folders()
    oldest = datetime.now(UTC) - timedelta(days=config.keep_days())
    file_count = byte_count = folder_count = 0
    for folder, details in _attempts(files.root()).items():
        if folder in kept or max(_changed_at(one) for one in details) >= oldest:
            continue
        folder_count += 1
        file_count += len(details)
        byte_count += sum(one["size"] for one in details)
        if not dry_run:
            _delete_attempt(folder)
    return _told(
        f"Landing: {_verb(dry_run)} {file_count:,} files, {byte_count:,} bytes, of {folder_count:,} attempts older than"
        f" {config.keep_days()} days. A replay needs {len(needed):,} loads"
        + (f", from {needed[0].load_id} on." if needed else ".")
    )


def _running_folders() -> set[str]:
    """Return the landing folders of the running load, each attempt."""
    from austin_crime.landing import files
    from austin_crime.warehouse.connection import connect

    with connect() as connection:
        rows = connection.execute(
            "select load_id, attempt from ops.loads where status = 'running'"
        ).fetchall()
    return {
        files.folder(row["load_id"], attempt).path for row in rows for attempt in range(1, row["attempt"] + 1)
    }


def _attempts(root: UPath) -> dict[str, list[dict[str, Any]]]:
    """Return what the landing's listing says of each file, by the folder of its attempt."""
    attempts: dict[str, list[dict[str, Any]]] = {}
    if root.exists():
        for path, details in root.fs.find(root.path, detail=True).items():
            folder, _, _ = path.rpartition("/")
            if folder.rpartition("/")[2].isdigit():
                attempts.setdefault(folder, []).append(details)
    return attempts


def _changed_at(details: dict[str, Any]) -> datetime:
    """Return when a file was written: a folder's listing says it in seconds, that of S3 as a time."""
    if "LastModified" in details:
        moment: datetime = details["LastModified"]
        return moment
    return datetime.fromtimestamp(details["mtime"], UTC)


def _delete_attempt(folder: str) -> None:
    """Delete the folder of an attempt, and that of its load if nothing else is in it."""
    from austin_crime.landing import files, record

    path = files.root().joinpath(*folder.split("/")[-2:])
    record.forget(path)
    if path.protocol in files.WITH_RENAMING and not any(path.parent.iterdir()):
        path.parent.rmdir()


def clean_history(dry_run: bool = False) -> str:
    """Delete the details of loads that are older than AUSTIN_CRIME_KEEP_DAYS; what changed in the data stays."""
    from psycopg import sql

    from austin_crime.warehouse.connection import connect
    from austin_crime.warehouse.statements import fill

    config.check()
    with connect() as connection:
        days = sql.Literal(config.keep_days())
        connection.execute(fill("maintenance/old_loads.sql", days=days))
        removed = {table: _delete(connection, table) for table in BY_AGE}
        changes_days = config.keep_changes_days()
        if changes_days:
            removed["crime_changes"] = _delete(connection, "crime_changes", days=sql.Literal(changes_days))
        removed["loads"] = _delete(connection, "loads", days=days, unnamed=_unnamed(connection))
        if dry_run:
            connection.rollback()
    parts = [
        f"{rows:,} rows ({size:,} bytes) of ops.{table}" for table, (rows, size) in removed.items() if rows
    ]
    return _told(
        f"History: {_verb(dry_run)} {', '.join(parts) or 'no rows'}, older than {config.keep_days()} days."
    )


def _delete(connection: Connection, table: str, **names: sql.Composable) -> tuple[int, int]:
    """Delete the rows that a table's rule names; return their number and their bytes."""
    from austin_crime.warehouse.statements import fill

    sizes = [row["byte_count"] for row in connection.execute(fill(f"maintenance/{table}.sql", **names))]
    return len(sizes), sum(sizes)


def _unnamed(connection: Connection) -> sql.Composable:
    """Return the condition that no row of another table of ops names a load, whatever tables there are."""
    from psycopg import sql

    rows = connection.execute(
        "select tables.relname as name from pg_class as tables inner join pg_attribute as columns on columns.attrelid = tables.oid"
        " where tables.relnamespace = 'ops'::regnamespace and tables.relkind = 'r' and columns.attname = 'load_id'"
        " and tables.relname <> 'loads' order by tables.relname"
    ).fetchall()
    return sql.SQL(" and ").join(
        sql.SQL("not exists (select from {} as named where named.load_id = gone.load_id)").format(
            sql.Identifier("ops", row["name"])
        )
        for row in rows
    )


def _verb(dry_run: bool) -> str:
    return "would remove" if dry_run else "removed"


def _told(sentence: str) -> str:
    """Write a sentence to the log, and return it."""
    log.info("%s", sentence)
    return sentence


def main(words: list[str]) -> int:
    """Do all of it, without Airflow; one that fails keeps no other from its work."""
    code = 0
    for function in (back_up, clean_landing, clean_history):
        try:
            print(function(words == ["--dry-run"]))
        except AustinCrimeError as error:
            print(error, file=sys.stderr)
            code = 1
    return code


if __name__ == "__main__":
    if sys.argv[1:] not in ([], ["--dry-run"]):
        sys.exit(f"Expected --dry-run or nothing, got {' '.join(sys.argv[1:])!r}. Nothing was removed.")
    sys.exit(main(sys.argv[1:]))
