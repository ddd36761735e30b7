"""The portal over HTTP: bodies, headers, formats, and several clients at once."""

import csv
import gzip
import io
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from shapely import unary_union
from shapely.geometry import shape

from sample_portal.data.datasets import FORMS

RESOURCE = "/resource/fdj4-gpfu"


def test_without_a_limit_come_a_thousand_reports(portal):
    assert len(portal.rows()) == 1000
    assert len(portal.rows(select="ucr_code", order=":id")) == 1000


def test_without_an_order_the_order_differs_between_two_requests(portal):
    first, second = (
        [row["incident_report_number"] for row in portal.rows(select="incident_report_number", limit=2000)]
        for _ in range(2)
    )

    assert first != second
    assert sorted(first) == sorted(second)


def test_pages_without_an_order_lose_reports_and_pages_by_id_lose_none(portal):
    def keys_of_pages(**clauses: str) -> set[object]:
        pages = [
            portal.rows(select="incident_report_number", limit=100, offset=start, **clauses)
            for start in range(0, 2000, 100)
        ]
        assert sum(len(page) for page in pages) == 2000
        return {row["incident_report_number"] for page in pages for row in page}

    assert len(keys_of_pages()) < 2000
    assert len(keys_of_pages(order=":id")) == 2000


def test_groups_without_an_order_come_in_any_order(portal):
    orders = {
        tuple(row["crime_type"] for row in portal.rows(select="crime_type,count(*)", group="crime_type"))
        for _ in range(4)
    }

    assert len(orders) > 1


def test_every_scalar_is_a_text_and_no_value_is_null(portal):
    rows = portal.rows(select=":*,*", limit=2000)

    assert {type(value) for row in rows for value in row.values()} == {str}
    assert any("council_district" not in row for row in rows)
    assert not any(value == "" for row in rows for value in row.values())


def test_the_body_has_an_object_a_line(written_out):
    response = written_out.ask(
        select="sector,clearance_date", where="sector in ('GE', 'BA')", order="ucr_code desc"
    )

    assert response.text == (
        '[{"sector":"BA"}\n'
        ',{"sector":"GE","clearance_date":"2024-01-09T00:00:00.000"}\n'
        ',{"sector":"GE","clearance_date":"2003-06-01T00:00:00.000"}]\n'
    )


def test_no_reports_are_an_empty_array(written_out):
    response = written_out.ask(where="ucr_code = 1")

    assert response.text == "[]\n"


def test_csv_has_the_names_of_the_api_and_every_value_in_quotes(written_out):
    response = written_out.get(
        f"{RESOURCE}.csv",
        **{
            "$select": "crime_type,rep_date,ucr_code",
            "$where": "ucr_code >= 900",
            "$order": "ucr_code",
            "$limit": 2,
        },
    )

    assert response.headers["Content-Type"] == "text/csv;charset=utf-8"
    assert response.text == (
        '"crime_type","rep_date","ucr_code"\n'
        '"ASSAULT W/INJURY-FAM/DATE VIOL","2024-02-02T00:00:00.000","900"\n'
        '"CRIMINAL ""MISCHIEF"", ÉTÉ",,"1400"\n'
    )


def test_csv_keeps_to_the_default_limit_and_the_export_has_everything(portal):
    page = portal.get(f"{RESOURCE}.csv").text.splitlines()
    export = portal.get("/api/views/fdj4-gpfu/rows.csv", accessType="DOWNLOAD").text.splitlines()

    assert len(page) == 1001
    assert len(export) == 2001


def test_the_export_has_names_and_dates_for_people(written_out):
    response = written_out.get("/api/views/fdj4-gpfu/rows.csv", accessType="DOWNLOAD")

    rows = {row["Incident Number"]: row for row in csv.DictReader(io.StringIO(response.text))}
    assert list(rows["20240010001"]) == [column.title for column in FORMS["present"]]
    assert rows["20240010001"]["Occurred Date Time"] == "01/01/2024  00:15"
    assert rows["20240010001"]["Clearance Date"] == "01/09/2024"
    assert rows["20240010003"]["Occurred Date Time"] == ""
    assert rows["2024924960053"]["Highest Offense Description"] == 'CRIMINAL "MISCHIEF", ÉTÉ'


def test_a_body_is_packed_for_those_who_take_gzip(portal):
    def raw(accepted: str) -> tuple[requests.Response, bytes]:
        response = requests.get(
            f"{portal.address}{RESOURCE}.json?$order=:id",
            headers={"Accept-Encoding": accepted},
            stream=True,
            timeout=20,
        )
        return response, response.raw.read(decode_content=False)

    packed, packed_body = raw("gzip, deflate")
    plain, plain_body = raw("identity")

    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(packed_body) == plain_body
    assert len(packed_body) < len(plain_body) / 3


def test_headers_tell_the_columns_their_types_and_that_nothing_is_stale(portal):
    response = portal.ask(
        select=":id,rep_date,max(:updated_at) as newest,count(*)", group=":id,rep_date", limit=1
    )

    headers = response.headers
    assert headers["Content-Type"] == "application/json;charset=utf-8"
    assert json.loads(headers["X-SODA2-Fields"]) == [":id", "rep_date", "newest", "count"]
    assert json.loads(headers["X-SODA2-Types"]) == [
        "row_identifier",
        "floating_timestamp",
        "fixed_timestamp",
        "number",
    ]
    assert headers["X-SODA2-Data-Out-Of-Date"] == "false"
    assert headers["X-SODA2-Truth-Last-Modified"] == headers["Last-Modified"]
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["X-Socrata-RequestId"]


def test_what_a_client_has_already_is_not_sent_again(portal):
    first = portal.ask(limit=1)

    known = {"If-None-Match": first.headers["ETag"]}
    same = portal.get(f"{RESOURCE}.json", known, **{"$limit": 1})
    other = portal.get(f"{RESOURCE}.json", known, **{"$limit": 2})
    since = portal.get(
        f"{RESOURCE}.json", {"If-Modified-Since": first.headers["Last-Modified"]}, **{"$limit": 1}
    )

    assert first.headers["ETag"].startswith('W/"')
    assert (same.status_code, same.content) == (304, b"")
    assert other.status_code == 200
    assert since.status_code == 304


def test_metadata_say_sample_data_and_name_the_columns(portal):
    view = portal.get("/api/views/fdj4-gpfu.json").json()

    assert view["id"] == "fdj4-gpfu"
    assert view["name"] == "Crime Reports (sample data)"
    assert "sample data" in view["tags"]
    assert {"rowsUpdatedAt", "viewLastModified", "createdAt", "publicationDate"} <= view.keys()
    assert [column["fieldName"] for column in view["columns"]] == [column.name for column in FORMS["present"]]
    assert [column["position"] for column in view["columns"]] == list(range(1, 20))
    types = {column["fieldName"]: column["dataTypeName"] for column in view["columns"]}
    assert (types["rep_date"], types["ucr_code"], types["sector"]) == ("calendar_date", "number", "text")
    assert portal.get("/api/views/fdj4-gpfu/columns.json").json() == view["columns"]


def test_boundaries_are_ten_adjoining_districts_about_where_austin_is(portal):
    response = portal.get("/resource/w3v2-cj58.geojson")

    features = response.json()["features"]
    shapes = [shape(feature["geometry"]) for feature in features]
    city = unary_union(shapes)
    numbers = {feature["properties"]["district_number"] for feature in features}
    assert numbers == {str(number) for number in range(1, 11)}
    assert {feature["geometry"]["type"] for feature in features} == {"MultiPolygon"}
    assert {type(value) for feature in features for value in feature["properties"].values()} == {str}
    assert all(area.is_valid for area in shapes)
    assert city.geom_type == "Polygon"
    assert city.area == pytest.approx(sum(area.area for area in shapes), rel=1e-6)
    assert city.bounds == pytest.approx((-97.93, 30.10, -97.57, 30.50), abs=0.02)


def test_the_limit_holds_for_boundaries_too(portal):
    response = portal.get("/resource/w3v2-cj58.geojson", **{"$limit": 3, "$order": "district_number"})

    names = [feature["properties"]["district_name"] for feature in response.json()["features"]]
    assert names == ["District 1", "District 10", "District 2"]


def test_boundaries_have_metadata(portal):
    view = portal.get("/api/views/w3v2-cj58.json").json()

    assert "sample data" in view["tags"]
    assert "district_number" in [column["fieldName"] for column in view["columns"]]


def test_the_first_page_says_sample_data_and_its_examples_work(portal):
    page = portal.get("/")

    addresses = [part.split('"')[0].replace("&amp;", "&") for part in page.text.split('href="/')[1:]]
    assert "sample data" in page.text
    assert len(addresses) >= 5
    for address in addresses:
        assert requests.get(f"{portal.address}/{address}", timeout=20).status_code == 200, address


def test_health_is_ok_when_there_are_reports(portal):
    response = portal.get("/healthz")

    assert (response.status_code, response.text) == (200, "ok")


def test_an_unknown_address_is_not_found(portal):
    assert portal.get("/nowhere").status_code == 404


def test_several_clients_are_served_at_once(portal):
    def ask(number: int) -> int:
        clauses = (
            {"$limit": 2000, "$order": ":id"}
            if number % 2
            else {"$select": "sector,count(*)", "$group": "sector"}
        )
        rows = portal.get(f"{RESOURCE}.json", **clauses).json()
        return len(rows) if number % 2 else sum(int(row["count"]) for row in rows)

    with ThreadPoolExecutor(12) as pool:
        counts = list(pool.map(ask, range(48)))

    assert counts == [2000] * 48


def test_a_client_that_goes_away_does_no_harm(portal):
    with requests.get(f"{portal.address}{RESOURCE}.json?$limit=2000", stream=True, timeout=20) as response:
        next(response.iter_content(10))

    assert portal.get("/healthz").text == "ok"


def test_requests_of_data_are_counted_and_kept(portal):
    before = portal.store.request_count

    portal.get("/healthz")
    portal.ask(limit=1)
    portal.get("/api/views/fdj4-gpfu.json")

    assert portal.store.request_count == before + 2
    assert list(portal.store.requests)[-2:] == [f"{RESOURCE}.json?%24limit=1", "/api/views/fdj4-gpfu.json"]


def test_headers_of_names_and_types_are_left_away_when_they_would_be_too_long(portal):
    long_name = "n" * 200
    select = ",".join(f"ucr_code as {long_name}{number}" for number in range(30))

    response = portal.ask(select=select, limit=1)

    assert response.status_code == 200
    assert "X-SODA2-Fields" not in response.headers
