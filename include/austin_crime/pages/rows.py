"""Rows of a table, sorted and filtered as a person chooses, page by page.

A page begins after the last row of the page before (keyset), so that page 20,000 takes as long as the first. A filter on a large
table looks through SCAN_ROWS rows at a time and says where to go on: no request takes long, however rare the values are.
"""

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import pq
from psycopg.types.string import TextLoader
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from austin_crime.errors import ParameterError
from austin_crime.pages.column_values import kind_of, read_value
from austin_crime.pages.tables import Table, TableColumn
from austin_crime.values import holdable
from austin_crime.warehouse.connection import Connection

PAGE_ROWS, EXPORT_ROWS = 50, 5_000
SCAN_ROWS = 25_000
DIALECT = PGDialect_psycopg()  # type: ignore[no-untyped-call]
DAMAGED = "This address of a page is damaged, or of another table: go back to the first page."


# Of these, PostgreSQL has values that Python has not: infinity, years after 9999, 24:00.
TEMPORAL = ("date", "time", "timestamp", "timestamptz")
COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": lambda column, value: column == value,
    "ne": lambda column, value: column.is_distinct_from(value),
    "lt": lambda column, value: column < value,
    "le": lambda column, value: column <= value,
    "gt": lambda column, value: column > value,
    "ge": lambda column, value: column >= value,
}


@dataclass(frozen=True)
class View:
    """What a person chose to see of a table.

    Parameters
    ----------
    sort
        A column, with ``-`` in front for the largest first; empty for the table's key.
    filters
        Each ``column:operator:value``, or ``column:null`` and ``column:notnull``; operators are those of COMPARISONS, and contains.
    after
        Where the page before ended, as Page.after says it; empty for the first page.
    """

    table: Table
    sort: str = ""
    filters: tuple[str, ...] = ()
    after: str = ""


@dataclass(frozen=True)
class Page:
    """Rows, each with a value for every column of the table; where to go on, None at the end; and how many were looked through."""

    rows: list[list[Any]]
    after: str | None
    scanned_count: int


def read_page(connection: Connection, view: View, limit: int = PAGE_ROWS) -> Page:
    """Return the next rows of a view.

    Raises
    ------
    ParameterError
        If a column, an operator or a value is not one of the table.
    """
    query = _Query(view)
    rows: list[dict[str, Any]] = []
    position, scanned = query.position, 0
    for part in query.parts_from(position):
        size = SCAN_ROWS if query.conditions else limit - len(rows)
        ahead = query.ordered(part, position if part is query.part_of(position) else None)
        rows += _run(connection, query.matching(ahead, size).limit(limit - len(rows)))
        if len(rows) == limit:
            return _page(query, rows, query.place(rows[-1]), scanned + size)
        # Fewer than asked for: the part is at its end, or the rows that were looked through are.
        last = _run(connection, ahead.offset(size - 1).limit(1))
        scanned += size
        if last:
            return _page(query, rows, query.place(last[0]), scanned)
    return _page(query, rows, None, scanned)


def all_rows(connection: Connection, view: View) -> Iterator[list[Any]]:
    """Yield every row of a view, page by page."""
    after: str | None = view.after
    while after is not None:
        page = read_page(connection, View(view.table, view.sort, view.filters, after), EXPORT_ROWS)
        yield from page.rows
        after = page.after


class _Query:
    """A view as parts of a statement: the rows with a value in the leading column come first, those without one behind."""

    def __init__(self, view: View) -> None:
        self.table = view.table
        self.source = _source(view.table)
        self.leading = self._leading(view)
        self.is_descending = view.sort.startswith("-")
        self.names = [self.leading.name, *(name for name in view.table.key if name != self.leading.name)]
        self.conditions = [_condition(view.table, self.source, text) for text in view.filters]
        self.position = _read_position(view, self.names)

    def _leading(self, view: View) -> TableColumn:
        """Return the column that is sorted by."""
        column = view.table.column(view.sort.removeprefix("-") or view.table.key[0])
        if view.sort and not view.table.is_sortable(column):
            raise ParameterError(
                f"{view.table.name} cannot be sorted by {column.name}: it is large and has no index on it."
            )
        return column

    def parts_from(self, position: dict[str, Any] | None) -> list[bool]:
        """Return the parts that are still to come; a part says whether its rows have a value in the leading column."""
        parts = [True, False] if self.leading.is_nullable else [True]
        return parts[parts.index(self.part_of(position)) :] if position else parts

    def part_of(self, position: dict[str, Any] | None) -> bool:
        """Return the part that a position is in."""
        return position is None or position[self.leading.name] is not None

    def ordered(self, part: bool, position: dict[str, Any] | None) -> sa.Select[Any]:
        """Return a part's rows in order, from a position on."""
        column = self.source.c[self.leading.name]
        statement = sa.select(*self.source.c)
        if self.leading.is_nullable:
            statement = statement.where(column.is_not(None) if part else column.is_(None))
        if position:
            statement = statement.where(*self._behind(position, part))
        order = [self.source.c[name].asc() for name in self.names[1:]]
        # Within this part the leading column has no nulls, so an index can be read in either direction.
        first = [column.desc() if self.is_descending else column.asc()] if part else []
        return statement.order_by(*first, *order)

    def _behind(self, position: dict[str, Any], part: bool) -> list[Any]:
        """Return the conditions for rows behind a position."""
        rest = _greater(self.source, self.names[1:], position)
        if not part:
            return [rest]
        column = self.source.c[self.leading.name]
        value = _place(column, position[self.leading.name])
        further = column < value if self.is_descending else column > value
        # The first condition is what an index is entered by.
        start = column <= value if self.is_descending else column >= value
        return [start, sa.or_(further, sa.and_(column == value, rest))]

    def matching(self, ahead: sa.Select[Any], size: int) -> sa.Select[Any]:
        """Return those of the next rows that meet the filters."""
        if not self.conditions:
            return ahead
        window = ahead.limit(size).subquery("ahead")
        conditions = [condition(window) for condition in self.conditions]
        order = [window.c[name].asc() for name in self.names[1:]]
        leading = window.c[self.leading.name]
        first = leading.desc().nulls_last() if self.is_descending else leading.asc()
        return sa.select(*window.c).where(*conditions).order_by(first, *order)

    def place(self, row: dict[str, Any]) -> str:
        """Return the position of a row as text."""
        values = [None if row[name] is None else _as_text(row[name]) for name in self.names]
        return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


def _page(query: _Query, rows: list[dict[str, Any]], after: str | None, scanned: int) -> Page:
    names = [column.name for column in query.table.columns]
    return Page([[row[name] for name in names] for row in rows], after, scanned)


def _source(table: Table) -> sa.TableClause:
    """Return a table for SQLAlchemy."""
    schema, name = table.name.split(".")
    columns = [sa.column(column.name, kind_of(column)[0]) for column in table.columns]
    return sa.table(name, *columns, schema=schema)


def _place(column: sa.ColumnElement[Any], text: str) -> sa.ColumnElement[Any]:
    """Return a value of a position; the database reads it, for it has values that Python has not."""
    return sa.cast(sa.literal(text, sa.Text), column.type)


def _greater(source: sa.TableClause, names: Sequence[str], position: dict[str, Any]) -> Any:
    """Return the condition for rows whose columns, in order, come after a position; nulls come last."""
    alternatives: list[Any] = []
    equal: list[Any] = []
    for name in names:
        column, value = source.c[name], position[name]
        if value is not None:
            bound = _place(column, value)
            alternatives.append(sa.and_(*equal, sa.or_(column > bound, column.is_(None))))
            equal.append(column == bound)
        else:
            equal.append(column.is_(None))
    return sa.or_(*alternatives) if alternatives else sa.false()


def _condition(table: Table, source: sa.TableClause, text: str) -> Callable[[Any], Any]:
    """Return a filter as a function of what it is applied to."""
    name, _, rest = text.partition(":")
    operator, _, value = rest.partition(":")
    column = table.column(name)
    if operator in ("null", "notnull"):
        return lambda rows: rows.c[name].is_(None) if operator == "null" else rows.c[name].is_not(None)
    if operator == "contains":
        read_value(TableColumn(name, "text", None, True), value)
        return lambda rows: sa.cast(rows.c[name], sa.Text).icontains(value, autoescape=True)
    if operator not in COMPARISONS or column.type == "jsonb":
        raise ParameterError(
            f"The filter {text!r} cannot be used: expected column:operator:value with one of"
            f" {', '.join(COMPARISONS)}, contains, null and notnull; JSON only contains."
        )
    bound = sa.literal(read_value(column, value), kind_of(column)[0])
    return lambda rows: COMPARISONS[operator](rows.c[name], bound)


def _read_position(view: View, names: Sequence[str]) -> dict[str, str | None] | None:
    """Return where a page begins, by column, as text; None for the first page."""
    if not view.after:
        return None
    try:
        texts = json.loads(base64.urlsafe_b64decode(view.after.encode()))
        if not isinstance(texts, list) or not all(text is None or holdable(text) == text for text in texts):
            raise ValueError(texts)
        return dict(zip(names, texts, strict=True))
    except (ValueError, TypeError, RecursionError) as error:
        raise ParameterError(DAMAGED) from error


def _as_text(value: Any) -> str:
    """Return a value as the database reads it."""
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date | datetime | time) else str(value)


def _run(connection: Connection, statement: sa.Select[Any]) -> list[dict[str, Any]]:
    """Run a statement in a session of the pipeline."""
    compiled = statement.compile(dialect=DIALECT)
    query = str(compiled).encode()
    try:
        return connection.execute(query, compiled.params).fetchall()
    except psycopg.DataError as error:
        if connection.info.transaction_status == pq.TransactionStatus.INERROR:
            raise ParameterError(DAMAGED) from error
    # The rows hold what Python has no value for.
    cursor = connection.cursor()
    for name in TEMPORAL:
        cursor.adapters.register_loader(name, TextLoader)
    return cursor.execute(query, compiled.params).fetchall()
