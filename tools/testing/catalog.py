"""What a warehouse holds and what its catalog says of it, to be compared."""

from typing import Any

import psycopg

# Of a migration, when it was applied: the schema staging is made anew with every restore.
LEFT_OUT = {"ops.schema_migrations": ("applied_at",)}
CATALOG = {
    "rights on tables": """
        select relations.oid::regclass::text, grants.grantee::regrole::text, grants.privilege_type
        from pg_class as relations, aclexplode(coalesce(relations.relacl, acldefault('r', relations.relowner))) as grants
        where relations.relnamespace::regnamespace::text in ('mart', 'ops') and relations.relkind in ('r', 'v')
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


def names_of(connection: psycopg.Connection[Any]) -> list[str]:
    """Return the names of the tables and views of mart and ops, but for the view that tells how old the data are by now."""
    rows = connection.execute(
        "select oid::regclass::text from pg_class where relnamespace::regnamespace::text in ('mart', 'ops')"
        " and relkind in ('r', 'v') and oid <> 'mart.freshness'::regclass order by 1"
    )
    return [name for (name,) in rows]


def rows_of(url: str, without: tuple[str, ...] = ()) -> dict[str, list[str]]:
    """Return every row of mart and ops as text, sorted, by table or view; without columns of these names."""
    with psycopg.connect(url) as connection:
        return {
            name: [
                row
                for (row,) in connection.execute(
                    f"select (to_jsonb(rows) - %s::text[])::text from {name} as rows order by 1",
                    ([*without, *LEFT_OUT.get(name, ())],),
                )
            ]
            for name in names_of(connection)
        }


def catalog_of(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return what the catalog says of mart and ops: rights, owners, comments, columns, constraints, indexes, views, functions."""
    with psycopg.connect(url) as connection:
        return {
            name: sorted(connection.execute(query).fetchall(), key=repr) for name, query in CATALOG.items()
        }
