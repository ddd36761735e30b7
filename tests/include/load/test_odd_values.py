"""Whole loads of reports with odd values: each is read, or named and counted, and none keeps the others from loading."""

import io
import json
from datetime import datetime

import pytest

from austin_crime import nightly
from austin_crime.errors import CheckBlocked
from austin_crime.landing import reading
from austin_crime.load import stage
from sample_portal.publisher import live

TEXTS = ("location_type", "sector", "district", "clearance_status", "ucr_category", "category_description")


@pytest.fixture
def change_reports(monkeypatch):
    """Return a function that has every landed body changed before it is read, as another portal might have sent it."""

    def begin(change):
        read_reports = reading.read_reports

        def read_changed(body):
            reports = json.load(body)
            for report in reports:
                change(report)
            lines = "\n,".join(map(json.dumps, reports))
            return read_reports(io.BytesIO(f"[{lines}\n]\n".encode()))

        monkeypatch.setattr(stage.reading, "read_reports", read_changed)

    return begin


def test_what_the_database_cannot_hold_is_replaced_and_counted_and_every_report_is_published(
    sample_portal, ask, change_reports
):
    texts, no_id, no_stamp, long, lost = sample_portal.some_keys(5)
    live.edit_reports(sample_portal.store, sample_portal.where([lost]), "clearance_date = null")
    before = sample_portal.reports()

    def change(report):
        match int(report["incident_report_number"]):
            case key if key == texts:
                report |= dict.fromkeys(TEXTS, "A\0B\ud800\r\n") | {
                    "ucr_code": "99999999999",
                    "rep_time": "1e9",
                }
            case key if key == no_id:
                report |= {":id": "", "clearance_date": "10000-01-01T00:00:00.000"}
            case key if key == no_stamp:
                report |= {":updated_at": "soon", "clearance_date": "-0044-03-15"}
            case key if key == long:
                report |= {"location_type": "ß" * 100_000, "rep_date_time": "2015-01-01T00:00:00-06:00"}
            case key if key == lost:
                report |= {"incident_report_number": "9" * 30, "location_type": "\0\udfff"}

    change_reports(change)

    nightly.run_nightly("first")

    crimes = ask.crimes()
    assert crimes.keys() == before.keys() - {lost}
    assert crimes[texts][1:3] == ("A\ufffdB\ufffd\r\n", "A\ufffdB\ufffd\r\n")
    assert crimes[long][1] == "ß" * 500
    [(reason, raw)] = ask("select reason, raw from ops.rejected_reports")
    assert (reason, raw["location_type"]) == ("unreadable_key", "\ufffd\ufffd")
    [(row_id,)] = ask("select source_row_id from mart.crimes where incident_id = %s", no_id)
    assert row_id.startswith("without id ")
    assert {name for (name,) in ask("select check_name from ops.check_results where status = 'passed'")} >= {
        f"unreadable_values:{rule}"
        for rule in [
            *(f"character_replaced:{name}" for name in TEXTS),
            "clearance_status_unknown:clearance_status",
            "row_id_missing::id",
            "stamp_unreadable::updated_at",
            "year_out_of_range:clearance_date",
            "text_cut:location_type",
            "date_with_offset:rep_date_time",
            "number_unreadable:ucr_code",
            "time_unreadable:rep_time",
        ]
    }


def test_numbers_and_dates_written_in_another_way_load_the_same_reports(sample_portal, ask, change_reports):
    def change(report):
        for name in ("incident_report_number", "ucr_code", "census_block_group", "occ_time", "rep_time"):
            if name in report:
                report[name] += ".0"
        if "council_district" in report:
            report["council_district"] = report["council_district"].zfill(3)
        for name in ("occ_date", "occ_date_time", "rep_date", "rep_date_time", "clearance_date"):
            if name in report:
                report[name] += "Z"
        report[":updated_at"] = report[":updated_at"].replace("Z", "+00:00")

    everything = "select to_jsonb(crimes) from mart.crimes order by incident_id"
    nightly.run_nightly("plain")
    before = ask(everything)
    change_reports(change)

    nightly.run_nightly("other", {"full_reload": True})

    assert ask(everything) == before
    assert ask("select count(*) from ops.crime_changes") == [(0,)]


@pytest.mark.parametrize("stamp", ["{0}Z", "{0}.9Z", "{0}.999999999Z", "{0}+00:00"])
def test_reports_stamped_with_other_digits_than_their_months_load_and_follow_a_week(
    sample_portal, ask, change_reports, stamp
):
    change_reports(
        lambda report: report.update({":updated_at": stamp.format(report[":updated_at"].partition(".")[0])})
    )

    nightly.run_nightly("first")
    live.pass_week(sample_portal.store)
    nightly.run_nightly("second")

    assert ask.crimes() == sample_portal.reports()
    assert ask("select fetched_count < 1000 from ops.loads where load_id = 'second'") == [(True,)]


@pytest.mark.parametrize("stamp", ["0001-01-01", "1969-12-31 23:59:59.999", "9999-12-31 23:59:59.999"])
def test_stamps_at_the_ends_of_time_hide_no_change(sample_portal, ask, stamp):
    store = sample_portal.store
    store.execute(f"update reports set \":updated_at\" = timestamp '{stamp}'")
    nightly.run_nightly("first")
    live.edit_reports(
        store,
        sample_portal.where(sample_portal.some_keys(3)),
        "location_type = 'BANK'",
        updated_at=datetime(2024, 6, 8),  # noqa: DTZ001 (UTC)
    )
    nightly.run_nightly("second")

    assert ask.crimes() == sample_portal.reports()
    assert ask("select added_count, edited_count from ops.loads where load_id = 'second'") == [(0, 3)]


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("incident_report_number", r"rejected_reports: .* start a run with accept = rejected_reports;"),
        (
            "council_district",
            r"unreadable_values:district_unreadable:council_district: .* A council district other than 1 to 10 becomes null\."
            r" .* start a run with accept = unreadable_values:district_unreadable:council_district;",
        ),
    ],
)
def test_a_first_load_that_rejects_or_empties_much_is_blocked(
    sample_portal, ask, change_reports, column, said
):
    change_reports(lambda report: report.update({column: "x"} if column in report else {}))

    with pytest.raises(CheckBlocked, match=said):
        nightly.run_nightly("first")

    assert ask("select count(*) from mart.crimes") == [(0,)]
