"""Several orchestrators may migrate at once, and no reader can hold them up."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from austin_crime import config
from austin_crime.warehouse import migrations


@pytest.mark.parametrize("schemas", [(), ("mart", "ops", "staging")], ids=["empty", "with schemas"])
def test_of_several_that_migrate_an_empty_database_one_does_it(postgres, schemas) -> None:
    owner_url, _ = postgres.create_warehouse(f"migrated_at_once_{len(schemas)}")
    with psycopg.connect(owner_url) as connection:
        for schema in schemas:
            connection.execute(f"create schema {schema}")

    with ThreadPoolExecutor(4) as pool:
        applied = list(pool.map(migrations.migrate, [owner_url] * 4))

    assert sorted(map(len, applied))[:3] == [0, 0, 0]
    assert "001_mart.sql" in max(applied, key=len)


def test_a_reader_that_reads_everything_holds_up_no_migration(warehouse) -> None:
    with psycopg.connect(warehouse.reader_url) as reader:
        reader.execute("select * from ops.schema_migrations, ops.source_months, mart.crimes")

        assert migrations.migrate(warehouse.owner_url) == []


def test_a_migration_may_change_what_views_of_staging_read(warehouse, tmp_path, monkeypatch) -> None:
    shutil.copytree(config.SQL_DIR, tmp_path / "sql")
    statement = "alter table mart.crimes_per_hour alter column default_time_count type numeric;"
    (tmp_path / "sql" / "schema" / "900_numeric.sql").write_text(statement)
    monkeypatch.setattr(config, "SQL_DIR", tmp_path / "sql")

    assert migrations.migrate(warehouse.owner_url) == ["900_numeric.sql"]
    with psycopg.connect(warehouse.owner_url) as connection:
        assert connection.execute("select count(*) from staging.next_crimes_per_hour").fetchall() == [(0,)]
