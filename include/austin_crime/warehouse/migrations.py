"""Migrate a warehouse: numbered SQL files, each applied once, in order; then tables from files, and the schema staging."""

import logging
from contextlib import suppress

from psycopg import errors, sql
from psycopg.abc import Query

from austin_crime import config
from austin_crime.warehouse import fitness, reference, staging
from austin_crime.warehouse.connection import Connection, connect
from austin_crime.warehouse.statements import read

log = logging.getLogger(__name__)

# Two orchestrators must not migrate at once. A lock that no reader can take, unlike an advisory one.
LOCK = "lock table ops.schema_migrations in exclusive mode"
# What another one that migrates the same empty database made or moved since it was looked for.
MADE_MEANWHILE = (
    errors.DuplicateSchema,
    errors.DuplicateTable,
    errors.UndefinedTable,
    errors.UniqueViolation,
)


def migrate(url: str) -> list[str]:
    """Apply the migrations that the warehouse lacks, then the reader's grants, in one transaction.

    Parameters
    ----------
    url
        Address of the warehouse with the owner's login.

    Returns
    -------
    list of str
        Names of the files applied now.

    Raises
    ------
    WarehouseUnfit
        If the warehouse cannot be written to, or its schemas are not ours. Nothing is changed.
    """
    with connect(url) as connection:
        fitness.refuse_read_only(connection)
        fitness.refuse_foreign_schemas(connection)
        _make_place(connection)
        connection.execute(LOCK)
        applied = {row["name"] for row in connection.execute("select name from ops.schema_migrations")}
        missing = [
            path for path in sorted((config.SQL_DIR / "schema").glob("*.sql")) if path.name not in applied
        ]
        if missing:
            # Its views depend on the tables that a migration may change.
            staging.drop_all(connection)
        for path in missing:
            connection.execute(path.read_bytes())
            _note(connection, path.name)
        if reference.version() not in applied:
            reference.fill(connection)
            _replace_note(connection, "reference", reference.version())
        if missing or staging.version() not in applied or not staging.is_there(connection):
            staging.make_anew(connection)
            _replace_note(connection, "staging", staging.version())
        # Granting waits for readers, writers and a load that publishes, so it is only done if a grant is missing.
        lacking = connection.execute(read("grants_missing.sql")).fetchall()[0]
        if missing or lacking["missing_count"]:
            connection.execute(read("grants.sql"))
    return [path.name for path in missing]


def _make_place(connection: Connection) -> None:
    """Create the schemas and the table of migrations if they are missing, one of several that migrate after the other."""
    for schema in fitness.missing_schemas(connection):
        _make(connection, sql.SQL("create schema {}").format(sql.Identifier(schema)))
    if fitness.has_migrations_in_public(connection):
        _make(connection, "alter table public.schema_migrations set schema ops")
    if not fitness.has_explained_migrations(connection):
        _make(connection, read("schema_migrations.sql"))


def _make(connection: Connection, statement: Query) -> None:
    """Run a statement that makes something, unless another transaction makes the same: then wait for its end."""
    with suppress(*MADE_MEANWHILE), connection.transaction():
        connection.execute(statement)


def _replace_note(connection: Connection, kind: str, version: str) -> None:
    """Record the version of what is made anew, instead of the one before."""
    connection.execute("delete from ops.schema_migrations where name like %s", (f"{kind} %",))
    _note(connection, version)


def _note(connection: Connection, name: str) -> None:
    """Record that a migration was applied."""
    connection.execute("insert into ops.schema_migrations (name) values (%s)", (name,))
    log.info("Applied the migration %s.", name)
