"""Sessions of the warehouse: all have the same settings, whatever the environment, the role or the database sets.

Settings are local to each transaction, because that works behind a connection pooler in transaction mode (pgbouncer): it refuses
the start-up parameter ``options``, and a ``set`` outside of a transaction would end up in another client's session. For the same
reason nothing is prepared on the server, and no lock and no temporary table outlives its transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg import pq, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import RowFactory, dict_row

from austin_crime import config
from austin_crime.errors import WarehouseUnfit, WarehouseUnreachable

if TYPE_CHECKING:
    import adbc_driver_postgresql.dbapi

Connection = psycopg.Connection[dict[str, Any]]
AnyRow = TypeVar("AnyRow")

OLDEST_SERVER = 15
UNREACHABLE = "Look at the warehouse's server, at AUSTIN_CRIME_WAREHOUSE_URL, and at variables of libpq such as PGSSLMODE."
# Where the address does not say otherwise. An empty `options` keeps PGOPTIONS and those of a service file out, an empty
# `hostaddr` a PGHOSTADDR that would lead to another server than the address names.
START_UP = {
    "options": "",
    "hostaddr": "",
    "application_name": "austin_crime",
    "connect_timeout": config.CONNECT_TIMEOUT_S,
}
SETTINGS = {
    "client_encoding": "UTF8",
    "standard_conforming_strings": "on",
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    # How rows are written as JSON depends on it.
    "timezone": "UTC",
    "extra_float_digits": "1",
    # SQL files name every schema; temporary tables are found without one.
    "search_path": "pg_catalog, pg_temp",
    "work_mem": config.WORK_MEMORY,
    "maintenance_work_mem": config.WORK_MEMORY,
    # Long enough for the whole history on a slow disk; a lock that is never released ends the step.
    "statement_timeout": "1h",
    "lock_timeout": "10min",
    "idle_in_transaction_session_timeout": "15min",
}


class SessionCursor(psycopg.Cursor[AnyRow]):
    """A cursor whose transaction begins with the session's settings."""

    def execute(self, *args: Any, **kwargs: Any) -> SessionCursor[AnyRow]:
        """Execute a statement."""
        self._begin()
        super().execute(*args, **kwargs)
        return self

    def executemany(self, *args: Any, **kwargs: Any) -> None:
        """Execute a statement with each of several parameters."""
        self._begin()
        super().executemany(*args, **kwargs)

    def _begin(self) -> None:
        connection = self.connection
        if not connection.autocommit and connection.info.transaction_status == pq.TransactionStatus.IDLE:
            super().execute("; ".join(_settings_statements(connection.info.server_version)))


@contextmanager
def connect(url: str | None = None) -> Iterator[Connection]:
    """Connect to the warehouse; commit at the end of the block, roll back on an error.

    Raises
    ------
    WarehouseUnreachable
        If there is no connection, with libpq's reason.
    WarehouseUnfit
        If the server is too old, or the database is not in UTF-8.
    """
    with open_session(dict_row, url) as connection:
        yield connection


def open_session(row_factory: RowFactory[AnyRow], url: str | None = None) -> psycopg.Connection[AnyRow]:
    """Return a session that the caller commits and closes; for what brings its own care of that, as Airflow's hooks do."""
    try:
        connection = psycopg.connect(
            address(url), row_factory=row_factory, cursor_factory=SessionCursor, prepare_threshold=None
        )
    except psycopg.OperationalError as error:
        reason = str(error).splitlines()[0].removesuffix(".")
        raise WarehouseUnreachable(f"{reason}. {UNREACHABLE}") from error
    try:
        connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        _refuse_unfit(connection.info)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def connect_arrow() -> Iterator[adbc_driver_postgresql.dbapi.Connection]:
    """Connect with the driver that copies Arrow tables; the caller commits.

    It sends UTF-8 whatever the session's encoding, so a session with another encoding would store garbled text.

    Raises
    ------
    WarehouseUnfit
        If the session's encoding is not UTF-8.
    """
    import adbc_driver_postgresql.dbapi

    with adbc_driver_postgresql.dbapi.connect(address()) as connection:
        with connection.cursor() as cursor:
            for statement in _settings_statements():
                cursor.execute(statement)
            cursor.execute("select current_setting('client_encoding') as client_encoding")
            [encoding] = cursor.fetchone()
        if encoding != "UTF8":
            raise WarehouseUnfit(
                f"A session of the warehouse has the encoding {encoding}: expected UTF8. Remove client_encoding from the settings of"
                " its database or role."
            )
        yield connection


def _settings_statements(server_version: int = 0) -> list[str]:
    """Return the statements that give the transaction that has just begun the session's settings.

    Not by ``set_config``, which a reader may not call.
    """
    # New in PostgreSQL 17; a role can have a default for it.
    further = {"transaction_timeout": "0"} if server_version >= 170000 else {}
    # A list of names such as search_path takes no quotes around all of it.
    return [
        f"set local {name} = {value if name == 'search_path' else sql.quote(value)}"
        for name, value in (SETTINGS | further).items()
    ]


def address(url: str | None = None) -> str:
    """Return the connection string; libpq's variables and a service file only fill in what it leaves open."""
    parameters: dict[str, Any] = START_UP | conninfo_to_dict(url or config.warehouse_url())
    return make_conninfo(**(parameters | {"client_encoding": "UTF8"}))


def _refuse_unfit(info: psycopg.ConnectionInfo) -> None:
    """Raise WarehouseUnfit unless the server and its database can hold the data; sends no query."""
    if info.server_version < OLDEST_SERVER * 10_000:
        raise WarehouseUnfit(
            f"The warehouse {info.dbname} is on PostgreSQL {info.server_version // 10_000}: expected {OLDEST_SERVER} or newer."
            " Upgrade the server, or name another one in AUSTIN_CRIME_WAREHOUSE_URL."
        )
    encoding = info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise WarehouseUnfit(
            f"The database {info.dbname} has the encoding {encoding}: expected UTF8, in which the reports are written. Run"
            f" create database austin_crime owner \"{info.user}\" encoding 'UTF8' template template0;"
            " and name it in AUSTIN_CRIME_WAREHOUSE_URL."
        )
