"""Columns that are added, dropped, renamed and retyped: metadata, queries and refusals tell it at once."""

import pytest

from sample_portal.errors import PortalFault
from sample_portal.publisher import live

VIEW = "/api/views/fdj4-gpfu.json"


def types(portal) -> dict[str, str]:
    """Return the types of the columns as the metadata tell them, in their order."""
    return {column["fieldName"]: column["dataTypeName"] for column in portal.get(VIEW).json()["columns"]}


def refusal(response) -> tuple[int, str, str]:
    """Return the status, the code and the column that an answer refuses."""
    body = response.json()
    return response.status_code, body["errorCode"], body["data"].get("column", "")


@pytest.mark.parametrize(
    ("kind", "told", "value"),
    [
        ("text", "text", str),
        ("number", "number", str),
        ("checkbox", "checkbox", bool),
        ("floating_timestamp", "calendar_date", str),
    ],
)
def test_an_added_column_is_the_last_one_and_has_values(changing, kind, told, value):
    live.add_column(changing.store, "weather_seen", kind)

    assert list(types(changing).items())[-1] == ("weather_seen", told)
    rows = changing.rows(select="weather_seen")
    assert {type(row["weather_seen"]) for row in rows} == {value}
    assert changing.rows(limit=1)[0].keys() >= {"weather_seen"}
    assert changing.get(VIEW).json()["columns"][-1]["name"] == "Weather Seen"


def test_a_dropped_column_is_refused_as_unknown_and_in_no_answer(changing):
    live.drop_column(changing.store, "clearance_status")

    assert "clearance_status" not in types(changing)
    assert refusal(changing.ask(select="incident_report_number,clearance_status")) == (
        400,
        "query.soql.no-such-column",
        "clearance_status",
    )
    assert not any("clearance_status" in row for row in changing.rows())
    assert (
        changing.ask(clearance_status_="N").json()["message"] == "Unrecognized arguments [clearance_status]"
    )


def test_a_renamed_column_keeps_its_place_and_values_and_loses_its_old_name(changing):
    place = list(types(changing)).index("sector")
    values = changing.rows(select="sector as it,count(*)", group="it", order="it")

    live.rename_column(changing.store, "sector", "apd_sector")

    assert list(types(changing))[place] == "apd_sector"
    assert changing.rows(select="apd_sector as it,count(*)", group="it", order="it") == values
    assert refusal(changing.ask(where="sector = 'AD'")) == (400, "query.soql.no-such-column", "sector")
    assert changing.get("/api/views/fdj4-gpfu/rows.csv").text.split("\n")[0].count("Apd Sector") == 1


def test_a_column_of_another_type_is_told_and_compared_as_such(changing):
    (before,) = changing.rows(select="ucr_code,rep_date", order=":id", limit=1)

    live.retype_column(changing.store, "ucr_code", "text")
    live.retype_column(changing.store, "rep_date", "text")
    live.retype_column(changing.store, "sector", "number")

    told = types(changing)
    assert (told["ucr_code"], told["rep_date"], told["sector"]) == ("text", "text", "number")
    assert changing.rows(select="ucr_code,rep_date", order=":id", limit=1) == [before]
    assert refusal(changing.ask(select="date_trunc_ym(rep_date)"))[:2] == (400, "query.soql.type-mismatch")
    assert len(changing.rows(where="sector is not null")) < 20
    assert '"text"' in changing.ask(select="ucr_code").headers["X-SODA2-Types"]


def test_a_change_of_columns_moves_what_the_metadata_say_and_no_stamp_of_a_report(changing):
    before = changing.get(VIEW).json()
    newest = changing.store.newest_stamp()

    live.add_column(changing.store, "weather")
    after = changing.get(VIEW).json()

    assert after["viewLastModified"] > before["viewLastModified"]
    assert after["rowsUpdatedAt"] > before["rowsUpdatedAt"]
    assert changing.store.newest_stamp() == newest


def test_a_week_passes_with_columns_added_renamed_retyped_and_dropped(changing):
    live.add_column(changing.store, "weather")
    live.rename_column(changing.store, "sector", "apd_sector")
    live.retype_column(changing.store, "ucr_code", "text")
    live.drop_column(changing.store, "council_district")

    week = live.pass_week(changing.store, added=10, edited=20, removed=5)

    rows = changing.rows(where=f"incident_report_number >= {week.added[0]}")
    assert len(rows) == 10
    assert not any("weather" in row or "apd_sector" in row for row in rows)
    assert all(row["ucr_code"].isdigit() for row in rows)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda store: live.add_column(store, "sector"), "already"),
        (lambda store: live.drop_column(store, "nope"), "no column 'nope'"),
        (lambda store: live.rename_column(store, "nope", "yes"), "no column 'nope'"),
        (lambda store: live.retype_column(store, "sector", "color"), "Expected one of the types"),
        (lambda store: live.drop_column(store, ":id"), "no column ':id'"),
    ],
)
def test_a_change_that_cannot_be_made_is_refused(changing, change, complaint):
    with pytest.raises(PortalFault, match=complaint):
        change(changing.store)


def test_the_first_page_is_shown_whatever_became_of_the_columns(changing):
    live.drop_column(changing.store, "rep_date")

    assert changing.get("/").status_code == 200


def test_a_query_that_meets_columns_in_the_middle_of_a_change_is_answered_after_it(changing, monkeypatch):
    texts = changing.store.texts
    changes = iter([lambda: live.retype_column(changing.store, "occ_date", "text")])

    def change_then_read(sql):
        next(changes, lambda: None)()
        return texts(sql)

    monkeypatch.setattr(changing.store, "texts", change_then_read)

    answer = changing.ask(select="date_trunc_y(occ_date) as year,count(*)", group="year")

    assert refusal(answer)[:2] == (400, "query.soql.type-mismatch")
