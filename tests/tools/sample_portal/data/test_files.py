"""Given files: both forms, JSON and CSV, the three ways in which the city has written dates."""

import csv
import json
import re
from datetime import UTC, datetime

import pytest
import requests

from sample_portal.data.datasets import FORMS
from sample_portal.data.store import Store
from sample_portal.errors import PortalFault
from sample_portal.http import server

HISTORIC = {
    "incident_report_number": "20241460001",
    "crime_type": "THEFT",
    "occ_date": "2024-05-25T00:00:00.000",
    "occ_time": "930",
    "rep_date": "2024-05-25T00:00:00.000",
    "address": "1200 BLOCK SAMPLE ST",
    "zip_code": "78705",
    "council_district": "9",
    "pra": "356",
    "census_tract": "24.22",
    "x_coordinate": "3113472",
    "latitude": "30.28969692",
    "longitude": "-97.74489139",
    "location": {"latitude": "30.28969692", "longitude": "-97.74489139", "human_address": '{"address": ""}'},
}


def write_json(path, reports) -> object:
    """Write reports as the portal sends them."""
    path.write_text(json.dumps(reports), encoding="utf-8")
    return path


def write_csv(path, reports, form="present") -> object:
    """Write reports as CSV for people; each a dict by display name."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [column.title for column in FORMS[form]])
        writer.writeheader()
        writer.writerows(reports)
    return path


def served(path) -> list[dict[str, object]]:
    """Return what a portal with this file answers."""
    store = Store.from_file(path)
    with server.running(store) as address:
        rows = requests.get(f"{address}/resource/fdj4-gpfu.json?$limit=5000", timeout=20).json()
    store.close()
    return rows


def test_a_historic_report_comes_back_as_it_was_given_its_location_an_object(tmp_path):
    path = write_json(tmp_path / "historic.json", [HISTORIC])

    assert served(path) == [HISTORIC]


def test_the_form_is_recognized_from_the_columns(tmp_path, written_out):
    store = Store.from_file(write_json(tmp_path / "historic.json", [HISTORIC]))

    assert store.form == "historic"
    assert written_out.store.form == "present"
    store.close()


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("11/27/2005  14:05", "2005-11-27T14:05:00.000"),
        ("11/27/2005 02:05:00 PM", "2005-11-27T14:05:00.000"),
        ("2005-11-27T14:05:00.000", "2005-11-27T14:05:00.000"),
        ("11/27/2005", "2005-11-27T00:00:00.000"),
        ("11/27/2005 12:00:00 AM", "2005-11-27T00:00:00.000"),
    ],
)
def test_dates_are_read_in_each_way_in_which_the_city_writes_them(tmp_path, written, expected):
    report = {
        "Incident Number": "20055061757",
        "Occurred Date Time": written,
        "Census Block Group": "4530452001",
    }

    (row,) = served(write_csv(tmp_path / "export.csv", [report]))

    assert row == {
        "incident_report_number": "20055061757",
        "occ_date_time": expected,
        "census_block_group": "4530452001",
    }


def test_the_portals_own_export_can_be_served_again(written_out, tmp_path):
    export = written_out.get("/api/views/fdj4-gpfu/rows.csv").text
    path = tmp_path / "export.csv"
    path.write_text(export, encoding="utf-8")

    def by_key(rows) -> dict[object, object]:
        return {row["incident_report_number"]: row for row in rows}

    assert by_key(served(path)) == by_key(written_out.rows())


def test_a_report_keeps_its_identifier_from_file_to_file(tmp_path):
    other = HISTORIC | {"incident_report_number": "20241460002", "crime_type": "DWI"}
    first = Store.from_file(write_json(tmp_path / "one.json", [HISTORIC, other]))
    second = Store.from_file(write_json(tmp_path / "two.json", [HISTORIC | {"crime_type": "ROBBERY"}]))

    sql = 'select ":id" from reports where incident_report_number = 20241460001'
    assert first.execute(sql) == second.execute(sql)
    assert first.execute('select count(distinct ":id") from reports') == [(2,)]
    first.close()
    second.close()


def test_reports_with_the_same_number_have_identifiers_of_their_own(tmp_path):
    store = Store.from_file(write_json(tmp_path / "duplicates.json", [HISTORIC, HISTORIC]))

    assert store.execute('select count(*), count(distinct ":id") from reports') == [(2, 2)]
    store.close()


def test_a_report_without_a_number_has_an_identifier(tmp_path):
    nameless = {name: value for name, value in HISTORIC.items() if name != "incident_report_number"}
    store = Store.from_file(write_json(tmp_path / "nameless.json", [HISTORIC, nameless]))

    assert store.execute('select count(":id") from reports where incident_report_number is null') == [(1,)]
    store.close()


def test_the_stamp_is_the_one_given_or_the_files_time(tmp_path):
    path = write_json(tmp_path / "historic.json", [HISTORIC])
    given = Store.from_file(path, updated_at=datetime(2024, 6, 2, 1, 0, 0, 250_000, UTC))
    found = Store.from_file(path)

    written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    assert given.newest_stamp().isoformat() == "2024-06-02T01:00:00.250000"
    assert found.newest_stamp().isoformat() == written.strftime("%Y-%m-%dT%H:%M:%S")
    given.close()
    found.close()


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("absent.json", None, "There is no file"),
        ("broken.json", '[{"incident_report_number": ', "cannot be read as JSON or CSV"),
        ("object.json", '{"incident_report_number": "1"}', "cannot be read as JSON or CSV"),
        (
            "other.csv",
            "name,age\nAda,36\n",
            "is in neither form of the crime reports: expected columns such as",
        ),
        ("dates.json", json.dumps([HISTORIC | {"rep_date": "yesterday"}]), "holds a value"),
        ("numbers.json", json.dumps([HISTORIC | {"ucr_code": "six hundred"}]), "holds a value"),
    ],
)
def test_a_file_that_cannot_be_served_is_refused_with_its_name(tmp_path, name, text, message):
    path = tmp_path / name
    if text is not None:
        path.write_text(text, encoding="utf-8")

    with pytest.raises(PortalFault, match=f"{re.escape(str(path))}|{message}") as caught:
        Store.from_file(path)

    assert message in str(caught.value)


@pytest.mark.parametrize(
    "name", ["historic_2024-06-02.json", "historic_2024-06-03.json", "suppressed_2024-04-12.json"]
)
def test_real_reports_come_back_as_the_city_sent_them(real_data, name):
    sent = json.loads((real_data / name).read_text(encoding="utf-8"))

    answered = served(real_data / name)

    def by_key(rows) -> dict[object, object]:
        return {row["incident_report_number"]: row for row in rows}

    assert by_key(answered) == by_key(sent)


def test_real_reports_in_the_present_form_are_recognized(real_data):
    rows = served(real_data / "newform_head5_2026-03_display_only.csv")

    assert len(rows) == 5
    assert {row["census_block_group"] for row in rows} >= {"4530452000", "4530023000"}
    assert {row["occ_date_time"] for row in rows} >= {"2005-11-27T14:00:00.000"}
