"""Answers of an odd form, and ways to the portal that lead nowhere: each is read or told in a sentence."""

import pytest
import requests

from austin_crime import errors
from austin_crime.load import boundaries
from austin_crime.portal import answers, client, metadata

COLUMN = {"fieldName": "crime_type", "dataTypeName": "text"}
SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [0, 1], [1, 1], [0, 0]]]}


@pytest.mark.parametrize(
    ("address", "variables", "said"),
    [
        ("http://127.0.0.1:9", {}, "does not answer: connection refused"),
        ("https://127.0.0.2:9", {"REQUESTS_CA_BUNDLE": "/no/such.pem"}, "invalid path: /no/such.pem"),
        (
            "http://portal.invalid",
            {"HTTP_PROXY": "http://me:secret@127.0.0.1:9"},
            "the proxy that HTTPS_PROXY",
        ),
        ("http://portal.invalid", {"HTTP_PROXY": "http://"}, "Please check proxy URL"),
    ],
)
def test_a_way_to_the_portal_that_leads_nowhere_is_told_in_a_sentence(address, variables, said, monkeypatch):
    settings = {"AUSTIN_CRIME_SOURCE_URL": address, "AUSTIN_CRIME_PORTAL_WAIT_S": "0"} | variables
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(errors.PortalError, match=said) as failure:
        client.Portal().get_json("something", "/")

    assert "secret" not in str(failure.value)


@pytest.mark.parametrize("content_type", ["application/json", "application/json;charset=utf-8"])
def test_json_may_begin_with_a_byte_order_mark(content_type):
    response = requests.Response()
    response._content = b'\xef\xbb\xbf{"name": "CAF\xc3\x89"}'
    response.headers["Content-Type"] = content_type

    assert answers.parse_json(response, "something") == {"name": "CAFÉ"}


@pytest.mark.parametrize("tags", [None, 5, "sample data", {"a": 1}, [["sample data"]]])
@pytest.mark.parametrize("updated_at", [None, -1, 1.5, True, "soon", 10**12, "9" * 5000, [1]])
def test_metadata_with_odd_members_say_nothing_of_updates_and_samples(tags, updated_at):
    dataset = metadata.read_dataset({"columns": [COLUMN], "tags": tags, "rowsUpdatedAt": updated_at})

    assert (dataset.is_sample, dataset.rows_updated_at) == (False, None)


def test_names_of_columns_that_postgresql_cannot_hold_are_replaced():
    column = {"fieldName": "a\0b", "dataTypeName": "\ud800"}

    assert metadata.read_dataset({"columns": [column]}).source_types == {"a\ufffdb": "\ufffd"}


@pytest.mark.parametrize("number", [7, "7", "7.0", "07", 7.0])
def test_a_district_is_read_however_its_number_is_written(number):
    properties = {"district_number": number, "district_name": "Seven\0"}

    [district] = boundaries.read_districts({"features": [{"properties": properties, "geometry": SQUARE}]})

    assert (district.council_district, district.name) == (7, "Seven\ufffd")


@pytest.mark.parametrize("number", [None, "seven", "7.5", "1e400", float("inf"), [7], True])
def test_a_district_without_a_whole_number_is_told_in_a_sentence(number):
    feature = {"properties": {"district_number": number}, "geometry": SQUARE}

    with pytest.raises(errors.PortalAnswer, match="expected a numbered district with a polygon"):
        boundaries.read_districts({"features": [feature]})
