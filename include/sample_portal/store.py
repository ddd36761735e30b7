"""The reports that a sample portal serves, kept in DuckDB.

For tests and for what lets the data live::

    store = Store.generate(reports=2000, seed=1, until=date(2026, 3, 7), form="present", folder=None)
    store = Store.from_file(path, updated_at=None)          # a JSON or CSV file in one of the two forms
    with server.running(store) as base_url: ...             # sample_portal.server, in a thread on a free port
    add_reports(store, n, *, updated_at=None, seed=2, **values)   # n more reports; columns may be given
    edit_reports(store, where, assignments, updated_at=None)      # both in DuckDB's SQL; returns how many
    remove_reports(store, where)                            # returns how many
    rewrite_all(store, updated_at=None)                     # every report gets a new :id and :updated_at
    store.execute(sql, parameters)                          # rows of any query of DuckDB's
    store.request_count, store.requests                     # what was asked of /resource and /api since the start
    store.rows_updated_at, store.newest_stamp()

Every change moves ``rowsUpdatedAt`` of the metadata; without ``updated_at`` it is an hour after the newest stamp.
Stamps are datetimes in UTC (naive or aware). Table ``reports``: the columns of the form, and :id, :created_at,
:updated_at, :version.
"""

import hashlib
import tempfile
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import duckdb

from sample_portal import boundaries, files, generate
from sample_portal.datasets import (
    BOUNDARIES,
    BOUNDARIES_ID,
    REPORTS_ID,
    SYSTEM_COLUMNS,
    Dataset,
    FormName,
    reports,
)
from sample_portal.errors import PortalFault

MEMORY = "600MB"
THREADS = 2
CHUNK_ROWS = 5_000
REQUESTS_KEPT = 1_000


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
        self.requests: deque[str] = deque(maxlen=REQUESTS_KEPT)
        self.change_count = 0
        self.lock = threading.Lock()
        draw_boundaries(connection)
        self.rows_updated_at = self.newest_stamp()

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
            connection = connect(":memory:")
            generate.generate(connection, recipe)
            return cls(connection, form)
        path = (None if until else kept_database(folder, recipe)) or folder / database_name(recipe)
        if not path.exists():
            make_database(path, recipe)
        return cls(connect(str(path)), form)

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
        connection = connect(":memory:")
        form = files.load(connection, Path(path), to_utc(updated_at) if updated_at else None)
        return cls(connection, form)

    def close(self) -> None:
        """Close the database."""
        self.connection.close()

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
            while chunk := cursor.fetchmany(CHUNK_ROWS):
                yield [row[0] for row in chunk]

    def newest_stamp(self) -> datetime:
        """Return the newest ``:updated_at``, in UTC without a zone."""
        newest: datetime | None = self.execute('select max(":updated_at") from reports')[0][0]
        return newest or datetime(2003, 1, 1)  # noqa: DTZ001

    def next_stamp(self, updated_at: datetime | None) -> datetime:
        """Return the stamp of a change that is about to be made."""
        return (
            to_utc(updated_at)
            if updated_at
            else max(self.newest_stamp(), self.rows_updated_at) + timedelta(hours=1)
        )

    def changed(self, stamp: datetime) -> None:
        """Take note that reports changed."""
        self.rows_updated_at = max(self.rows_updated_at + timedelta(seconds=1), stamp)
        self.change_count += 1

    def note_request(self, address: str) -> None:
        """Count a request."""
        self.request_count += 1
        self.requests.append(address)


def connect(path: str) -> duckdb.DuckDBPyConnection:
    """Open a database with modest means; PortalFault if it cannot be opened."""
    try:
        connection = duckdb.connect(path)
    except duckdb.IOException as error:
        raise PortalFault(
            f"{path} cannot be opened: {str(error).splitlines()[0]}. Stop the other portal, or give another --data-dir."
        ) from error
    connection.execute(f"set memory_limit = '{MEMORY}'; set threads = {THREADS}")
    if path == ":memory:":
        connection.execute("set temp_directory = ?", [str(Path(tempfile.gettempdir()) / "sample_portal")])
    return connection


def database_name(recipe: generate.Recipe, until: str | None = None) -> str:
    """Return the name of a recipe's database; other rules of making reports give another name."""
    rules = hashlib.sha256()
    for path in sorted([*generate.HERE.glob("generate.*"), *generate.HERE.glob("calibration/*.csv")]):
        rules.update(path.read_bytes())
    day = until or recipe.last_day.isoformat()
    return f"{recipe.form}-{recipe.reports}-seed-{recipe.seed}-until-{day}-{rules.hexdigest()[:8]}.duckdb"


def kept_database(folder: Path, recipe: generate.Recipe) -> Path | None:
    """Return the database with the newest reports of those kept for a recipe, whatever their last day."""
    return max(folder.glob(database_name(recipe, until="*")), default=None)


def make_database(path: Path, recipe: generate.Recipe) -> None:
    """Generate a database under a temporary name and give it its own when it is complete."""
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        with connect(str(part)) as connection:
            generate.generate(connection, recipe)
        part.rename(path)
    except duckdb.Error as error:
        raise PortalFault(
            f"{part} cannot be filled: {str(error).splitlines()[0]}. Make room, or give another --data-dir."
        ) from error
    except OSError as error:
        raise PortalFault(
            f"The folder {path.parent} cannot be written ({error.strerror}): give another --data-dir."
        ) from error


def draw_boundaries(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table of the council districts' boundaries if it is missing."""
    columns = ", ".join(
        f'"{column.name}" {column.stored_type}' for column in (*BOUNDARIES.columns, *SYSTEM_COLUMNS)
    )
    connection.execute(f"create table if not exists boundaries ({columns})")
    if connection.execute("select count(*) from boundaries").fetchall() == [(0,)]:
        rows = boundaries.rows()
        connection.executemany(f"insert into boundaries values ({', '.join('?' * len(rows[0]))})", rows)


def add_reports(
    store: Store, n: int, *, updated_at: datetime | None = None, seed: int = 2, **values: Any
) -> list[int]:
    """Add invented reports, none newer than the newest, and return their incident numbers.

    Parameters
    ----------
    values
        Columns that are the same in all of them, ``crime_type="THEFT"``.
    """
    stamp = store.next_stamp(updated_at)
    newest = store.execute("select max(rep_date) from reports")[0][0]
    # Numbers of 14 digits are nobody else's, and differ from change to change.
    first_number = 2 * 10**13 + store.change_count * 10**7
    with connect(":memory:") as other:
        last_day = newest.date() if newest else None
        generate.generate(other, generate.Recipe(n, seed, last_day, store.form, has_every_oddity=False))
        other.execute(f"update reports set incident_report_number = {first_number} + rowid")
        other.execute(f'update reports set ":id" = {new_id(str(first_number))}')
        for name, value in {":created_at": stamp, ":updated_at": stamp, **values}.items():
            other.execute(f'update reports set "{name}" = ?', [value])
        rows = other.execute("select * from reports").fetchall()
    with store.lock, store.connection.cursor() as cursor:
        cursor.executemany(f"insert into reports values ({', '.join('?' * len(rows[0]))})", rows)
        store.changed(stamp)
    return list(range(first_number, first_number + n))


def edit_reports(store: Store, where: str, assignments: str, updated_at: datetime | None = None) -> int:
    """Change reports, ``edit_reports(store, "sector = 'AD'", "crime_type = 'EDITED'")``; return how many."""
    stamp = store.next_stamp(updated_at)
    return change(
        store, f"update reports set {assignments}, \":updated_at\" = timestamp '{stamp}' where {where}", stamp
    )


def remove_reports(store: Store, where: str) -> int:
    """Remove reports and return how many."""
    return change(store, f"delete from reports where {where}", store.rows_updated_at)


def rewrite_all(store: Store, updated_at: datetime | None = None) -> int:
    """Give every report a new ``:id`` and the same new stamps, as a publisher's full replacement does."""
    stamp = store.next_stamp(updated_at)
    stamps = ", ".join(f"\"{name}\" = timestamp '{stamp}'" for name in (":created_at", ":updated_at"))
    return change(store, f'update reports set ":id" = {new_id(str(stamp))}, {stamps}', stamp)


def new_id(salt: str) -> str:
    """Return SQL that makes another ``:id`` of the one that a report has."""
    code = f"md5(\":id\" || '{salt}')"
    return f"'row-' || {code}[1:4] || '-' || {code}[5:8] || '_' || {code}[9:12]"


def change(store: Store, sql: str, stamp: datetime) -> int:
    """Run a statement that changes reports, and return how many it changed."""
    with store.lock, store.connection.cursor() as cursor:
        (count,) = cursor.execute(sql).fetchall()[0]
        store.changed(stamp)
    return int(count)


def to_utc(moment: datetime) -> datetime:
    """Return a moment in UTC, without a zone, to the millisecond."""
    plain = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    return plain.replace(microsecond=plain.microsecond // 1000 * 1000)
