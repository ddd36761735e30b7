from pathlib import Path

import psycopg
import pytest

from austin_crime.warehouse import dictionary, migrations


def test_every_table_view_and_column_is_explained(connection):
    unexplained = connection.execute(
        """
        select format('%s.%s.%s', n.nspname, c.relname, a.attname) as name
        from pg_class as c
        join pg_namespace as n on n.oid = c.relnamespace
        left join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where n.nspname in ('mart', 'ops', 'staging') and c.relkind in ('r', 'v')
            and not (n.nspname = 'staging' and c.relkind = 'v')
            and (obj_description(c.oid, 'pg_class') is null or col_description(c.oid, a.attnum) is null)
        """
    ).fetchall()

    assert unexplained == []


def test_every_function_is_explained(connection):
    unexplained = connection.execute(
        "select proname from pg_proc where pronamespace in ('mart'::regnamespace, 'ops'::regnamespace)"
        " and obj_description(oid, 'pg_proc') is null"
    ).fetchall()

    assert unexplained == []


def test_autovacuum_never_holds_up_a_load_at_what_it_stages(connection):
    vacuumed = connection.execute(
        "select relname from pg_class where relnamespace = 'staging'::regnamespace and relpersistence = 'u'"
        " and relkind = 'r' and 'autovacuum_enabled=off' <> all(coalesce(reloptions, '{}'))"
    ).fetchall()

    assert vacuumed == []


def test_a_migrated_warehouse_has_nothing_left_to_migrate(warehouse):
    assert migrations.migrate(warehouse.owner_url) == []


def test_before_the_first_load_the_status_says_what_to_press(connection):
    status = connection.execute("select is_empty, notice from mart.data_status").fetchone()

    assert status["is_empty"]
    assert "press Trigger" in status["notice"]


def test_the_reader_sees_mart_and_ops_but_no_raw_rejects_and_no_work_in_progress(warehouse):
    with psycopg.connect(warehouse.reader_url, autocommit=True) as reader:
        assert reader.execute("select count(*) from mart.crimes").fetchone() == (0,)
        assert reader.execute("select count(*) from ops.rejects").fetchone() == (0,)
        for table in ("ops.rejected_reports", "staging.crimes"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(f"select * from {table}")


def test_the_reader_cannot_write_even_after_switching_read_only_off(warehouse):
    with psycopg.connect(warehouse.reader_url, autocommit=True) as reader:
        reader.execute("set default_transaction_read_only = off")
        for statement in (
            "delete from mart.crimes",
            "create table mart.x (y int)",
            "create table public.x (y int)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(statement)


def test_only_one_load_can_be_running(connection):
    with pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute(
            "insert into ops.loads (load_id, attempt, status, orchestrator, source_url, rules_version, parameters,"
            " started_at, last_seen_at) values ('other', 1, 'running', 'python', 'http://portal', 1, '{}', now(), now())"
        )


def test_the_page_of_tables_says_what_the_warehouse_says(connection):
    page = Path(__file__).parents[2] / "docs" / "tables.md"

    assert page.read_text() == dictionary.describe(connection), "run make docs"
