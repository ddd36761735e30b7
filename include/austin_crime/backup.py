"""Back up the warehouse: ``python -m austin_crime.backup``.

A backup is one file in pg_dump's custom format, ``<backups>/<database>-<time>.dump``. It has the schemas mart and ops, with comments
and grants, as of one moment; the schema staging is made anew by the next load. It appears under its name once it is complete.
"""

import logging
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from threading import Thread
from typing import IO, cast

from upath import UPath

from austin_crime import config
from austin_crime.errors import AustinCrimeError, BackupFailed, WarehouseUnfit
from austin_crime.landing import files
from austin_crime.warehouse import programs
from austin_crime.warehouse.connection import SETTINGS, Connection, connect

SCHEMAS = ("mart", "ops")
# Without these a file is no backup of a warehouse.
EXPECTED = ("TABLE DATA mart crimes", "TABLE DATA ops loads")
# What a backup that was killed leaves in a folder is removed when it is older than any backup takes.
UNFINISHED_S = 24 * 60 * 60


def root() -> UPath:
    """Return the folder or object store of the backups."""
    return files.place(config.backup_url())


def existing(database: str) -> list[UPath]:
    """Return a database's backups, oldest first."""
    folder = root()
    if not folder.exists():
        return []
    name = re.compile(re.escape(database) + r"-[0-9]{8}T[0-9]{6}Z\.dump")
    return sorted(
        (path for path in folder.iterdir() if name.fullmatch(path.name)), key=lambda path: path.name
    )


def back_up(dry_run: bool = False) -> str:
    """Write a backup, read it back, remove those that are too many, and return that in a sentence.

    Raises
    ------
    ProgramMissing
        If there is no pg_dump or pg_restore of the server's version.
    BackupFailed
        If pg_dump fails, or pg_restore cannot read what it wrote. Older backups stay.
    """
    with connect() as connection:
        refuse_unmigrated(connection)
        database, major = connection.info.dbname, connection.info.server_version // 10_000
    dump, restore = programs.find("pg_dump", major), programs.find("pg_restore", major)
    path = root() / f"{database}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.dump"
    if dry_run:
        kept = [*existing(database), path]
        return f"Backup: would write {path}. {_prune(kept, dry_run)}"
    _write(path, dump)
    check(path, restore)
    return f"Backup: wrote {path}, {path.stat().st_size:,} bytes. {_prune(existing(database), dry_run)}"


def refuse_unmigrated(connection: Connection) -> None:
    """Raise WarehouseUnfit if the database holds no warehouse."""
    if connection.execute("select to_regclass('ops.loads') as name").fetchall()[0]["name"] is None:
        raise WarehouseUnfit(
            f"The database {connection.info.dbname} has no tables of a warehouse: expected one with loads. Run a load first."
        )


def _write(path: UPath, dump: str) -> None:
    """Write a backup as pg_dump sends it."""
    conninfo, environment = programs.login()
    schemas = [f"--schema={schema}" for schema in SCHEMAS]
    command = [
        dump,
        "--format=custom",
        *schemas,
        "--no-password",
        f"--lock-wait-timeout={SETTINGS['lock_timeout']}",
    ]
    with (
        tempfile.TemporaryFile() as errors,
        files.write_whole(path) as file,
        subprocess.Popen(
            [*command, f"--dbname={conninfo}"], stdout=subprocess.PIPE, stderr=errors, env=environment
        ) as process,
    ):
        shutil.copyfileobj(cast(IO[bytes], process.stdout), file, files.CHUNK_BYTES)
        if process.wait():
            raise BackupFailed(f"pg_dump failed, and no backup was written: {said(errors)}")


def check(path: UPath, restore: str) -> None:
    """Raise BackupFailed unless pg_restore lists a warehouse's tables in a backup."""
    with tempfile.TemporaryFile() as errors, reading(path, [restore, "--list"], errors) as process:
        contents = cast(IO[bytes], process.stdout).read().decode(errors="replace")
        if process.wait() or not all(entry in contents for entry in EXPECTED):
            raise BackupFailed(
                f"{path} cannot be restored: expected a backup of a warehouse, written by pg_dump. {said(errors)}".rstrip()
            )


@contextmanager
def reading(path: UPath, command: list[str], errors: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program of PostgreSQL on a backup, which it reads from its standard input."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors) as process:
        feeding = Thread(target=_feed, args=(path, process.stdin))
        feeding.start()
        try:
            yield process
        except BaseException:
            process.kill()
            raise
        finally:
            feeding.join()


def _feed(path: UPath, pipe: IO[bytes]) -> None:
    """Write a file into a pipe, and close it; its reader may end before, once it has read enough."""
    with suppress(BrokenPipeError), pipe, path.open("rb") as file:
        shutil.copyfileobj(file, pipe, files.CHUNK_BYTES)


def said(errors: IO[bytes]) -> str:
    """Return what a program wrote to its standard error, on one line."""
    errors.seek(0)
    return " ".join(errors.read().decode(errors="replace").split())


def _prune(backups: list[UPath], dry_run: bool) -> str:
    """Remove all but the newest backups, and what killed ones left; return that in a sentence."""
    extra = [path for path in backups[: -config.keep_backups()] if path.exists()]
    extra += [path for path, age_s in _unfinished() if age_s > UNFINISHED_S]
    size = sum(path.stat().st_size for path in extra)
    if not dry_run:
        for path in extra:
            path.unlink()
    verb = "Would remove" if dry_run else "Removed"
    return f"{verb} {len(extra)} older files, {size:,} bytes; the newest {config.keep_backups()} backups are kept."


def _unfinished() -> Iterator[tuple[UPath, float]]:
    """Yield the unfinished backups of a folder with their age in seconds; an object store has none."""
    folder = root()
    if folder.protocol in files.WITH_RENAMING and folder.exists():
        for path in folder.glob("*.dump.part"):
            yield path, datetime.now(UTC).timestamp() - path.stat().st_mtime


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        config.check()
        print(back_up())
    except AustinCrimeError as error:
        raise SystemExit(str(error)) from error
