"""Small tables that come from files of this repository, such as the groups of crime types: filled anew when a file changes."""

import hashlib

from austin_crime import config
from austin_crime.warehouse.connection import Connection


def version() -> str:
    """Return the version of the tables: a hash of their files."""
    parts = [path.read_bytes() for path in sorted((config.SQL_DIR / "reference").glob("*.sql"))]
    return f"reference {hashlib.sha256(b'|'.join(parts)).hexdigest()[:16]}"


def fill(connection: Connection) -> None:
    """Run each file, which replaces what its table holds."""
    for path in sorted((config.SQL_DIR / "reference").glob("*.sql")):
        connection.execute(path.read_bytes())
