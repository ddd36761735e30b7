"""Values of columns: as a person writes them in a filter, and as a browser reads them."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from austin_crime.errors import ParameterError
from austin_crime.pages.tables import TableColumn
from austin_crime.values import holdable

# Up to here a browser reads whole numbers exactly.
LARGEST_EXACT = 2**53
LONGEST_VALUE, MOST_DIGITS = 1_000, 1_000


def _read_boolean(text: str) -> bool:
    """Read true or false."""
    return {"true": True, "false": False}[text.lower()]


def _read_float(text: str) -> float:
    """Read a number; ValueError for one without a value."""
    value = float(text)
    if not isfinite(value):
        raise ValueError(text)
    return value


def _read_wall_time(text: str) -> datetime:
    """Read a time as it says; an offset does not move it."""
    return datetime.fromisoformat(text).replace(tzinfo=None)


def _read_moment(text: str) -> datetime:
    """Read a time, in UTC unless it has another offset."""
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _read_time(text: str) -> time:
    """Read a time of day."""
    return time.fromisoformat(text).replace(tzinfo=None)


# By PostgreSQL's name of a type: SQLAlchemy's type, how a value is read, and what a person should write.
TYPES: dict[str, tuple[Any, Callable[[str], Any], str]] = {
    "bigint": (sa.BigInteger, int, "a whole number"),
    "integer": (sa.Integer, int, "a whole number"),
    "smallint": (sa.SmallInteger, int, "a whole number"),
    "numeric": (sa.Numeric, Decimal, "a number"),
    "double precision": (sa.Double, _read_float, "a number"),
    "boolean": (sa.Boolean, _read_boolean, "true or false"),
    "date": (sa.Date, date.fromisoformat, "a day such as 2024-05-31"),
    "timestamp without time zone": (sa.DateTime, _read_wall_time, "a time such as 2024-05-31T13:30"),
    "timestamp with time zone": (
        sa.DateTime(timezone=True),
        _read_moment,
        "a time such as 2024-05-31T13:30Z",
    ),
    "time without time zone": (sa.Time, _read_time, "a time of day such as 13:30"),
    "jsonb": (JSONB, json.loads, "JSON"),
}
TEXT: tuple[Any, Callable[[str], Any], str] = (sa.Text, str, "a text")


def kind_of(column: TableColumn) -> tuple[Any, Callable[[str], Any], str]:
    """Return SQLAlchemy's type of a column, how a value is read, and what a person should write."""
    return TYPES.get(column.type, TEXT)


def read_value(column: TableColumn, text: str) -> Any:
    """Return a value as a person wrote it; ParameterError if the column cannot have it."""
    _, reader, expected = kind_of(column)
    try:
        if len(text) > LONGEST_VALUE or holdable(text) != text:
            raise ValueError(text)
        value = reader(text.strip() if reader is not str else text)
        _refuse_overflow(column, value)
    except (ValueError, KeyError, OverflowError, InvalidOperation) as error:
        raise ParameterError(f"{column.name}: expected {expected}, got {text[:100]!r}.") from error
    return value


def _refuse_overflow(column: TableColumn, value: Any) -> None:
    """Raise ValueError for a number that is too large for its type, or none at all."""
    bits = {"bigint": 63, "integer": 31, "smallint": 15}.get(column.type)
    if bits and not -(2**bits) <= value < 2**bits:
        raise ValueError(value)
    if isinstance(value, Decimal) and not (value.is_finite() and abs(value.adjusted()) <= MOST_DIGITS):
        raise ValueError(value)


def exact(value: Any) -> Any:
    """Return a value as JSON that a browser reads without loss: numbers that it would round are texts."""
    is_large = isinstance(value, int) and abs(value) > LARGEST_EXACT
    return str(value) if is_large or isinstance(value, Decimal) else value
