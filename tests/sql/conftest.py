"""A warehouse in the middle of a load, with a few staged reports written out."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import dict_row

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
insert into ops.loads (load_id, attempt, status, orchestrator, source_url, rules_version, parameters, started_at, last_seen_at)
values ('test', 1, 'running', 'python', 'http://portal', 1, '{}', '2024-06-01', '2024-06-01');
insert into staging.council_districts values (1, 'District 1', '{}'), (9, 'District 9', '{}');
"""


@pytest.fixture
def connection(warehouse) -> Iterator[psycopg.Connection]:
    """Return a connection to the warehouse."""
    with psycopg.connect(warehouse.owner_url, row_factory=dict_row, autocommit=True) as connection:
        connection.execute(REPORTS)
        yield connection
