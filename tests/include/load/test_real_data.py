"""The whole pipeline on real files of the portal, compared with figures that DuckDB computes from the file on its own."""

import duckdb
import psycopg
import pytest

from austin_crime import nightly
from sample_portal.data.store import Store
from sample_portal.http import server

# The historic form comes as SODA's JSON, the present form as the CSV of a display.
FILES = {
    "historic_2024-06-02.json": "historic",
    "historic_2024-06-03.json": "historic",
    "suppressed_2024-04-12.json": "historic",
    "newform_head5_2026-03_display_only.csv": "present",
}
API_NAMES = {
    "incident_report_number": "Incident Number",
    "crime_type": "Highest Offense Description",
    "occ_date": "Occurred Date",
    "occ_time": "Occurred Time",
    "council_district": "Council District",
    "clearance_status": "Clearance Status",
    "clearance_date": "Clearance Date",
    "location_type": "Location Type",
    "sector": "APD Sector",
    "district": "APD District",
    "ucr_category": "UCR Category",
    "census_block_group": "Census Block Group",
}
OURS = {
    "crime_type": "crime_type",
    "council_district": "council_district",
    "clearance_status": "clearance_status",
    "clearance_date": "clearance_date",
    "location_type": "location_type",
    "sector": "apd_sector",
    "district": "apd_district",
    "ucr_category": "category_code",
}


@pytest.fixture(params=FILES)
def loaded(request, real_data, warehouse, monkeypatch):
    """Load a file through the portal and the pipeline; return the file's table in DuckDB and a function to ask us."""
    path = real_data / request.param
    store = Store.from_file(path)
    with server.running(store) as url:
        monkeypatch.setenv("AUSTIN_CRIME_SOURCE_URL", url)
        nightly.run_nightly("real")
    store.close()
    file = duckdb.connect()
    if path.suffix == ".json":
        file.execute("create table report as select * from read_json(?, sample_size = -1)", [str(path)])
        date = "cast(occ_date as timestamp)"
    else:
        names = ", ".join(f'"{display}" as {name}' for name, display in API_NAMES.items())
        file.execute("create table raw as select * from read_csv(?, all_varchar = true)", [str(path)])
        file.execute(f"create view report as select {names} from raw")
        date = "strptime(occ_date, '%m/%d/%Y')"
    with psycopg.connect(warehouse.owner_url) as connection:
        yield file, date, lambda query: connection.execute(query).fetchall()


def test_every_report_of_the_file_is_in_the_warehouse(loaded):
    file, _, ours = loaded

    [(expected,)] = file.execute("select count(distinct incident_report_number) from report").fetchall()

    assert ours("select count(*) from mart.crimes") == [(expected,)]
    assert ours("select sum(rejected_count) from ops.loads") == [(0,)]


def test_reports_per_year_are_those_of_the_file(loaded):
    file, date, ours = loaded

    expected = file.execute(f"select year({date}), count(*) from report group by 1 order by 1").fetchall()

    assert ours("select occurred_year, report_count from mart.crimes_per_year order by 1") == expected


def test_crime_types_and_their_ranks_are_those_of_the_file(loaded):
    file, _, ours = loaded

    expected = file.execute(
        "select crime_type, count(*) as n from report group by 1 order by n desc"
    ).fetchall()

    ranked = ours("select crime_type, report_count from mart.top_crimes order by crime_rank")
    assert sorted(ranked) == sorted(expected)
    assert [number for _, number in ranked] == [number for _, number in expected]


def test_reports_per_council_district_are_those_of_the_file(loaded):
    file, _, ours = loaded

    expected = file.execute(
        "select cast(council_district as integer) as district, count(*) from report group by 1"
    ).fetchall()

    areas = ours("select council_district, report_count from mart.crimes_per_area where report_count > 0")
    assert set(areas) == set(expected)


def test_reports_per_hour_are_those_of_the_file(loaded):
    file, _, ours = loaded
    time = "try_cast(occ_time as integer)"
    hour = f"case when {time} // 100 < 24 and {time} % 100 < 60 then {time} // 100 end"

    expected = file.execute(f"select {hour}, count(*) from report group by 1").fetchall()

    assert set(ours("select occurred_hour, report_count from mart.crimes_per_hour")) == set(expected)


def test_nulls_are_as_many_as_absent_keys_in_the_file(loaded):
    file, _, ours = loaded
    columns = {row[0] for row in file.execute("describe report").fetchall()}

    for source, name in OURS.items():
        [(expected,)] = (
            file.execute(f"select count(*) - count({source}) from report").fetchall()
            if source in columns
            else file.execute("select count(*) from report").fetchall()
        )
        assert ours(f"select count(*) - count({name}) from mart.crimes") == [(expected,)], name


def test_both_forms_are_recognized(loaded):
    _, _, ours = loaded

    [(form, columns)] = ours(
        "select dataset_form, (select count(*) from ops.source_columns where status = 'not kept') from ops.loads"
    )

    assert (form, columns > 0) in {("historic", True), ("present", False)}
