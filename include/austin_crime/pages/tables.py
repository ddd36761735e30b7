"""The tables that a person may look at, as the catalog describes them: those of mart and ops that the reader may read."""

from dataclasses import dataclass
from typing import Any

from austin_crime.errors import ParameterError
from austin_crime.warehouse.connection import Connection

# From this many rows on, a table is sorted by indexed columns only.
LARGE = 20_000
CATALOG = """
select
    namespace.nspname || '.' || relation.relname as name,
    obj_description(relation.oid, 'pg_class') as comment,
    relation.reltuples::bigint as estimated_count,
    coalesce(keys.columns, '{}') as key,
    coalesce(indexed.columns, '{}') as indexed,
    columns.columns
from pg_class as relation
inner join pg_namespace as namespace on relation.relnamespace = namespace.oid
cross join lateral (
    select
        jsonb_agg(
            jsonb_build_object(
                'name', attname, 'type', format_type(atttypid, null), 'comment', col_description(attrelid, attnum),
                'is_nullable', not attnotnull
            )
            order by attnum
        ) as columns
    from pg_attribute
    where attrelid = relation.oid and attnum > 0 and not attisdropped
) as columns
left join lateral (
    select array_agg(attname::text order by position) as columns
    from pg_index
    cross join lateral unnest(indkey) with ordinality as member (attnum, position)
    inner join pg_attribute on attrelid = indrelid and pg_attribute.attnum = member.attnum
    where indrelid = relation.oid and indisunique and indexprs is null and indpred is null
    group by indexrelid, indisprimary
    order by indisprimary desc, indexrelid
    limit 1
) as keys on true
left join lateral (
    select array_agg(attname::text) as columns
    from pg_index
    inner join pg_attribute on attrelid = indrelid and attnum = indkey[0]
    where indrelid = relation.oid and indpred is null
) as indexed on true
where
    namespace.nspname in ('mart', 'ops')
    and relation.relkind in ('r', 'v')
    and has_table_privilege(relation.oid, 'select')
order by namespace.nspname, relation.relname
"""


@dataclass(frozen=True)
class TableColumn:
    """A column; ``type`` is PostgreSQL's name of its type."""

    name: str
    type: str
    comment: str | None
    is_nullable: bool


@dataclass(frozen=True)
class Table:
    """A table or view.

    Parameters
    ----------
    key
        The columns that tell a row from all others; of a view without a unique index, all of them.
    indexed
        The columns that an index begins with.
    """

    name: str
    comment: str | None
    key: tuple[str, ...]
    indexed: frozenset[str]
    columns: tuple[TableColumn, ...]
    estimated_count: int

    @property
    def is_large(self) -> bool:
        """Whether sorting it by any column would take long."""
        return self.estimated_count >= LARGE

    def is_sortable(self, column: TableColumn) -> bool:
        """Whether it may be sorted by a column."""
        if column.type == "jsonb":
            return False
        return not self.is_large or column.name in self.indexed

    def column(self, name: str) -> TableColumn:
        """Return a column; ParameterError if there is none of that name."""
        found = next((column for column in self.columns if column.name == name), None)
        if found is None:
            raise ParameterError(
                f"{self.name} has no column {name!r}: expected one of {', '.join(c.name for c in self.columns)}."
            )
        return found


def list_tables(connection: Connection) -> list[Table]:
    """Return every table and view that the session's role may read."""
    return [_table(row) for row in connection.execute(CATALOG)]


def find_table(connection: Connection, name: str) -> Table:
    """Return a table by its name with the schema; ParameterError if there is none, or the reader may not read it."""
    tables = {table.name: table for table in list_tables(connection)}
    if name not in tables:
        raise ParameterError(f"There is no table {name!r}: expected one of {', '.join(tables)}.")
    return tables[name]


def _table(row: dict[str, Any]) -> Table:
    columns = tuple(TableColumn(**column) for column in row["columns"])
    comparable = tuple(column.name for column in columns if column.type != "jsonb")
    return Table(
        name=row["name"],
        comment=row["comment"],
        key=tuple(row["key"]) or comparable,
        indexed=frozenset(row["indexed"]),
        columns=columns,
        estimated_count=row["estimated_count"],
    )


def recorded_counts(connection: Connection) -> dict[str, int]:
    """Return rows by table as loads recorded them, never by counting; tables that no load counts are not in it."""
    row = connection.execute(
        "select status.report_count, status.rejected_count, status.load_id from mart.data_status as status"
    ).fetchone()
    if row is None:
        return {}
    built = connection.execute(
        "select distinct on (table_name) 'mart.' || table_name as name, row_count from ops.built_tables"
        " inner join ops.loads using (load_id) where status = 'published' order by table_name, finished_at desc"
    )
    emptied = connection.execute(
        "select table_name from ops.reset_tables inner join ops.resets using (reset_id) where restored_at is null"
    )
    counts = {"mart.crimes": row["report_count"], "ops.rejects": row["rejected_count"], "mart.data_status": 1}
    counts |= {table["name"]: table["row_count"] for table in built}
    return counts | {table["table_name"]: 0 for table in emptied}
