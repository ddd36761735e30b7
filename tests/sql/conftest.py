"""A warehouse in the middle of a load, with a few staged reports written out."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import dict_row

from austin_crime import config
from testing.rows import count_held

REPORTS = """
insert into staging.crimes (
    incident_id, crime_type, is_family_violence, occurred_date, occurred_month, occurred_hour, reported_date,
    reported_at, council_district, clearance_status, source_month, source_row_id, source_updated_at, batch_id
)
values
    (1, 'THEFT', false, '2023-05-01', '2023-05-01', 0, '2023-05-01', '2023-05-01 01:00', 9, 'N', '2023-05-01', 'a', '2024-06-01', 'b'),
    (2, 'THEFT', false, '2023-05-31', '2023-05-01', 0, '2023-06-01', '2023-06-01 01:00', 9, 'C', '2023-06-01', 'b', '2024-06-01', 'b'),
    (3, 'THEFT', false, '2024-05-01', '2024-05-01', null, '2024-05-01', '2024-05-01 01:00', null, 'O', '2024-05-01', 'c', '2024-06-01', 'b'),
    (4, 'DWI', false, '2024-05-02', '2024-05-01', 23, '2024-05-02', '2024-05-02 01:00', 1, null, '2024-05-01', 'd', '2024-06-01', 'b'),
    (5, null, false, null, null, null, '2024-05-03', '2024-05-03 01:00', null, null, '2024-05-01', 'e', '2024-06-01', 'b');
update staging.crimes set occurred_time = time '00:01' where incident_id = 1;
update staging.crimes set occurred_time = time '00:02' where incident_id = 2;
update staging.crimes set occurred_time = time '23:30' where incident_id = 4;
insert into ops.loads (load_id, attempt, status, orchestrator, source_url, rules_version, parameters, started_at, last_seen_at)
values ('test', 1, 'running', 'python', 'http://portal', 1, '{}', '2024-06-01', '2024-06-01');
insert into staging.council_districts values (1, 'District 1', '{}'), (9, 'District 9', '{}');
"""

# To the five staged reports: 100 held reports of a month that stays, one of a month that is gone, the plan of the
# load, and what the portal counts. Several values lie right at their limit: 1 of 101 reports removed, codes missing
# in 5 of 105, and 21 days since the newest report, in Austin though not in UTC.
SOUND = """
insert into mart.crimes (
    incident_id, crime_type, ucr_code, occurred_date, occurred_month, reported_date, source_month, source_row_id,
    source_updated_at
)
select
    n, 'BURGLARY', 500, date '2020-01-01', date '2020-01-01', date '2020-01-02', date '2020-01-01', 'held ' || n,
    timestamptz '2024-01-01 00:00+00'
from generate_series(1001, 1100) as n
union all
select 1101, 'ARSON', 900, '2019-12-01', '2019-12-01', '2019-12-02', '2019-12-01', 'held 1101', '2024-01-01 00:00+00';
insert into mart.top_crimes (crime_rank, crime_type, report_count, report_pct, with_status_count, cleared_count)
values (1, 'BURGLARY', 100, 99.01, 0, 0), (2, 'ARSON', 1, 0.99, 0, 0);

insert into ops.loads (
    load_id, attempt, status, orchestrator, source_url, dataset_form, rules_version, parameters, started_at, last_seen_at
)
values ('last', 1, 'published', 'python', 'http://portal', 'present', 1, '{}', '2024-05-01', '2024-05-01');
insert into ops.column_profiles (load_id, column_name, report_count, filled_count)
select 'last', column_name, 101, case when column_name in ('crime_type', 'ucr_code', 'occurred_date', 'reported_date') then 101 else 0 end
from information_schema.columns
where table_schema = 'mart' and table_name = 'crimes';
update ops.loads
set
    dataset_form = 'present', planned_against = 'last', portal_report_count = 105,
    portal_updated_at = '2024-05-25 03:00+00', started_at = '2024-06-02 03:00+00'
where load_id = 'test';
insert into ops.source_columns
values ('crime_type', 'text', 1, 'kept', 'test'), ('zip_code', 'text', 2, 'not kept', 'test');

insert into staging.months (source_month, kind, reason, is_mostly_new, portal_count, newest_count)
values
    ('2019-12-01', 'vanished', '', false, 0, 0),
    ('2020-01-01', 'skipped', '', false, 100, 0),
    ('2023-05-01', 'whole', '', false, 1, 0),
    ('2023-06-01', 'whole', '', false, 1, 0),
    ('2024-05-01', 'whole', '', false, 3, 0);
insert into staging.batches values ('b', '{}', 5, 5, '{}');
insert into staging.portal_counts
values
    ('occurred_year', '2020', 100), ('occurred_year', '2023', 2), ('occurred_year', '2024', 2), ('occurred_year', null, 1),
    ('crime_type', 'BURGLARY', 100), ('crime_type', 'THEFT', 3), ('crime_type', 'DWI', 1), ('crime_type', null, 1),
    ('council_district', '1', 1), ('council_district', '9', 2), ('council_district', null, 102);
"""


@pytest.fixture(scope="session")
def shared_warehouse(new_warehouse) -> str:
    """Return the address of a warehouse that tests write to and do not commit."""
    return new_warehouse("uncommitted")[0]


class Uncommitted(psycopg.Connection):
    """A connection whose transaction a test leaves open, whatever it calls."""

    def commit(self) -> None:
        """Commit nothing."""


@pytest.fixture
def connection(shared_warehouse) -> Iterator[psycopg.Connection]:
    """Return a connection to the warehouse, in a transaction that is rolled back."""
    with Uncommitted.connect(shared_warehouse, row_factory=dict_row) as connection:
        connection.execute(REPORTS)
        yield connection
        connection.rollback()


@pytest.fixture
def committed(warehouse) -> Iterator[psycopg.Connection]:
    """Return a connection to a warehouse of the test's own, which others see, too."""
    with psycopg.connect(warehouse.owner_url, row_factory=dict_row, autocommit=True) as connection:
        connection.execute(REPORTS)
        yield connection


@pytest.fixture
def sound(connection):
    """Return the connection to a warehouse about to be checked, with nothing to complain of."""
    connection.execute(SOUND)
    count_held(connection)
    connection.execute((config.SQL_DIR / "load" / "resolve.sql").read_bytes())
    for table in config.AGGREGATES:
        connection.execute((config.SQL_DIR / "aggregates" / f"{table}.sql").read_bytes())
    return connection
