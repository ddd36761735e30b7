"""A new column is a line of the contract and a migration; a new aggregate a file, a migration and its name."""

import io
import json
import shutil

import pytest

from austin_crime import config, contract
from austin_crime.landing import reading
from austin_crime.load import build, changes, check, clean, publish
from austin_crime.models import Load
from austin_crime.warehouse import migrations
from austin_crime.warehouse.connection import connect
from austin_crime.warehouse.statements import columns_of
from testing.rows import add_check_result, count_held

NEW_COLUMN = """
alter table mart.crimes add column weapon text;
comment on column mart.crimes.weapon is 'Weapon.';
"""
NEW_AGGREGATE = """
create table mart.crimes_per_weapon (weapon text, report_count bigint not null, unique nulls not distinct (weapon));
comment on table mart.crimes_per_weapon is 'One row per weapon.';
comment on column mart.crimes_per_weapon.weapon is 'Weapon.';
comment on column mart.crimes_per_weapon.report_count is 'Incident reports.';
"""
FILL_AGGREGATE = """
truncate staging.crimes_per_weapon;
insert into staging.crimes_per_weapon (weapon, report_count)
select crimes.weapon, count(*) as report_count from staging.crimes_next as crimes group by crimes.weapon;
"""
STAGE = """
insert into staging.crimes (incident_id, crime_type, weapon, source_row_id, source_updated_at, batch_id)
values (1, 'THEFT', %(weapon)s, 'a', now(), 'b'), (2, 'THEFT', null, 'b', now(), 'b');
"""
BEGIN = """
insert into ops.loads (load_id, attempt, status, orchestrator, source_url, rules_version, parameters, portal_report_count,
    planned_against, started_at, last_seen_at)
values (%(load)s, 1, 'running', 'python', 'http://portal', 1, '{}', 2, %(before)s, now(), now());
"""


@pytest.fixture
def one_more(warehouse, tmp_path, monkeypatch):
    """Add a column and an aggregate to throw-away copies of the SQL files and of the contract."""
    shutil.copytree(config.SQL_DIR, tmp_path / "sql")
    (tmp_path / "sql" / "schema" / "900_weapon.sql").write_text(NEW_COLUMN + NEW_AGGREGATE)
    (tmp_path / "sql" / "aggregates" / "crimes_per_weapon.sql").write_text(FILL_AGGREGATE)
    monkeypatch.setattr(config, "SQL_DIR", tmp_path / "sql")
    monkeypatch.setattr(config, "AGGREGATES", (*config.AGGREGATES, "crimes_per_weapon"))
    monkeypatch.setattr(
        contract, "COLUMNS", (*contract.COLUMNS, contract.Column("weapon", "weapon", "text", contract.TEXT))
    )
    assert migrations.migrate(warehouse.owner_url) == ["900_weapon.sql"]


def load(connection, load_id, before, weapon):
    """Load two reports, as settle would leave them, and publish them."""
    connection.execute(BEGIN, {"load": load_id, "before": before})
    connection.execute(STAGE, {"weapon": weapon})
    connection.execute("insert into staging.batches values ('b', '{}', 2, 2, '{}')")
    connection.execute(
        "insert into staging.replaced_crimes select incident_id, source_month, source_row_id from mart.crimes"
    )
    connection.execute(
        "insert into staging.months (source_month, kind, reason, is_mostly_new, portal_count, newest_updated_at, newest_count)"
        " values (null, 'whole', '', false, 2, now(), 0)"
    )
    count_held(connection)
    changes.find_changes(connection)
    for table in config.AGGREGATES:
        build.build(connection, table)
    check.profile(connection)
    add_check_result(connection, load_id=load_id)
    publish.publish(connection, Load(load_id=load_id, attempt=1, has_work=True))


def test_a_new_column_and_a_new_aggregate_arrive_wherever_the_others_do(one_more):
    with connect() as connection:
        load(connection, "first", None, "knife")
        load(connection, "second", "first", "bottle")

        live = connection.execute("select weapon from mart.crimes order by incident_id").fetchall()
        changes = connection.execute(
            "select incident_id, change, differences from ops.crime_changes"
        ).fetchall()
        profiles = connection.execute(
            "select filled_count from ops.column_profiles where column_name = 'weapon' and load_id = 'second'"
        ).fetchall()
        aggregate = connection.execute(
            "select weapon, report_count from mart.crimes_per_weapon order by 1"
        ).fetchall()
        subjects = connection.execute(
            (config.SQL_DIR / "checks" / "aggregate_totals.sql").read_bytes()
        ).fetchall()

    assert [row["weapon"] for row in live] == ["bottle", None]
    assert changes == [
        {"incident_id": 1, "change": "edited", "differences": {"weapon": {"old": "knife", "new": "bottle"}}}
    ]
    assert profiles == [{"filled_count": 1}]
    assert [tuple(row.values()) for row in aggregate] == [("bottle", 1), (None, 1)]
    assert "crimes_per_weapon" in {row["subject"] for row in subjects}


def test_cleaning_gives_every_column_that_the_warehouse_has(warehouse):
    report = {column.source_name: "1" for column in contract.COLUMNS}
    report |= {":id": "row-a", ":updated_at": "2024-06-01T00:00:00.000Z"}
    reports = reading.read_reports(io.BytesIO(json.dumps([report]).encode()))

    with connect() as connection:
        columns = columns_of(connection, "mart.crimes")

    assert sorted(clean.clean_crimes(reports).crimes.columns) == sorted(columns)


def test_the_first_publish_leaves_the_indexes_that_the_migrations_made(one_more):
    question = (
        "select indexdef from pg_indexes where schemaname = 'mart' and tablename = 'crimes' order by indexdef"
    )
    with connect() as connection:
        before = connection.execute(question).fetchall()
        load(connection, "first", None, "knife")

        assert connection.execute(question).fetchall() == before
