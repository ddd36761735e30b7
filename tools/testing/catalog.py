"""What a warehouse holds and what its catalog says of it, to be compared."""

from typing import Any

import psycopg

SCHEMAS = ("mart", "ops")
# Of a migration, when it was applied: the schema staging is made anew with every restore.
LEFT_OUT = {"ops.schema_migrations": ("applied_at",)}
CATALOG = {
    "rights on tables": """
        select relations.oid::regclass::text, grants.grantee::regrole::text, grants.privilege_type
        from pg_class as relations, aclexplode(relations.relacl) as grants
        where relations.relnamespace::regnamespace::text in ('mart', 'ops')
    """,
    "rights on schemas": """
        select nspname::text, grants.grantee::regrole::text, grants.privilege_type
        from pg_namespace, aclexplode(nspacl) as grants where nspname in ('mart', 'ops')
    """,
    "owners": """
        select oid::regclass::text, relowner::regrole::text
        from pg_class where relnamespace::regnamespace::text in ('mart', 'ops') and relkind in ('r', 'v', 'i')
    """,
    "comments": """
        select identified.identity, descriptions.description
        from pg_description as descriptions,
        pg_identify_object(descriptions.classoid, descriptions.objoid, descriptions.objsubid) as identified
        where identified.identity ~ '^(mart|ops)[.]' or identified.identity in ('mart', 'ops')
    """,
    "columns": """
        select table_schema || '.' || table_name, column_name::text, data_type::text, is_nullable::text, column_default::text
        from information_schema.columns where table_schema in ('mart', 'ops')
    """,
    "constraints": """
        select conrelid::regclass::text, pg_get_constraintdef(oid) from pg_constraint
        where connamespace::regnamespace::text in ('mart', 'ops')
    """,
    "indexes": "select indexdef::text from pg_indexes where schemaname in ('mart', 'ops')",
    "views": "select viewname::text, definition::text from pg_views where schemaname in ('mart', 'ops')",
    "functions": """
        select oid::regprocedure::text, prosrc, proacl::text from pg_proc
        where pronamespace::regnamespace::text in ('mart', 'ops')
    """,
}


def tables_of(connection: psycopg.Connection[Any]) -> list[str]:
    """Return the names of the tables of mart and ops."""
    rows = connection.execute(
        "select schemaname || '.' || tablename from pg_tables where schemaname = any(%s) order by 1", (list(SCHEMAS),)
    )
    return [name for (name,) in rows]


def rows_of(url: str, without: tuple[str, ...] = ()) -> dict[str, list[str]]:
    """Return every row of mart and ops as text, sorted, by table; without columns of these names."""
    with psycopg.connect(url) as connection:
        return {
            name: [
                row
                for (row,) in connection.execute(
                    f"select (to_jsonb(rows) - %s::text[])::text from {name} as rows order by 1",
                    ([*without, *LEFT_OUT.get(name, ())],),
                )
            ]
            for name in tables_of(connection)
        }


def catalog_of(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return what the catalog says of mart and ops: rights, owners, comments, columns, constraints, indexes, views, functions."""
    with psycopg.connect(url) as connection:
        return {name: sorted(connection.execute(query).fetchall(), key=repr) for name, query in CATALOG.items()}
