"""A direct session of the reader, with its password and all of SQL: it reads, and writes, locks and waits for nothing."""

from collections.abc import Iterator

import psycopg
import pytest

from austin_crime.warehouse import migrations
from local_stack.provisioning.postgres import READER, SUPERUSER, Server, closing

# What a reader did, or could have done, before PUBLIC lost the right to it.
REFUSED = {
    "large objects": [
        "select lo_create(0)",
        "select lo_creat(-1)",
        "select lo_from_bytea(0, 'x')",
        "select lo_put(1, 0, 'x')",
        "select lo_open(1, 131072)",
        "select lowrite(0, 'x')",
        "select lo_unlink(1)",
    ],
    "files and the log": [
        "select pg_export_snapshot()",
        "select pg_logical_emit_message(false, 'a', 'b')",
        "select txid_current()",
        "select pg_current_xact_id()",
        "select pg_notify('a', 'b')",
        "copy (select 1) to program 'true'",
        "copy (select 1) to '/tmp/x'",
    ],
    "tables": [
        "create temporary table mine (a integer)",
        "create table public.mine (a integer)",
        "create function mine() returns integer language sql return 1",
        "select * into mart.mine from mart.crimes",
        "select * from mart.crimes for share",
        "comment on table mart.crimes is 'x'",
        "delete from mart.crimes",
        "select * from staging.crimes",
    ],
    "locks": [
        "select pg_advisory_lock(20030101)",
        "select pg_try_advisory_lock(20030102)",
        "select pg_try_advisory_lock(1, 2)",
        "select pg_try_advisory_lock_shared(20030102)",
        "select pg_advisory_xact_lock(20030102)",
        "select pg_try_advisory_xact_lock_shared(20030102)",
        "begin; lock table mart.crimes in row share mode",
        "begin; lock table ops.source_months in row exclusive mode",
        "begin; lock table ops.schema_migrations in share mode",
        "begin; lock table pg_catalog.pg_class in share mode",
    ],
    "time": [
        "select pg_sleep(1)",
        "select pg_sleep_for('1 second')",
        "select pg_sleep_until(now() + interval '1 second')",
        "do $$ begin loop perform 1; end loop; end $$",
        "set temp_file_limit = -1",
    ],
    "other sessions": [
        "select * from pg_stat_get_activity(null)",
        "select * from pg_stat_activity",
        "select * from pg_locks",
        "select pg_terminate_backend(pg_backend_pid())",
        "select pg_stat_get_backend_activity(1)",
    ],
    "statements as text": [
        "select query_to_xml('select 1', true, true, '')",
        "select query_to_xml_and_xmlschema('select 1', true, true, '')",
        "select table_to_xml('mart.data_status', true, true, '')",
        "select cursor_to_xml('x', 1, true, true, '')",
        "select database_to_xml(true, true, '')",
        "select * from ts_stat('select 1')",
        "select ts_rewrite('a'::tsquery, 'select 1')",
    ],
    "settings and rights": [
        "select set_config('statement_timeout', '0', false)",
        "set role austin_crime_owner",
        "set session authorization austin_crime_owner",
        "alter role austin_crime_reader connection limit -1",
        "grant austin_crime_owner to austin_crime_reader",
        "alter database reader_tests set statement_timeout = 0",
    ],
}
# What may stay to be called although it is volatile: it reads, or does nothing that others notice.
HARMLESS = [
    "array_sample",
    "array_shuffle",
    "bernoulli",
    "clock_timestamp",
    "gen_random_uuid",
    "pg_cancel_backend",
    "pg_database_size",
    "pg_indexes_size",
    "pg_is_in_recovery",
    "pg_relation_size",
    "pg_table_size",
    "pg_total_relation_size",
    "random",
    "random_normal",
    "setseed",
    "system",
    "timeofday",
    "uuidv4",
    "uuidv7",
]
VOLATILE = """
    select distinct proname from pg_proc
    where provolatile = 'v' and has_function_privilege(oid, 'execute') and prorettype not in (
        'internal'::regtype, 'trigger'::regtype, 'event_trigger'::regtype,
        'index_am_handler'::regtype, 'table_am_handler'::regtype, 'language_handler'::regtype
    )
    order by 1
"""


@pytest.fixture(scope="module")
def reader_url(server: Server) -> str:
    owner_url, reader_url = server.create_warehouse("reader_tests")
    migrations.migrate(owner_url)
    return reader_url


@pytest.fixture
def session(reader_url: str) -> Iterator[psycopg.Connection]:
    """Return a session that has lifted whatever a session can lift."""
    with psycopg.connect(reader_url, autocommit=True) as connection:
        for name in ("default_transaction_read_only", "statement_timeout", "lock_timeout"):
            connection.execute(f"set {name} = 0".encode())
        yield connection


@pytest.mark.parametrize("statement", [each for statements in REFUSED.values() for each in statements])
def test_postgresql_itself_refuses_the_reader(session: psycopg.Connection, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute(statement.encode())


def test_of_what_can_have_an_effect_the_reader_may_call_only_what_has_none(
    session: psycopg.Connection,
) -> None:
    callable_names = [name for (name,) in session.execute(VOLATILE)]

    assert set(callable_names) <= set(HARMLESS)


def test_the_reader_still_reads_and_calculates(session: psycopg.Connection) -> None:
    for statement in (
        "select count(*) from mart.crimes",
        "select random(), now(), clock_timestamp(), gen_random_uuid()",
        "select pg_size_pretty(pg_total_relation_size('mart.crimes'))",
        "select col_description('mart.crimes'::regclass, 1), version(), current_setting('server_version')",
        "select to_tsvector('a b') @@ to_tsquery('a'), jsonb_path_query('[1]', '$[*]')",
        "explain analyze select * from mart.crimes_per_month order by 1",
    ):
        session.execute(statement.encode())


def test_what_a_reader_sets_for_its_role_is_lost_at_the_next_start(server: Server, reader_url: str) -> None:
    with psycopg.connect(reader_url, autocommit=True) as connection:
        connection.execute("alter role austin_crime_reader set statement_timeout = 0")
        connection.execute("alter role austin_crime_reader set work_mem = '1GB'")

    server.create_roles()

    with psycopg.connect(reader_url) as connection:
        (timeout,) = connection.execute("show statement_timeout").fetchone() or ("",)
        (memory,) = connection.execute("show work_mem").fetchone() or ("",)
    assert timeout == "1min"
    assert memory != "1GB"


def test_the_reader_cannot_take_every_connection(server: Server, reader_url: str) -> None:
    with psycopg.connect(server.url(SUPERUSER, "postgres")) as connection:
        row = connection.execute(
            "select rolconnlimit, current_setting('max_connections')::integer from pg_roles where rolname = %s",
            (READER,),
        ).fetchone()

    assert row is not None
    assert 0 < row[0] <= row[1] // 2


def test_a_warehouse_made_before_is_closed_and_closing_it_again_changes_nothing(server: Server) -> None:
    server.create_database("older", "austin_crime_owner")
    rights = "select array_agg(proacl::text order by oid) from pg_proc"
    with psycopg.connect(server.url(SUPERUSER, "older"), autocommit=True) as connection:
        open_to_all = connection.execute(rights).fetchone()
        connection.execute(closing("austin_crime_owner", "older"))
        closed = connection.execute(rights).fetchone()
        connection.execute(closing("austin_crime_owner", "older"))

        assert open_to_all != closed
        assert connection.execute(rights).fetchone() == closed
