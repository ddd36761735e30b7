import datetime as dt
import io
import json

import pandas as pd
import pytest

from austin_crime import contract, values
from austin_crime.landing import reading
from austin_crime.load import clean

REPORT = {
    ":id": "row-aaaa-bbbb_cccc",
    ":updated_at": "2024-06-02T10:00:00.123Z",
    "incident_report_number": "20241460123",
    "crime_type": "BURGLARY OF VEHICLE",
    "ucr_code": "601",
    "family_violence": "N",
    "occ_date_time": "2024-05-25T23:28:00.000",
    "occ_date": "2024-05-25T00:00:00.000",
    "occ_time": "2328",
    "rep_date_time": "2024-05-26T08:05:00.000",
    "rep_date": "2024-05-26T00:00:00.000",
    "rep_time": "805",
    "location_type": "PARKING /DROP LOT/ GARAGE",
    "council_district": "9",
    "sector": "BA",
    "district": "3",
    "clearance_status": "C",
    "clearance_date": "2024-05-30T00:00:00.000",
    "ucr_category": "23F",
    "category_description": "Theft",
    "census_block_group": "4530023181",
}


def clean_reports(*reports):
    body = "[" + "\n,".join(json.dumps(report) for report in reports) + "\n]\n"
    return clean.clean_crimes(reading.read_reports(io.BytesIO(body.encode())))


def clean_one(**changes):
    """Clean the report above with changes; a value of None leaves the key out, as the portal does."""
    changed = {name: value for name, value in (REPORT | changes).items() if value is not None}
    cleaned = clean_reports(changed)
    return cleaned.crimes.iloc[0], cleaned.rule_counts


def test_a_report_becomes_a_row_of_the_warehouse():
    row, rule_counts = clean_one()

    assert row["incident_id"] == 20241460123
    assert row["occurred_at"] == pd.Timestamp("2024-05-25 23:28")
    assert row["occurred_date"] == dt.date(2024, 5, 25)
    assert row["occurred_time"] == dt.time(23, 28)
    assert (row["occurred_hour"], row["occurred_month"]) == (23, dt.date(2024, 5, 1))
    assert row["reported_time"] == dt.time(8, 5)
    assert row["source_month"] == dt.date(2024, 5, 1)
    assert not row["is_family_violence"]
    assert (row["clearance_status"], row["clearance_name"]) == ("C", "Cleared by arrest")
    assert row["census_block_group_id"] == "484530023181"
    assert row["source_updated_at"] == pd.Timestamp("2024-06-02 10:00:00.123", tz="UTC")
    assert not rule_counts


def test_an_absent_key_is_null_and_counted_by_no_rule():
    row, rule_counts = clean_one(occ_time=None, council_district=None, clearance_status=None, rep_date=None)

    nulls = ["occurred_time", "occurred_hour", "council_district", "clearance_name", "source_month"]
    assert row[nulls].isna().all()
    assert not rule_counts


def test_an_empty_string_is_null():
    row, rule_counts = clean_one(occ_time="", location_type="")

    assert row[["occurred_time", "location_type"]].isna().all()
    assert not rule_counts


@pytest.mark.parametrize(
    ("column", "value", "name", "rule"),
    [
        ("occ_time", "2400", "occurred_time", "hour_out_of_range"),
        ("occ_time", "170", "occurred_time", "minute_out_of_range"),
        ("occ_time", "noon", "occurred_time", "time_unreadable"),
        ("council_district", "11", "council_district", "district_unreadable"),
        ("council_district", "0", "council_district", "district_unreadable"),
        ("council_district", "D8", "council_district", "district_unreadable"),
        ("occ_date", "2024-02-30T00:00:00.000", "occurred_date", "date_unreadable"),
        ("occ_date", "yesterday", "occurred_date", "date_unreadable"),
        ("ucr_code", "6O1", "ucr_code", "number_unreadable"),
        ("family_violence", "maybe", "is_family_violence", "flag_unreadable"),
        ("census_block_group", "45300231812", "census_block_group_id", "block_group_unreadable"),
    ],
)
def test_what_cannot_be_read_becomes_null_and_is_counted(column, value, name, rule):
    row, rule_counts = clean_one(**{column: value})

    assert pd.isna(row[name])
    assert rule_counts == {f"{rule}:{column}": 1}


def test_hour_2400_leaves_the_date_and_no_hour():
    row, _ = clean_one(occ_time="2400", occ_date_time=None)

    assert row["occurred_date"] == dt.date(2024, 5, 25)
    assert pd.isna(row["occurred_hour"])


def test_a_date_that_is_sent_with_a_time_of_day_is_its_day():
    row, rule_counts = clean_one(clearance_date="2024-05-30T13:45:00.000")

    assert row["clearance_date"] == dt.date(2024, 5, 30)
    assert not rule_counts


def test_a_report_without_an_id_gets_one_and_is_counted():
    row, rule_counts = clean_one(**{":id": None})

    assert row["source_row_id"].startswith("without id ")
    assert rule_counts == {"row_id_missing::id": 1}


def test_one_unreadable_date_leaves_the_others_of_its_batch_readable():
    crimes = clean_reports(REPORT, REPORT | {"occ_date": "2024-13-01", ":id": "row-2"}).crimes

    assert crimes["occurred_date"].tolist()[0] == dt.date(2024, 5, 25)
    assert crimes["occurred_date"].isna().tolist() == [False, True]


def test_an_unknown_clearance_status_is_kept_as_sent_and_counted():
    row, rule_counts = clean_one(clearance_status="X")

    assert row["clearance_status"] == "X"
    assert pd.isna(row["clearance_name"])
    assert rule_counts == {"clearance_status_unknown:clearance_status": 1}


@pytest.mark.parametrize(
    ("key", "reason"),
    [(None, "missing_key"), ("", "missing_key"), ("A1", "unreadable_key"), ("1.5", "unreadable_key")],
)
def test_a_report_without_a_readable_key_is_rejected_with_its_raw_json(key, reason):
    report = {
        name: value for name, value in (REPORT | {"incident_report_number": key}).items() if value is not None
    }

    cleaned = clean_reports(report, REPORT)

    assert len(cleaned.crimes) == 1
    reject = cleaned.rejects.iloc[0]
    assert (reject["reason"], reject["source_row_id"]) == (reason, REPORT[":id"])
    assert json.loads(reject["raw"])["crime_type"] == REPORT["crime_type"]
    assert cleaned.rule_counts == {f"{reason}:incident_report_number": 1}


def test_a_batch_without_reports_is_read_as_no_rows_with_every_column():
    cleaned = clean.clean_crimes(reading.read_reports(io.BytesIO(b"[]\n")))

    assert len(cleaned.crimes) == len(cleaned.rejects) == 0
    assert {column.name for column in contract.COLUMNS} <= set(cleaned.crimes.columns)


def test_columns_that_are_not_kept_are_ignored():
    cleaned = clean_reports(REPORT | {"address": "1 MAIN ST", "location": {"latitude": "30.2"}})

    assert len(cleaned.crimes) == 1
    assert not {"address", "location"} & set(cleaned.crimes.columns)


def test_every_finding_has_a_rule_that_says_what_it_means():
    rule_counts = clean_reports(
        REPORT | {"occ_time": "2460", "council_district": "x", "clearance_status": "?", "ucr_code": "x"}
    ).rule_counts

    assert {counted_rule.split(":")[0] for counted_rule in rule_counts} <= contract.RULES.keys()
    assert len(rule_counts) == 4


@pytest.mark.parametrize(
    ("dimension", "key", "cleaned"),
    [
        ("occurred_year", "2024-01-01T00:00:00.000", "2024"),
        ("occurred_year", None, None),
        ("council_district", "7", "7"),
        ("council_district", "77", None),
        ("crime_type", "THEFT", "THEFT"),
        ("crime_type", None, None),
    ],
)
def test_the_portals_group_keys_are_cleaned_like_the_data(dimension, key, cleaned):
    assert values.read_group_key(dimension, key) == cleaned
