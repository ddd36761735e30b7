"""Values of reports that are sent exactly as given."""

from datetime import date

import pytest
import requests

from sample_portal.data.store import Store
from sample_portal.errors import PortalFault
from sample_portal.publisher import live

FIRST = '":id" in (select ":id" from reports order by ":id" limit 3)'
SELECT = {"select": "incident_report_number,crime_type,rep_date,council_district", "order": ":id"}


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("council_district", '"05"', "05"),
        ("council_district", "5", 5),
        ("ucr_code", '"5e0"', "5e0"),
        ("rep_date", '"2024-02-03T00:00:00.000Z"', "2024-02-03T00:00:00.000Z"),
        ("rep_date", '"2024-02-03T00:00:00-06:00"', "2024-02-03T00:00:00-06:00"),
        ("rep_date", '"2024-02-03"', "2024-02-03"),
        ("rep_date", '"9999-12-31T00:00:00.000"', "9999-12-31T00:00:00.000"),
        ("rep_date", '"10000-01-01T00:00:00.000"', "10000-01-01T00:00:00.000"),
        ("rep_date", '"0001-01-01T00:00:00.000"', "0001-01-01T00:00:00.000"),
        ("rep_date", '"0000-01-01T00:00:00.000"', "0000-01-01T00:00:00.000"),
        ("rep_date", '"2103-05-04T00:00:00.000"', "2103-05-04T00:00:00.000"),
        ("location_type", r'"A\u0000B"', "A\0B"),
        ("location_type", r'"A\ud800B"', "A\ud800B"),
        ("location_type", r'"A\r\nB\u0001\u007f"', "A\r\nB\x01\x7f"),
        ("location_type", '{"a": {"b": [1, null]}}', {"a": {"b": [1, None]}}),
        ("location_type", "[]", []),
        ("location_type", "true", True),
        ("crime_type", "null", None),
        (":updated_at", '"2026-03-09T10:00:00+00:00"', "2026-03-09T10:00:00+00:00"),
    ],
)
def test_a_value_is_sent_as_the_text_that_was_given(changing, column, text, value):
    count = live.send_as(changing.store, FIRST, column, text)

    rows = changing.rows(select=f"{column} as value,crime_type", limit=2000)
    assert count == 3
    assert sum("value" in row and row["value"] == value for row in rows) == 3
    assert len(rows) == 1000


def test_a_text_may_be_long(changing):
    live.send_as(changing.store, FIRST, "location_type", f'"{"x" * 1_000_000}"')

    assert sum(len(row.get("location_type", "")) == 1_000_000 for row in changing.rows(limit=2000)) == 3


def test_a_text_may_hold_the_value_that_a_report_has(changing):
    before = changing.rows(**SELECT, limit=2000)

    live.send_as(changing.store, "true", "incident_report_number", '"%s.0"')
    live.send_as(changing.store, "true", "crime_type", r'"%s\r\n"')
    live.send_as(changing.store, "rep_date is not null", "rep_date", '"%sZ"')

    assert changing.rows(**SELECT, limit=2000) == [
        row
        | {
            "incident_report_number": f"{row['incident_report_number']}.0",
            "crime_type": f"{row['crime_type']}\r\n",
        }
        | ({"rep_date": f"{row['rep_date']}Z"} if "rep_date" in row else {})
        for row in before
    ]


def test_conditions_and_groups_see_the_value_that_a_text_says(changing):
    live.send_as(changing.store, FIRST, "rep_date", '"9999-12-31T00:00:00.000Z"')
    live.send_as(changing.store, FIRST, "council_district", '"05.0"')

    assert len(changing.rows(where="rep_date > '9999-01-01' and council_district = 5")) == 3
    assert changing.rows(
        select="date_trunc_ym(rep_date) as month,count(*)", group="month", having="month > '9999-01-01'"
    ) == [{"month": "9999-12-01T00:00:00.000", "count": "3"}]


def test_a_value_that_the_column_cannot_hold_stays_what_it_was(changing):
    before = changing.rows(select="rep_date,count(*)", group="rep_date", order="rep_date")

    live.send_as(changing.store, FIRST, "rep_date", '"0000-00-00T00:00:00.000"')

    assert changing.rows(select="rep_date,count(*)", group="rep_date", order="rep_date") == before
    assert sum(row.get("rep_date") == "0000-00-00T00:00:00.000" for row in changing.rows(limit=2000)) == 3


def test_reports_that_send_other_values_are_newer_than_all_before(changing):
    newest = changing.store.newest_stamp()

    live.send_as(changing.store, FIRST, "sector", '"AD"')

    assert changing.store.execute('select count(*) from reports where ":updated_at" > ?', [newest]) == [(3,)]


def test_texts_live_on_with_their_reports_through_changes_and_a_new_start(tmp_path):
    def opened() -> Store:
        return Store.generate(1_000, 4, date(2024, 6, 1), "historic", folder=tmp_path)

    store = opened()
    live.send_as(store, FIRST, "sector", "5")
    live.rewrite_all(store)
    live.switch_form(store)
    live.pass_week(store, added=10, edited=10, removed=0)
    store.close()

    store = opened()
    assert store.reports.has_sent
    assert store.execute("select count(*) from reports where \":sent\"['sector'] = '5'") == [(3,)]
    store.close()


def test_a_column_that_does_not_exist_sends_nothing(changing):
    with pytest.raises(PortalFault, match="no column 'nope'"):
        live.send_as(changing.store, FIRST, "nope", "5")

    assert not changing.store.reports.has_sent


def test_some_reports_send_other_values_on_a_command(changing):
    answer = requests.post(
        f"{changing.address}/live/send_as",
        params={"column": "sector", "sent": '"%s%s"', "n": 7},
        timeout=20,
    )

    assert answer.json() == {"send_as": 7}
    rows = changing.rows(select="sector", where="sector is not null", limit=2000)
    assert 1 <= sum(len(row["sector"]) == 4 for row in rows) <= 7
