"""Sample portals for tests: the same reports are generated once a process, and copied for every test that changes them."""

import tempfile
from datetime import date
from functools import cache
from pathlib import Path

from sample_portal.data.databases import connect
from sample_portal.data.store import Store

FOLDER = tempfile.TemporaryDirectory(prefix="austin-crime-portals-")


def portal_of(reports: int, seed: int = 1, until: date = date(2024, 6, 1)) -> Store:
    """Return a store in memory of a test's own."""
    connection = connect()
    connection.execute(f"attach '{generated(reports, seed, until)}' as generated (read_only)")
    connection.execute("copy from database generated to memory")
    connection.execute("detach generated")
    return Store(connection, "present")


@cache
def generated(reports: int, seed: int, until: date) -> Path:
    """Return a database of generated reports."""
    folder = Path(FOLDER.name) / f"{reports}-{seed}-{until}"
    folder.mkdir()
    Store.generate(reports, seed, until, folder=folder).close()
    [database] = folder.iterdir()
    return database
