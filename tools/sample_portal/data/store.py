"""The reports that a sample portal serves, kept in DuckDB.

::

    store = Store.generate(reports=2000, seed=1, until=date(2026, 3, 7), form="present", folder=None)
    store = Store.from_file(path, updated_at=None)          # a JSON or CSV file in one of the two forms
    with server.running(store) as base_url: ...             # sample_portal.http.server, in a thread on a free port
    live.pass_week(store)                                   # publisher.live: ways in which the data change
    store.faults.add(Fault("429", retry_after_s=1))         # sample_portal.faults: what goes wrong on demand
    store.execute(sql, parameters)                          # rows of any query of DuckDB's
    store.request_count, store.requests                     # what was asked of /resource and /api since the start
    store.rows_updated_at, store.newest_stamp()

Table ``reports``: the columns of the form, and :id, :created_at, :updated_at, :version. A database in a folder keeps
what happened to it, so that a portal started again goes on where it ended.
"""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

import duckdb

from sample_portal.data import boundaries, files, generate
from sample_portal.data.databases import connect, kept_database
from sample_portal.data.datasets import (
    BOUNDARIES,
    BOUNDARIES_ID,
    REPORTS_ID,
    SENT,
    SYSTEM_COLUMNS,
    Column,
    Dataset,
    FormName,
    reports,
)
from sample_portal.faults import Faults

_CHUNK_ROWS = 5_000
_REQUESTS_KEPT = 1_000
_AUSTIN = ZoneInfo("America/Chicago")


class Store:
    """An open database with its reports and boundaries.

    Parameters
    ----------
    connection
        Holds the table ``reports``; the boundaries are added if they are missing.
    form
        Which columns the reports have.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, form: FormName) -> None:
        self.connection = connection
        self.form = form
        self.datasets: dict[str, Dataset] = {REPORTS_ID: reports(form), BOUNDARIES_ID: BOUNDARIES}
        self.request_count = 0
        self.requests: deque[str] = deque(maxlen=_REQUESTS_KEPT)
        self.faults = Faults(self.keep_rows)
        self.change_count = 0
        # Tells the time; a test may set another.
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.lock = threading.RLock()
        _draw_boundaries(connection)
        self.rows_updated_at = self.columns_changed_at = self.newest_stamp()
        self.recall()

    @classmethod
    def generate(
        cls,
        reports: int = 100_000,
        seed: int = 1,
        until: date | None = None,
        form: FormName = "present",
        folder: Path | None = None,
    ) -> Self:
        """Invent reports, or take those that the same parameters gave before.

        Parameters
        ----------
        until
            Day of the newest report; by default that of the database kept in the folder, so that a portal started
            again next week serves what it served before; without one the last Saturday at least a week ago.
        folder
            Where to keep the database; without one it is in memory.

        Raises
        ------
        PortalFault
            If the folder cannot be written, or another portal has the database open.
        """
        recipe = generate.Recipe(reports, seed, until, form)
        if folder is None:
            connection = connect()
            generate.generate(connection, recipe)
            return cls(connection, form)
        return cls(connect(kept_database(folder, recipe), reports), form)

    @classmethod
    def from_file(cls, path: Path | str, updated_at: datetime | None = None) -> Self:
        """Take the reports of a JSON or CSV file.

        Parameters
        ----------
        updated_at
            Stamp of every report; by default when the file was written last.

        Raises
        ------
        PortalFault
            If the file is missing, or in neither of the two forms.
        """
        connection = connect()
        form = files.load(connection, Path(path), _to_utc(updated_at) if updated_at else None)
        return cls(connection, form)

    def close(self) -> None:
        """Close the database."""
        self.connection.close()

    @property
    def reports(self) -> Dataset:
        """The crime reports, with the columns that they have now."""
        return self.datasets[REPORTS_ID]

    def dataset(self, dataset_id: str) -> Dataset | None:
        """Return a dataset by its identifier."""
        return self.datasets.get(dataset_id)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run SQL and return its rows."""
        with self.connection.cursor() as cursor:
            return cursor.execute(sql, parameters).fetchall()

    def texts(self, sql: str) -> Iterator[list[str]]:
        """Run SQL whose rows are one text each, and yield them in chunks; an error comes with the first."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            while chunk := cursor.fetchmany(_CHUNK_ROWS):
                yield [row[0] for row in chunk]

    def newest_stamp(self) -> datetime:
        """Return the newest ``:updated_at``, in UTC without a zone."""
        newest: datetime | None = self.execute('select max(":updated_at") from reports')[0][0]
        return newest or datetime(2003, 1, 1)  # noqa: DTZ001

    def today(self) -> date:
        """Return the day that it is in Austin."""
        return self.clock().astimezone(_AUSTIN).date()

    def next_stamp(self, later: timedelta) -> datetime:
        """Return the stamp of a change that is about to be made: so much later than the newest, but not in the future."""
        newest = max(self.newest_stamp(), self.rows_updated_at)
        return max(newest + timedelta(seconds=1), min(newest + later, _to_utc(self.clock())))

    @contextmanager
    def change(
        self, updated_at: datetime | None = None, later: timedelta = timedelta(hours=1)
    ) -> Iterator[tuple[duckdb.DuckDBPyConnection, datetime]]:
        """Change reports in one transaction, one change at a time; yield a cursor and the stamp of the change."""
        with self.lock, self.connection.cursor() as cursor:
            stamp = _to_utc(updated_at) if updated_at else self.next_stamp(later)
            cursor.execute("begin")
            yield cursor, stamp
            self.rows_updated_at = max(self.rows_updated_at + timedelta(seconds=1), stamp)
            self.change_count += 1
            self.remember(cursor)
            cursor.execute("commit")

    def remember(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Keep what a portal started again must know besides the rows."""
        columns = json.dumps([asdict(column) for column in self.reports.columns])
        cursor.execute(
            "create or replace table portal_state as select ? as form, cast(? as json) as columns,"
            " cast(? as timestamp) as rows_updated_at, cast(? as timestamp) as columns_changed_at, ? as change_count",
            [self.form, columns, self.rows_updated_at, self.columns_changed_at, self.change_count],
        )

    def recall(self) -> None:
        """Go on where a portal with this database ended."""
        if not self.execute("from duckdb_tables() where table_name = 'portal_state'"):
            return
        (row,) = self.execute("from portal_state")
        self.form, columns, self.rows_updated_at, self.columns_changed_at, self.change_count = row
        self.set_columns(tuple(Column(**values) for values in json.loads(columns)))
        self.publish_sent()

    def set_columns(self, columns: tuple[Column, ...]) -> None:
        """Publish the reports with other columns."""
        self.datasets[REPORTS_ID] = replace(self.reports, columns=columns)

    def publish_sent(self) -> None:
        """Send values as their texts say where there are such texts."""
        has_sent = bool(
            self.execute(f"from duckdb_columns() where table_name = 'reports' and column_name = '{SENT}'")
        )
        self.datasets[REPORTS_ID] = replace(self.reports, has_sent=has_sent)

    def keep_rows(self) -> None:
        """Keep the reports as they are now, for a replica that will be out of date."""
        self.execute("create or replace table reports_before as from reports")
        self.before = replace(self.reports, table="reports_before")

    def note_request(self, address: str) -> None:
        """Count a request."""
        self.request_count += 1
        self.requests.append(address)


def _draw_boundaries(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table of the council districts' boundaries if it is missing."""
    columns = ", ".join(
        f'"{column.name}" {column.stored_type}' for column in (*BOUNDARIES.columns, *SYSTEM_COLUMNS)
    )
    connection.execute(f"create table if not exists boundaries ({columns})")
    if connection.execute("select count(*) from boundaries").fetchall() == [(0,)]:
        rows = boundaries.rows()
        connection.executemany(f"insert into boundaries values ({', '.join('?' * len(rows[0]))})", rows)


def _to_utc(moment: datetime) -> datetime:
    """Return a moment in UTC, without a zone, to the millisecond."""
    plain = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    return plain.replace(microsecond=plain.microsecond // 1000 * 1000)
