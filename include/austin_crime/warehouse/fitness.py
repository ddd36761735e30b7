"""Whether a database can be the warehouse: it is writable, and its schemas are ours. Checked before anything is created."""

from typing import Any

from austin_crime.errors import WarehouseUnfit
from austin_crime.warehouse.connection import Connection

SCHEMAS = ("mart", "ops", "staging")
DATABASE = """
    select current_user as login, current_database() as name, pg_is_in_recovery() as is_standby,
        current_setting('transaction_read_only') = 'on' as is_read_only,
        has_database_privilege(current_database(), 'create') as may_create
"""
# The pipeline's login is a member of the readers' role, to end their sessions; what belongs to that role is not ours all the same.
FOREIGN = """
    select expected.name, pg_get_userbyid(nspowner) as owner,
        pg_has_role(nspowner, 'usage') and pg_get_userbyid(nspowner) <> 'austin_crime_reader' as is_ours,
        (
            select array_agg(relname::text order by relname) from pg_class
            where relnamespace = pg_namespace.oid and relkind in ('r', 'v', 'm', 'p', 'f')
        ) as relations,
        (
            select min(pg_get_userbyid(relowner)) from pg_class
            where relnamespace = pg_namespace.oid
                and (not pg_has_role(relowner, 'usage') or pg_get_userbyid(relowner) = 'austin_crime_reader')
        ) as other_owner
    from unnest(%s::text[]) as expected (name)
    left join pg_namespace on nspname = expected.name
    order by expected.name
"""
# By name and not as regclass, which asks for the right to use the schema; a table of others of that name is not ours.
HAS_MIGRATIONS = """
    select exists (
        select from pg_class inner join pg_namespace on pg_namespace.oid = relnamespace
        where nspname = 'ops' and relname = 'schema_migrations' and (
            select array_agg(attname::text order by attnum) from pg_attribute where attrelid = pg_class.oid and attnum > 0
        ) = array['name', 'applied_at']
    ) as is_migrated
"""
# Where earlier versions of this project had them, with exactly these columns; other tables of that name are left alone.
MIGRATIONS_IN_PUBLIC = """
    select pg_has_role(relowner, 'usage') and has_schema_privilege(relnamespace, 'usage') and (
        select array_agg(attname::text order by attnum) from pg_attribute where attrelid = pg_class.oid and attnum > 0
    ) = array['name', 'applied_at'] as is_ours
    from pg_class inner join pg_namespace on pg_namespace.oid = relnamespace
    where nspname = 'public' and relname = 'schema_migrations' and relkind = 'r'
"""
FIRST_MIGRATION = (
    "select exists (select from public.schema_migrations where name = '001_mart.sql') as is_ours"
)


def refuse_read_only(connection: Connection) -> None:
    """Raise WarehouseUnfit if the warehouse cannot be written to."""
    database = _ask(connection, DATABASE)
    where = f"The warehouse {database['name']}"
    if database["is_standby"]:
        raise WarehouseUnfit(
            f"{where} is a read-only standby: expected a server that can be written to. Set"
            " AUSTIN_CRIME_WAREHOUSE_URL to the primary."
        )
    if database["is_read_only"]:
        raise WarehouseUnfit(
            f"{where} is read-only for the login {database['login']}: expected one that can be written to. Run"
            f' alter role "{database["login"]}" in database "{database["name"]}" set default_transaction_read_only = off;'
        )


def refuse_foreign_schemas(connection: Connection) -> None:
    """Raise WarehouseUnfit if one of our schemas cannot be created, belongs to another role, or holds tables that are not ours."""
    database = _ask(connection, DATABASE)
    name, login = database["name"], database["login"]
    schemas = connection.execute(FOREIGN, (list(SCHEMAS),)).fetchall()
    if any(schema["owner"] is None for schema in schemas) and not database["may_create"]:
        raise WarehouseUnfit(
            f"The login {login} may not create schemas in the warehouse {name}: expected that it may create {', '.join(SCHEMAS)}."
            f' Run grant create on database "{name}" to "{login}"; as the database\'s owner.'
        )
    is_used = _is_our_warehouse(connection)
    for schema in schemas:
        if schema["relations"] and not is_used:
            raise WarehouseUnfit(
                f"The schema {schema['name']} of the database {name} holds tables that are not of this project"
                f" ({', '.join(schema['relations'][:3])}): expected a database of its own. Run create database"
                f" austin_crime owner \"{login}\" encoding 'UTF8' template template0; and name it in"
                " AUSTIN_CRIME_WAREHOUSE_URL."
            )
        if schema["owner"] and not schema["is_ours"]:
            raise WarehouseUnfit(
                f"The schema {schema['name']} of the warehouse {name} belongs to {schema['owner']}: expected the login"
                f' {login}. Run alter schema {schema["name"]} owner to "{login}"; or log in as {schema["owner"]}.'
            )
        if schema["other_owner"]:
            raise WarehouseUnfit(
                f"Tables of the schema {schema['name']} of the warehouse {name} belong to {schema['other_owner']}: expected"
                f" the login {login}. Log in as {schema['other_owner']}, or run"
                f' reassign owned by "{schema["other_owner"]}" to "{login}";'
            )


def _is_our_warehouse(connection: Connection) -> bool:
    """Whether the database has been our warehouse before."""
    return bool(_ask(connection, HAS_MIGRATIONS)["is_migrated"]) or has_migrations_in_public(connection)


def has_explained_migrations(connection: Connection) -> bool:
    """Whether ops.schema_migrations exists, with its comments."""
    query = (
        "select obj_description(to_regclass('ops.schema_migrations'), 'pg_class') is not null as is_explained"
    )
    return bool(_ask(connection, query)["is_explained"])


def has_migrations_in_public(connection: Connection) -> bool:
    """Whether the schema public has the table of migrations of an earlier version of this project."""
    row = connection.execute(MIGRATIONS_IN_PUBLIC).fetchone()
    if row is None or not row["is_ours"]:
        return False
    return bool(_ask(connection, FIRST_MIGRATION)["is_ours"])


def missing_schemas(connection: Connection) -> list[str]:
    """Return which of our schemas are missing."""
    return [
        schema["name"] for schema in connection.execute(FOREIGN, (list(SCHEMAS),)) if schema["owner"] is None
    ]


def _ask(connection: Connection, query: str, *values: Any) -> dict[str, Any]:
    """Return the only row of a query."""
    return connection.execute(query, values).fetchall()[0]
