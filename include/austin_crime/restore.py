"""Restore a backup of the warehouse: ``python -m austin_crime.restore <backup> [--confirm <database>]``.

The tables of mart and ops are replaced in one transaction: a restore that fails or is killed leaves them as they were. Then
migrations that the backup lacks are applied, and readers get their rights.
"""

import argparse
import logging
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from typing import IO, cast

from upath import UPath

from austin_crime import backup, config, steps
from austin_crime.errors import AustinCrimeError, RestoreRefused
from austin_crime.landing import files
from austin_crime.warehouse import migrations, programs, slot
from austin_crime.warehouse.connection import Connection, connect

NAMES_SHOWN = 12
# Whoever reads a table lets go of it within a minute; the limit for readers sees to that.
BEGIN = b"begin; set local lock_timeout = '2min'; drop schema if exists staging, mart, ops cascade;\n"


def find(name: str) -> UPath:
    """Return a backup by its name below the backups, its path, or its address.

    Raises
    ------
    RestoreRefused
        If there is none, with the names of those that are there.
    """
    paths = [files.place(name) if "://" in name else UPath(name), backup.root() / name] if name else []
    for path in paths:
        if path.is_file():
            return path
    said = f"There is no backup {name!r}." if name else "Name a backup, as in: make restore FROM=<name>."
    folder = backup.root()
    names = sorted((path.name for path in folder.iterdir()), reverse=True) if folder.exists() else []
    raise RestoreRefused(f"{said} In {folder}, newest first: {', '.join(names[:NAMES_SHOWN]) or 'none'}.")


def content(connection: Connection) -> str:
    """Return what a restore would replace, in words; empty if the warehouse has neither reports nor loads.

    Raises
    ------
    RestoreRefused
        If a load is running.
    """
    table = connection.execute("select to_regclass('ops.loads') as name").fetchall()[0]
    if table["name"] is None:
        return ""
    slot.free_abandoned_slot(connection)
    if connection.execute("select 1 from ops.loads where status = 'running'").fetchone():
        raise RestoreRefused(f"Nothing was restored. {slot.refusal(connection)}")
    counts = connection.execute(
        "select (select count(*) from mart.crimes) as report_count, (select count(*) from ops.loads) as load_count"
    ).fetchall()[0]
    if not any(counts.values()):
        return ""
    return f"{counts['report_count']:,} reports and {counts['load_count']:,} loads"


def restore(path: UPath) -> str:
    """Replace the warehouse by a backup, and return that in a sentence.

    Raises
    ------
    RestoreRefused
        If the server has no reader's role, or PostgreSQL refuses the backup. The warehouse is as it was.
    """
    with connect() as connection:
        database, major = connection.info.dbname, connection.info.server_version // 10_000
        if not connection.execute("select 1 from pg_roles where rolname = 'austin_crime_reader'").fetchone():
            raise RestoreRefused(
                "The server has no role austin_crime_reader, which a backup gives rights to: start the stack with it once, or create"
                " the role as docs/runbook.md says."
            )
    reader = programs.find("pg_restore", major)
    backup.check(path, reader)
    _replace(path, reader, programs.find("psql", major))
    migrations.migrate(config.warehouse_url())
    with connect() as connection:
        return f"Restored {path} into the database {database}: {content(connection) or 'no reports'}."


def _replace(path: UPath, reader: str, writer: str) -> None:
    """Run a backup's statements in one transaction, which is committed when the last byte of the backup was read."""
    conninfo, environment = programs.login()
    # Without --no-owner a backup could only go to a server with a role of the same name.
    command = [reader, "--file=-", "--no-owner"]
    psql = [writer, "--no-psqlrc", "--quiet", "--output=/dev/null", "--set=ON_ERROR_STOP=1", "--no-password"]
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            [*psql, f"--dbname={conninfo}"], stdin=subprocess.PIPE, stderr=errors, env=environment
        ) as session,
        backup.reading(path, command, errors) as process,
    ):
        statements, sent = cast(IO[bytes], process.stdout), cast(IO[bytes], session.stdin)
        # A session that ended has said why. Without the commit it changes nothing, whatever else ends.
        with suppress(BrokenPipeError):
            sent.write(BEGIN)
            shutil.copyfileobj(statements, sent, files.CHUNK_BYTES)
            if process.wait() == 0:
                sent.write(b"commit;\n")
        with suppress(BrokenPipeError):
            sent.close()
        statements.close()
        if session.wait() or process.wait():
            raise RestoreRefused(
                f"{path} was not restored, and the warehouse is as it was: {backup.said(errors)}"
            )


def main(arguments: list[str] | None = None) -> None:
    """Say what a restore replaces, ask for the database's name, and restore."""
    parser = argparse.ArgumentParser(
        prog="python -m austin_crime.restore", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("backup", help="its name in the folder of backups, its path, or its address")
    parser.add_argument("--confirm", default="", help="the name of the database that may lose its data")
    given = parser.parse_args(arguments)
    try:
        config.check()
        path = find(given.backup)
        with connect() as connection:
            replaced, database = content(connection), connection.info.dbname
        if replaced:
            question = f"{database} has {replaced}, which {path.name} replaces. Type {database} to go on: "
            typed = given.confirm or input(question)
            if typed.strip() != database:
                raise RestoreRefused(f"Nothing was restored: expected {database!r}, got {typed!r}.")
        print(restore(path))
        print(steps.refresh_dashboards())
    except AustinCrimeError as error:
        sys.exit(str(error))
    except (EOFError, KeyboardInterrupt):
        sys.exit("\nNothing was restored.")


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    main()
