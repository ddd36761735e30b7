"""Write the edition into a folder of its own, then let ``current`` point to it: a reader never sees half an edition."""

import logging
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from austin_crime import config
from austin_crime.edition import numbers, page, tables
from austin_crime.warehouse.connection import Connection, connect

log = logging.getLogger(__name__)

# In a folder that a person named, only what begins like this is ours to remove.
PREFIX, CURRENT = "austin-crime-edition-", "current"
# Long enough for whoever still reads the edition before, or still writes one.
KEPT_S = 60 * 60


def write_edition() -> str:
    """Write the edition of what is published now, and return what was done in a sentence; empty if no folder is set.

    A failure only warns: the data are published, and the edition before stays.
    """
    try:
        folder = config.edition_dir()
        return _write(folder) if folder else ""
    except Exception as error:
        # Whatever it is, it must not fail a load that is published.
        log.warning(
            "The public edition was not written, and the one before stays: %s. To write it again, run"
            " python -m austin_crime.edition, or the task refresh_dashboards.",
            error,
            exc_info=True,
        )
        return f"The public edition was not written: {error}"


def _write(folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=PREFIX, dir=folder))
    try:
        # Superset may be another user.
        new.chmod(0o755)
        with snapshot() as connection:
            found = numbers.read_numbers(connection)
            files = () if found.status.is_empty else tables.write_tables(connection, new, found.status)
        text = page.render(found, files)
        (new / "index.html").write_text(text, encoding="utf-8")
        _switch(folder, new)
    except BaseException:
        shutil.rmtree(new)
        raise
    _remove_old(folder, new)
    return f"Wrote the public edition: a page of {len(text.encode()) / 1e3:,.0f} kB and {len(files)} tables."


@contextmanager
def snapshot() -> Iterator[Connection]:
    """Connect to the warehouse; all that is read is of one moment, and nothing can be written."""
    with connect() as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        yield connection


def _switch(folder: Path, new: Path) -> None:
    """Let ``current`` point to the new edition, from one moment to the next."""
    link = folder / f"{new.name}.link"
    link.symlink_to(new.name)
    link.replace(folder / CURRENT)


def _remove_old(folder: Path, new: Path) -> None:
    """Remove editions that are no longer read, and what a killed process left."""
    for path in folder.glob(f"{PREFIX}*"):
        if path != new and path.lstat().st_mtime < time.time() - KEPT_S:
            path.unlink() if path.is_symlink() else shutil.rmtree(path)
