"""PostgreSQL's own programs: pg_dump, pg_restore and psql, in the major version of the warehouse's server."""

import os
import re
import shutil
import subprocess
from typing import Any

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from austin_crime import config
from austin_crime.errors import ProgramMissing
from austin_crime.warehouse.connection import address


def find(name: str, major: int) -> str:
    """Return the path of a program.

    Looked for in AUSTIN_CRIME_POSTGRES_PROGRAMS, where Debian puts the versions beside each other, and on the PATH.

    Raises
    ------
    ProgramMissing
        If none is of the server's major version: a dump of another version may not be restorable.
    """
    folders = [str(config.postgres_programs() or ""), f"/usr/lib/postgresql/{major}/bin", *os.get_exec_path()]
    others = []
    for folder in filter(None, folders):
        path = shutil.which(name, path=folder)
        if path:
            version = _version(path)
            if version == major:
                return path
            others.append(f"{path} of version {version}")
    raise ProgramMissing(
        f"{name} of PostgreSQL {major}, the version of the warehouse's server, is not installed (found:"
        f" {', '.join(dict.fromkeys(others)) or 'none'}). Install its client programs (Debian: postgresql-client-{major},"
        f" macOS: brew install postgresql@{major}), or name their folder in AUSTIN_CRIME_POSTGRES_PROGRAMS."
    )


def _version(path: str) -> int | None:
    """Return the major version of a program, such as 17 of ``pg_dump (PostgreSQL) 17.2``; None if it does not say."""
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"\) ([0-9]+)", said)
    return int(version[1]) if version else None


def login() -> tuple[str, dict[str, str]]:
    """Return the connection string of the warehouse, and an environment with the password, which a list of processes would show."""
    parameters: dict[str, Any] = conninfo_to_dict(address())
    password = parameters.pop("password", None)
    return make_conninfo(**parameters), os.environ | ({"PGPASSWORD": str(password)} if password else {})
