"""SQL that changes reports, and which ones it falls on: what the ways of living are made of."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import duckdb

from sample_portal.data import generate
from sample_portal.data.datasets import FORMS, SYSTEM_COLUMNS
from sample_portal.data.store import Store
from sample_portal.errors import PortalFault

Cursor = duckdb.DuckDBPyConnection


def _new_id(salt: object) -> str:
    """Return SQL that makes another ``:id`` of the one that a report has."""
    code = f"lower(to_base(cast(hash(\":id\", '{salt}') >> 2 as bigint), 36, 12))"
    return f"'row-' || {code}[1:4] || '-' || {code}[5:8] || '_' || {code}[9:12]"


def renewed(stamp: datetime, *others: str) -> str:
    """Return the beginning of a query that gives reports as new rows; ``others`` are replaced, too."""
    moment = f"timestamp '{stamp}'"
    replaced = (
        f'{_new_id(stamp)} as ":id"',
        f'{moment} as ":created_at"',
        f'{moment} as ":updated_at"',
        *others,
    )
    return f"select * replace ({', '.join(replaced)})"


def drawn(n: int, where: str, draw: str) -> str:
    """Return a query for the rows of so many reports, drawn from those that meet a condition."""
    return f'select rowid from reports where {where} order by hash(":id", {draw}) limit {n}'


def spread(n: int, months: int, newest: int, draw: str) -> str:
    """Return a query for the rows of so many reports in so many months of report, as many in each as in the others.

    Parameters
    ----------
    newest
        How many of the months are the newest ones; the others are drawn.
    """
    return f"""
        with known as (select distinct date_trunc('month', rep_date) as month from reports where rep_date is not null),
        recent as (select month, row_number() over (order by month desc) <= {newest} as is_recent from known),
        chosen as (select month from recent order by not is_recent, hash(month, {draw}) limit {months}),
        turns as (
            select
                reports.rowid as place,
                hash(":id", {draw}) as lot,
                row_number() over (partition by chosen.month order by lot) as turn
            from reports inner join chosen on date_trunc('month', reports.rep_date) = chosen.month
        )
        select place from turns order by turn, lot limit {n}
    """


def update(cursor: Cursor, stamp: datetime, rows: str, values: Mapping[str, str]) -> list[int]:
    """Give the chosen rows values and the stamp, and return their incident numbers as they are then."""
    listed = ", ".join(f'"{name}" = {value}' for name, value in values.items())
    return numbers(
        cursor.execute(
            f"update reports set \":updated_at\" = timestamp '{stamp}', {listed} where rowid in ({rows})"
            " returning incident_report_number"
        )
    )


def delete(cursor: Cursor, rows: str) -> list[int]:
    """Remove the chosen rows and return their incident numbers."""
    return numbers(
        cursor.execute(f"delete from reports where rowid in ({rows}) returning incident_report_number")
    )


def insert_invented(
    store: Store,
    cursor: Cursor,
    stamp: datetime,
    recipe: generate.Recipe,
    values: Mapping[str, Any],
    number_before: int = 0,
) -> list[int]:
    """Add reports of a recipe and return their incident numbers; columns that no form has stay empty.

    Parameters
    ----------
    number_before
        How many reports the same change has invented before.
    """
    # Numbers of 14 digits are nobody else's, and differ from change to change.
    first_number = stamp.year * 10**10 + store.change_count * 10**6 + number_before
    known = {column.name for column in FORMS[recipe.form]}
    columns = [*SYSTEM_COLUMNS, *(column for column in store.reports.columns if column.name in known)]
    listed = ", ".join(f'try_cast("{each.name}" as {each.stored_type}) as "{each.name}"' for each in columns)
    for name in values:
        if name not in known:
            raise PortalFault(f"The reports have no column {name!r}.")
    (home,) = cursor.execute("select current_database()").fetchall()[0]
    # The cursor's transaction goes on seeing a database after another took its name: each has one of its own.
    database = f"invented_{first_number}"
    with store.connection.cursor() as other:
        other.execute(f"attach ':memory:' as {database}; use {database}")
        generate.generate(other, recipe)
        other.execute(f"update reports set incident_report_number = {first_number} + rowid")
        other.execute(f'update reports set ":id" = {_new_id(first_number)}')
        for name, value in {":created_at": stamp, ":updated_at": stamp, **values}.items():
            other.execute(f'update reports set "{name}" = ?', [value])
        cursor.execute(f"insert into reports by name select {listed} from {database}.reports")
        other.execute(f'use "{home}"; detach {database}')
    return list(range(first_number, first_number + recipe.reports))


def count_of(cursor: Cursor, statement: str) -> int:
    """Run a statement and return how many rows it made or changed."""
    (count,) = cursor.execute(statement).fetchall()[0]
    return int(count)


def numbers(result: Cursor) -> list[int]:
    """Return the incident numbers that a statement returns, those that are there."""
    return [int(row[0]) for row in result.fetchall() if row[0] is not None]


def newest_day(store: Store, cursor: Cursor) -> date:
    """Return the newest day of report up to today; today if there is none."""
    today = store.today()
    (newest,) = cursor.execute(
        "select cast(max(rep_date) as date) from reports where cast(rep_date as date) <= ?", [today]
    ).fetchall()[0]
    return newest or today
