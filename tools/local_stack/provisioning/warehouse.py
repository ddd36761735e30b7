"""The warehouse's database: made on the local server, or checked on the user's own; and what it holds."""

import shutil

import psycopg
from psycopg import sql

from austin_crime.warehouse import migrations
from local_stack.configuration.settings import Settings
from local_stack.errors import StackError
from local_stack.provisioning import postgres

OLDEST_SERVER = 150000
CREATE_READER = """\
create role austin_crime_reader login password {password};
alter role austin_crime_reader set statement_timeout = '60s';
alter role austin_crime_reader set idle_in_transaction_session_timeout = '60s';
alter role austin_crime_reader set temp_file_limit = '4GB';
alter role austin_crime_reader connection limit 40;
grant connect on database {database} to austin_crime_reader;
grant austin_crime_reader to {owner};
"""
# One function stands for them all.
READER = """
    select pg_has_role(oid, 'usage') as may_be_ended,
        not has_function_privilege(oid, 'pg_catalog.pg_advisory_lock(bigint)', 'execute') as is_closed
    from pg_roles where rolname = %s
"""


def prepare(settings: Settings) -> str | None:
    """Make the warehouse, or check the user's own, and bring it to the newest schema; say if an old one had to go."""
    done = check_own(settings) if settings.has_own_warehouse else make(settings)
    migrations.migrate(settings.warehouse_url)
    return done


def make(settings: Settings) -> str | None:
    """Make the warehouse on the local server; the sample warehouse anew if the portal has another size or address now.

    The pipeline refuses a portal with another address than the one that the warehouse was loaded from, port included.
    """
    note = "the city's portal"
    if settings.source == "sample":
        note = f"sample portal of {settings.reports} reports at {settings.source_url}"
    before = settings.server.note(settings.warehouse)
    is_of_another = settings.source == "sample" and before not in (None, note)
    if is_of_another:
        settings.server.drop_database(settings.warehouse)
        if not settings.values["AUSTIN_CRIME_LANDING_URL"]:
            shutil.rmtree(settings.landing_url, ignore_errors=True)
    settings.server.create_warehouse(settings.warehouse)
    settings.server.leave_note(settings.warehouse, note)
    return f"made anew and empty for the {note}; it was of the {before}" if is_of_another else None


def check_own(settings: Settings) -> str | None:
    """Check that the user's own warehouse can be used; return what its readers may do beside reading, and the SQL against it.

    No role and no right is made on a server that is not ours.

    Raises
    ------
    StackError
        With the SQL to run, if the reader is missing.
    """
    try:
        with psycopg.connect(settings.warehouse_url, connect_timeout=10) as connection:
            version, database = connection.info.server_version, connection.info.dbname
            owner = connection.info.user
            reader = connection.execute(READER, (postgres.READER,)).fetchone()
    except psycopg.Error as error:
        raise StackError(f"AUSTIN_CRIME_WAREHOUSE_URL cannot be used: {str(error).strip()}") from error
    if version < OLDEST_SERVER:
        raise StackError(
            f"AUSTIN_CRIME_WAREHOUSE_URL is PostgreSQL {version // 10000}: expected 15 or newer."
        )
    closing = postgres.closing(owner, database).as_string()
    if not reader:
        create = sql.SQL(CREATE_READER).format(
            password=settings.values["AUSTIN_CRIME_READER_PASSWORD"],
            database=sql.Identifier(database),
            owner=sql.Identifier(owner),
        )
        raise StackError(
            "The server of AUSTIN_CRIME_WAREHOUSE_URL lacks the role that Superset reads with;"
            f" run this in its database {database} as a superuser, then start again:\n{create.as_string()}{closing}"
        )
    _check_login(settings)
    may_be_ended, is_closed = reader
    if may_be_ended and is_closed:
        return None
    return (
        f"{postgres.READER} may do more in the database {database} than read. Where you have a superuser, run this there:\n"
        f'grant austin_crime_reader to "{owner}";\n{closing}'
    )


def _check_login(settings: Settings) -> None:
    """Raise StackError if the reader cannot log in."""
    try:
        psycopg.connect(settings.reader_url, connect_timeout=10).close()
    except psycopg.Error as error:
        raise StackError(
            f"The role {postgres.READER} cannot log in at AUSTIN_CRIME_WAREHOUSE_URL with"
            f" AUSTIN_CRIME_READER_PASSWORD of .env: {str(error).strip()}"
        ) from error


def ended_loads(settings: Settings) -> set[str]:
    """Return the ids of the loads that ended well, which the pipeline does not load again.

    Raises
    ------
    StackError
        If the warehouse does not answer.
    """
    query = "select load_id from ops.loads where status in ('published', 'unchanged')"
    try:
        with psycopg.connect(settings.warehouse_url, connect_timeout=10) as connection:
            return {load_id for (load_id,) in connection.execute(query)}
    except psycopg.OperationalError as error:
        raise StackError(
            f"The warehouse does not answer, so nothing is loaded: {str(error).strip()}"
        ) from error


def message(settings: Settings, load_id: str) -> str:
    """Return what a load says of itself."""
    with psycopg.connect(settings.warehouse_url) as connection:
        query = "select coalesce(message, status) from ops.loads where load_id = %s"
        row = connection.execute(query, (load_id,)).fetchone()
    return str(row[0]) if row else "The run made no load."


def counts(settings: Settings) -> list[tuple[str, int]]:
    """Return rows per table of mart."""
    query = "select table_name from information_schema.tables where table_schema = 'mart' and table_type = 'BASE TABLE'"
    with psycopg.connect(settings.warehouse_url) as connection:
        names = [name for (name,) in connection.execute(f"{query} order by table_name")]
        rows = [connection.execute(f"select count(*) from mart.{name}".encode()).fetchone() for name in names]
    return [(name, row[0]) for name, row in zip(names, rows, strict=True) if row]
