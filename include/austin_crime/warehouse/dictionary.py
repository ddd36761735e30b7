"""The data dictionary: the comments of the warehouse as a page."""

from austin_crime.warehouse.connection import Connection

SCHEMAS = ("mart", "ops")
HEAD = """# Tables

What readers see. Written from the comments in the warehouse by `make docs`; SQL Lab shows the same.
Times are Austin wall time (`timestamp without time zone`); times of loads are UTC (`timestamp with time zone`).
"""
COLUMNS = """
select
    n.nspname as schema_name,
    c.relname as table_name,
    obj_description(c.oid, 'pg_class') as table_comment,
    a.attname as column_name,
    format_type(a.atttypid, a.atttypmod) as data_type,
    col_description(c.oid, a.attnum) as column_comment
from pg_class as c
inner join pg_namespace as n on c.relnamespace = n.oid
inner join pg_attribute as a on c.oid = a.attrelid and a.attnum > 0 and not a.attisdropped
where n.nspname = any(%s) and c.relkind in ('r', 'v')
order by n.nspname, c.relname, a.attnum
"""
FUNCTIONS = """
select
    n.nspname as schema_name,
    p.proname as function_name,
    pg_get_function_identity_arguments(p.oid) as arguments,
    obj_description(p.oid, 'pg_proc') as function_comment,
    replace(pg_get_function_result(p.oid), 'TABLE', '') as result
from pg_proc as p
inner join pg_namespace as n on p.pronamespace = n.oid
where n.nspname = any(%s)
order by n.nspname, p.proname
"""


def describe(connection: Connection) -> str:
    """Return every table, column and function that readers see, with its type and comment, as Markdown."""
    lines = [HEAD]
    table = None
    for row in connection.execute(COLUMNS, (list(SCHEMAS),)):
        name = f"{row['schema_name']}.{row['table_name']}"
        if name != table:
            table = name
            lines.append(
                f"\n## {name}\n\n{row['table_comment']}\n\n| column | type | meaning |\n|---|---|---|\n"
            )
        lines.append(f"| `{row['column_name']}` | {row['data_type']} | {row['column_comment']} |\n")
    for row in connection.execute(FUNCTIONS, (list(SCHEMAS),)):
        name = f"{row['schema_name']}.{row['function_name']}({row['arguments']})"
        lines.append(f"\n## {name}\n\n{row['function_comment']}\n\nReturns rows of {row['result']}.\n")
    return "".join(lines)
