"""A database that cannot be the warehouse is refused at first touch, in one sentence that says what to run."""

from itertools import count

import psycopg
import pytest

from austin_crime import config
from austin_crime.errors import WarehouseUnfit
from austin_crime.warehouse import migrations
from local_stack.provisioning.postgres import OWNER, READER, SUPERUSER

NUMBERS = count(1)
FOREIGN_MIGRATIONS = "create table public.schema_migrations (version text primary key, dirty boolean)"


@pytest.fixture
def empty(postgres):
    """Return the owner's address of an empty database, and a function that runs SQL there as its administrator."""
    name = f"unfit_{next(NUMBERS)}"
    owner_url, _ = postgres.create_warehouse(name)

    def run(statement):
        with psycopg.connect(postgres.url(SUPERUSER, name), autocommit=True) as connection:
            connection.execute("set default_transaction_read_only = off")
            connection.execute(statement)

    return owner_url, run


REFUSED = {
    "alter database {name} set default_transaction_read_only = on": (
        f'read-only for the login {OWNER}.*alter role "{OWNER}" in database "{{name}}" set default_transaction_read_only = off;'
    ),
    "alter database {name} owner to postgres; grant connect on database {name} to austin_crime_owner": f'grant create on database "{{name}}" to "{OWNER}";',
    "create schema mart; create table mart.sales (n int)": "holds tables that are not of this project.*sales.*create database",
    f"create schema ops authorization {OWNER}; create table ops.schema_migrations (version text); alter table ops.schema_migrations owner to {OWNER}": (
        "schema ops .* holds tables that are not of this project.*schema_migrations.*create database"
    ),
    f"create schema mart authorization {READER}": f'belongs to {READER}.*alter schema mart owner to "{OWNER}";',
}


@pytest.mark.parametrize("statement", REFUSED)
def test_a_database_that_is_not_ours_to_fill_is_refused_with_the_sql_to_run(empty, statement):
    url, run = empty
    name = url.rpartition("/")[2]
    for part in statement.format(name=name).split("; "):
        run(part)

    with pytest.raises(WarehouseUnfit, match=REFUSED[statement].format(name=name)) as refused:
        migrations.migrate(url)

    assert "\n" not in str(refused.value)
    with psycopg.connect(url) as connection:
        assert connection.execute("select count(*) from pg_class where relname = 'crimes'").fetchone() == (0,)


def test_what_a_refusal_says_to_run_helps(empty):
    url, run = empty
    name = url.rpartition("/")[2]
    run(f"alter database {name} set default_transaction_read_only = on")
    with pytest.raises(WarehouseUnfit) as refused:
        migrations.migrate(url)

    run(str(refused.value).partition(" Run ")[2])

    assert migrations.migrate(url)


def test_tables_of_another_login_are_refused(empty):
    url, run = empty
    migrations.migrate(url)
    run("alter table mart.crimes owner to postgres")

    with pytest.raises(
        WarehouseUnfit, match=f'belong to postgres.*reassign owned by "postgres" to "{OWNER}"'
    ):
        migrations.migrate(url)


def test_schemas_made_for_a_login_that_may_make_none_are_taken(empty):
    url, run = empty
    name = url.rpartition("/")[2]
    for schema in ("mart", "ops", "staging"):
        run(f"create schema {schema} authorization {OWNER}")
    run(f"alter database {name} owner to postgres")
    run(f"grant connect on database {name} to {OWNER}")

    assert migrations.migrate(url)


def test_a_foreign_table_of_migrations_is_left_alone(empty):
    url, run = empty
    run(FOREIGN_MIGRATIONS)

    assert migrations.migrate(url)
    with psycopg.connect(url) as connection:
        assert connection.execute(
            "select to_regclass('public.schema_migrations') is not null"
        ).fetchone() == (True,)


def test_migrations_of_an_earlier_state_are_taken_over_and_not_applied_again(empty):
    url, _ = empty
    migrations.migrate(url)
    with psycopg.connect(url) as connection:
        connection.execute("delete from ops.schema_migrations where name like 'staging %'")
        connection.execute("alter table ops.schema_migrations set schema public")
        connection.execute("comment on table public.schema_migrations is null")
        for name in ("003_staging.sql", "004_duplicate_reports.sql"):
            connection.execute("insert into public.schema_migrations (name) values (%s)", (name,))

    assert migrations.migrate(url) == []
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "select to_regclass('public.schema_migrations'), obj_description('ops.schema_migrations'::regclass)"
        ).fetchone()
    assert found[0] is None
    assert found[1]


def test_a_schema_staging_that_somebody_dropped_is_made_again(empty):
    url, run = empty
    migrations.migrate(url)
    run("drop schema staging cascade")

    assert migrations.migrate(url) == []
    with psycopg.connect(url) as connection:
        assert connection.execute("select count(*) from staging.aggregate_totals").fetchone() == (
            len(config.AGGREGATES),
        )


def test_a_load_that_runs_while_the_schema_staging_is_made_anew_is_ended(empty):
    url, _ = empty
    migrations.migrate(url)
    with psycopg.connect(url) as connection:
        connection.execute(
            "insert into ops.loads (load_id, attempt, status, orchestrator, source_url, rules_version, parameters,"
            " started_at, last_seen_at) values ('running', 1, 'running', 'python', 'http://portal', 1, '{}', now(), now())"
        )
        connection.execute(
            "update ops.schema_migrations set name = 'staging old' where name like 'staging %'"
        )

    migrations.migrate(url)

    with psycopg.connect(url) as connection:
        status, message = connection.execute("select status, message from ops.loads").fetchone()
    assert status == "abandoned"
    assert "Trigger a new run" in message
