"""SQL from the files of ``include/sql``: as they are, or with the names of columns and tables filled in.

Most files are plain PostgreSQL. The templates, in ``staging`` and ``load``, explain their placeholders in braces in their first
lines; lists of columns come from the catalog, so a new column is in all of them.
"""

from collections.abc import Iterable

from psycopg import sql

from austin_crime import config
from austin_crime.warehouse.connection import Connection


def read(path: str) -> bytes:
    """Return the statements of a plain file."""
    return (config.SQL_DIR / path).read_bytes()


def fill(path: str, **names: sql.Composable) -> sql.Composed:
    """Return the statements of a template with names filled in."""
    return sql.SQL((config.SQL_DIR / path).read_text()).format(**names)


def table_name(name: str) -> sql.Identifier:
    """Return the name of a table, ``mart.crimes``, quoted."""
    return sql.Identifier(*name.split("."))


def columns_of(connection: Connection, name: str) -> list[str]:
    """Return the columns of a table, ``mart.crimes``, in order."""
    rows = connection.execute(
        "select attname as name from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped"
        " order by attnum",
        (name,),
    )
    return [row["name"] for row in rows]


def key_of(connection: Connection, name: str) -> list[str]:
    """Return the columns of a table's first unique key, in the key's order."""
    rows = connection.execute(
        "select attname as name from pg_index cross join unnest(indkey::int[]) with ordinality as part (attnum, place)"
        " inner join pg_attribute on attrelid = indrelid and pg_attribute.attnum = part.attnum"
        " where indexrelid = (select min(indexrelid) from pg_index where indrelid = %s::regclass and indisunique)"
        " order by place",
        (name,),
    )
    return [row["name"] for row in rows]


def listed(columns: Iterable[str], of: str | None = None) -> sql.Composed:
    """Return columns with commas, ``a, b``, or ``held.a, held.b`` of ``held``."""
    before = [of] if of else []
    return sql.SQL(", ").join(sql.Identifier(*before, column) for column in columns)


def assigned(columns: Iterable[str], of: str) -> sql.Composed:
    """Return assignments to columns, ``a = staged.a, b = staged.b`` of ``staged``."""
    return sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(column), sql.Identifier(of, column)) for column in columns
    )
