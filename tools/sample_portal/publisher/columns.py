"""Ways in which the columns of the reports change; the metadata say so at once, no report gets another stamp."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sample_portal.data.datasets import Column, Kind
from sample_portal.data.store import Store
from sample_portal.data.texts import DATES
from sample_portal.errors import PortalFault

# What a new column holds, by its type.
_VALUES: dict[str, str] = {
    "number": "rowid % 100",
    "text": "'value ' || rowid % 10",
    "checkbox": "rowid % 2 = 0",
    "floating_timestamp": "timestamp '2024-01-01' + to_days(cast(rowid % 365 as integer))",
}


def add_column(store: Store, name: str, kind: Kind = "text") -> Column:
    """Publish another column, the last one, with a value in every report."""
    added = Column(_checked_name(store, name), _title(name), _checked_kind(kind))
    with store.change() as (cursor, stamp):
        cursor.execute(f'alter table reports add column "{name}" {added.stored_type}')
        cursor.execute(f'update reports set "{name}" = {_VALUES[kind]}')
        publish_columns(store, (*store.reports.columns, added), stamp)
    return added


def drop_column(store: Store, name: str) -> Column:
    """Withdraw a column."""
    return _alter(store, name, f'drop column "{name}"', lambda _: None)


def rename_column(store: Store, old: str, new: str) -> Column:
    """Give a column another name, for programs and for people."""
    return _alter(
        store,
        old,
        f'rename column "{old}" to "{_checked_name(store, new)}"',
        lambda column: replace(column, name=new, title=_title(new)),
    )


def retype_column(store: Store, name: str, kind: Kind) -> Column:
    """Give a column another type; values that it cannot hold become null."""
    column = Column(name, _title(name), _checked_kind(kind))
    value = f'try_cast("{name}" as {column.stored_type})'
    if kind == "text" and _column(store, name).kind == "floating_timestamp":
        value = f"strftime(\"{name}\", '{DATES}')"
    change = f'alter column "{name}" set data type {column.stored_type} using {value}'
    return _alter(store, name, change, lambda old: replace(old, kind=kind, is_whole=False, is_day=False))


def _alter(store: Store, name: str, change: str, become: Callable[[Column], Column | None]) -> Column:
    """Change a column of the table and of the metadata; return what it became, or what it was if it is gone."""
    old = _column(store, name)
    with store.change() as (cursor, stamp):
        cursor.execute(f"alter table reports {change}")
        new = become(old)
        columns = [new if column == old else column for column in store.reports.columns]
        publish_columns(store, tuple(column for column in columns if column), stamp)
    return new or old


def publish_columns(store: Store, columns: tuple[Column, ...], stamp: datetime) -> None:
    """Let queries and metadata know other columns."""
    store.set_columns(columns)
    store.columns_changed_at = max(stamp, store.columns_changed_at)


def _column(store: Store, name: str) -> Column:
    """Return a column of the reports; PortalFault if there is none of that name."""
    for column in store.reports.columns:
        if column.name == name:
            return column
    raise PortalFault(f"The reports have no column {name!r}.")


def _checked_name(store: Store, name: str) -> str:
    """Return a name that a column may be given; PortalFault if it is taken, or none for a program."""
    if store.reports.column(name):
        raise PortalFault(f"There is a column {name!r} already.")
    if not re.fullmatch("[a-z][a-z0-9_]*", name):
        raise PortalFault(f"Expected a name of small letters, digits and underscores, got {name!r}.")
    return name


def _checked_kind(kind: Kind) -> Kind:
    """Return a type that a column of the reports may have; PortalFault for another."""
    if kind not in _VALUES:
        raise PortalFault(f"Expected one of the types {', '.join(_VALUES)}, got {kind!r}.")
    return kind


def _title(name: str) -> str:
    """Return a column's name for people."""
    return name.replace("_", " ").title()
