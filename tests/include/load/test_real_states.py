"""Two real files of the portal as two states of one portal: the changes found are those that DuckDB finds in the files.

Between the two, reports come and go and none is edited. In a third file, made of the second, some are.
"""

import json
from contextlib import closing
from datetime import datetime

import duckdb
import pytest

from austin_crime import errors, nightly
from sample_portal.data.store import Store
from sample_portal.http import server
from sample_portal.publisher import live

FIRST, SECOND = "historic_2024-06-02.json", "historic_2024-06-03.json"
FIRST_STAMP, SECOND_STAMP = datetime(2024, 6, 2, 1), datetime(2024, 6, 3, 23)  # noqa: DTZ001 (as the portal keeps them)
# In raw form, what every seventh report of the second file is edited to; None takes the value away.
EDITS = {
    "crime_type": "EDITED",
    "clearance_status": "C",
    "clearance_date": "2024-06-03T00:00:00.000",
    "occ_time": "5",
    "occ_date": "2003-03-31T00:00:00.000",
    "council_district": "9",
    "location_type": None,
}
# What is live, but for where it came from: the city sent these columns in 2024, the block group not yet.
REPORTS = """
    select
        cast(incident_report_number as bigint) as incident_id,
        crime_type,
        cast(ucr_code as integer) as ucr_code,
        family_violence = 'Y' as is_family_violence,
        strftime(cast(occ_date_time as timestamp), '%xT%X') as occurred_at,
        strftime(cast(occ_date as timestamp), '%x') as occurred_date,
        strftime(try_strptime(lpad(occ_time, 4, '0'), '%H%M'), '%X') as occurred_time,
        strftime(date_trunc('month', cast(occ_date as timestamp)), '%x') as occurred_month,
        hour(try_strptime(lpad(occ_time, 4, '0'), '%H%M')) as occurred_hour,
        strftime(cast(rep_date_time as timestamp), '%xT%X') as reported_at,
        strftime(cast(rep_date as timestamp), '%x') as reported_date,
        strftime(try_strptime(lpad(rep_time, 4, '0'), '%H%M'), '%X') as reported_time,
        location_type,
        cast(council_district as integer) as council_district,
        sector as apd_sector,
        district as apd_district,
        clearance_status,
        case clearance_status
            when 'N' then 'Not cleared' when 'O' then 'Cleared by exception' when 'C' then 'Cleared by arrest'
        end as clearance_name,
        strftime(cast(clearance_date as timestamp), '%x') as clearance_date,
        ucr_category as category_code,
        category_description as category_name,
        strftime(date_trunc('month', cast(rep_date as timestamp)), '%x') as source_month
    from read_json(?, sample_size = -1)
""".replace("%x", "%Y-%m-%d").replace("%X", "%H:%M:%S")


def reports_of(path):
    """Return a file's reports by key, without nulls."""
    with duckdb.connect() as connection:
        found = connection.execute(REPORTS, [str(path)])
        names = [column[0] for column in found.description]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return {row["incident_id"]: without_nulls(row) for row in rows}


def without_nulls(row):
    own = {"source_row_id", "source_updated_at"}
    return {name: value for name, value in row.items() if value is not None and name not in own}


def edit_in_place(store, newer):
    """Bring a portal to a newer state as an upsert does: what is the same keeps its id and stamp."""
    reports = newer.execute("select * from reports")
    same = 'select * exclude (":created_at", ":updated_at") from'
    with store.change(SECOND_STAMP) as (cursor, _):
        cursor.execute("create table newer as from reports limit 0")
        cursor.executemany(f"insert into newer values ({', '.join('?' * len(reports[0]))})", reports)
        cursor.execute(f'create temp table kept as select ":id" from ({same} reports intersect {same} newer)')
        cursor.execute('delete from reports where ":id" not in (from kept)')
        cursor.execute('insert into reports from newer where ":id" not in (from kept)')
        cursor.execute("drop table newer")


def replace_everything(store, newer):
    """Bring a portal to a newer state as a full replacement does: every id and stamp is new."""
    edit_in_place(store, newer)
    live.rewrite_all(store, updated_at=SECOND_STAMP)


def edit_some(path, edited_path):
    """Write a file of reports again, every seventh of them edited."""
    reports = json.loads(path.read_text())
    for report in reports[::7]:
        report |= EDITS
    edited_path.write_text(
        json.dumps([{name: value for name, value in report.items() if value} for report in reports])
    )
    return edited_path


def edits(old, new):
    """Return the columns that differ between two states of a report, and both values."""
    return {
        name: {"old": old.get(name), "new": new.get(name)}
        for name in old.keys() | new.keys()
        if old.get(name) != new.get(name)
    }


@pytest.fixture(params=["none edited", "some edited"])
def files(real_data, tmp_path, request):
    """Return the files of the first and the second state."""
    second = real_data / SECOND
    is_edited = request.param == "some edited"
    return real_data / FIRST, edit_some(second, tmp_path / SECOND) if is_edited else second


@pytest.fixture
def portal(files, monkeypatch):
    """Serve the first file; return its store and the second file's."""
    store, newer = (
        Store.from_file(path, updated_at=stamp)
        for path, stamp in zip(files, (FIRST_STAMP, SECOND_STAMP), strict=True)
    )
    with closing(store), closing(newer), server.running(store) as url:
        monkeypatch.setenv("AUSTIN_CRIME_SOURCE_URL", url)
        yield store, newer


@pytest.mark.parametrize("bring", [edit_in_place, replace_everything])
def test_the_changes_between_two_real_states_are_those_between_their_files(
    portal, files, warehouse, ask, bring
):
    before, after = map(reports_of, files)
    same = [key for key in before if before[key] == after.get(key)]
    places = "select incident_id, ctid from mart.crimes where incident_id = any(%s)"
    nightly.run_nightly("first")
    places_before = ask(places, same)
    bring(*portal)

    with pytest.raises(errors.CheckBlocked, match=r"reports_removed: .* accept = reports_removed;"):
        nightly.run_nightly("second")
    nightly.run_nightly(
        "accepted", {"accept": ["reports_removed", "month_removed", "category_gone", "null_rate"]}
    )

    published = ask("select incident_id, to_jsonb(crimes) from mart.crimes")
    assert {key: without_nulls(row) for key, row in published} == after
    told = {change: {} for change in ("added", "edited", "removed")}
    for key, change, differences in ask("select incident_id, change, differences from ops.crime_changes"):
        told[change][key] = differences
    assert told["added"].keys() == after.keys() - before.keys()
    assert told["edited"] == {
        key: edits(before[key], after[key]) for key in before.keys() & after.keys() - set(same)
    }
    removed = {key: row for key, row in before.items() if key not in after}
    assert {key: without_nulls(row) for key, row in told["removed"].items()} == removed
    # What stayed the same, the old reports of the portal's default page, was not written again.
    assert len(same) > 100
    assert ask(places, same) == places_before
