"""Build an aggregate: add what the load changes to the published counts, or count all reports."""

from itertools import pairwise
from typing import Any

from psycopg import sql

from austin_crime import config
from austin_crime.warehouse.connection import Connection
from austin_crime.warehouse.statements import columns_of, fill, key_of, listed, read


def build(connection: Connection, table: str) -> int:
    """Fill an aggregate of ``staging``, and return how many rows it will have."""
    if table == config.AGGREGATES[0]:
        tables = sorted(path.stem for path in (config.SQL_DIR / "changes").glob("*.sql"))
        connection.execute(fill("load/count_changes.sql", tables=sql.Literal(tables)))
    row_count = _add_changes(connection, table)
    if row_count is None:
        connection.execute(read(f"aggregates/{table}.sql"))
        row_count = _count(connection, table)
    connection.execute(fill("load/note_built.sql", name=sql.Literal(table), row_count=sql.Literal(row_count)))
    return row_count


def _add_changes(connection: Connection, table: str) -> int | None:
    """Fill an aggregate of ``staging`` with what the load changes; return how many rows it will have, None if all has to be counted."""
    is_added_to = connection.execute(
        "update staging.added_to set is_built = true where table_name = %s", (table,)
    ).rowcount
    if not is_added_to:
        return None
    connection.execute(sql.SQL("truncate {}").format(sql.Identifier("staging", table)))
    connection.execute(read(f"changes/{table}.sql"))
    outcome = _add_up(connection, table)
    if outcome["adds_up"]:
        return int(outcome["row_count"])
    # If the first does not, none is added to.
    connection.execute(
        "delete from staging.added_to where %(table)s in (table_name, %(first)s)",
        {"table": table, "first": config.AGGREGATES[0]},
    )
    return None


def _add_up(connection: Connection, table: str) -> dict[str, Any]:
    """Return whether the published counts with what is added are right, and how many rows they are."""
    counts = counts_of(connection, table)
    is_wrong = [sql.SQL("sum({}) < 0").format(sql.Identifier(counts[0]))]
    # Cleared reports have a status, and reports with a status are reports.
    is_wrong += [
        sql.SQL("sum({part}) not between 0 and sum({whole})").format(
            part=sql.Identifier(part), whole=sql.Identifier(whole)
        )
        for whole, part in pairwise(counts)
    ]
    return connection.execute(
        fill(
            "load/adds_up.sql",
            name=sql.Literal(table),
            published=sql.Identifier("mart", table),
            next=sql.Identifier("staging", f"next_{table}"),
            staged=sql.Identifier("staging", table),
            key=listed(key_of(connection, f"mart.{table}")),
            is_wrong=sql.SQL(" or ").join(is_wrong),
        )
    ).fetchall()[0]


def _count(connection: Connection, table: str) -> int:
    """Return the number of rows of an aggregate of ``staging``."""
    counted = connection.execute(
        sql.SQL("select count(*) as row_count from {}").format(sql.Identifier("staging", table))
    ).fetchall()[0]
    return int(counted["row_count"])


def counts_of(connection: Connection, table: str) -> list[str]:
    """Return the columns of an aggregate that are numbers of reports, all reports first."""
    return [name for name in columns_of(connection, f"mart.{table}") if name.endswith("_count")]
