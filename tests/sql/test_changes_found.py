"""What publishing finds to add, edit and remove, of a few reports written out."""

import pytest

from austin_crime.load import changes
from austin_crime.warehouse.connection import connect

# 1 stays as it is, 2 has another type, 3 a new stamp alone, 5 comes, 6 goes. Of a month that is mostly new, 4 has a new stamp alone,
# 7 another type, too.
REPORTS = """
insert into mart.crimes (incident_id, crime_type, source_month, source_row_id, source_updated_at)
select n, 'THEFT', case when n in (4, 7) then date '2024-02-01' else '2024-01-01' end, 'row ' || n, '2024-03-01 00:00+00'
from unnest(array[1, 2, 3, 4, 6, 7]) as n;
insert into staging.crimes (incident_id, crime_type, source_month, source_row_id, source_updated_at, batch_id)
select n, case when n in (2, 7) then 'DWI' else 'THEFT' end, case when n in (4, 7) then date '2024-02-01' else '2024-01-01' end, 'row ' || n,
    case when n = 1 then timestamptz '2024-03-01 00:00+00' else '2024-04-01 00:00+00' end, 'b'
from unnest(array[1, 2, 3, 4, 5, 7]) as n;
insert into staging.replaced_crimes (incident_id, source_month, source_row_id)
select incident_id, source_month, source_row_id from mart.crimes;
insert into staging.months (source_month, kind, reason, is_mostly_new, portal_count, newest_count)
values ('2024-01-01', 'whole', '', false, 4, 0), ('2024-02-01', 'whole', '', true, 1, 0);
"""


@pytest.fixture
def found(warehouse):
    """Return a connection to a warehouse in which publishing has found its changes."""
    with connect() as connection:
        connection.execute(REPORTS)
        changes.find_changes(connection)
        yield connection


def test_each_report_is_found_once_as_added_edited_or_with_a_new_stamp_alone(found):
    rows = found.execute(
        "select incident_id, change from staging.changes where change <> 'removed' order by incident_id"
    ).fetchall()

    assert [tuple(row.values()) for row in rows] == [
        (2, "edited"),
        (3, "source edited"),
        (5, "added"),
        (7, "edited"),
    ]


def test_a_held_report_that_is_replaced_by_none_is_removed(found):
    assert found.execute("select incident_id from staging.changes where change = 'removed'").fetchall() == [
        {"incident_id": 6}
    ]
