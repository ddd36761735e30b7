"""The public client of Socrata's portals as a witness; it speaks https alone, so that only its scheme is replaced."""

from collections.abc import Iterator

import pytest
from requests import HTTPError
from requests.adapters import HTTPAdapter
from sodapy import Socrata

DATASET = "fdj4-gpfu"


def client(portal, app_token: str | None = None) -> Socrata:
    """Return the client, which asks the portal over http."""
    adapter = {"prefix": "http://", "adapter": HTTPAdapter()}
    return Socrata(portal.address.removeprefix("http://"), app_token, session_adapter=adapter, timeout=20)


@pytest.fixture
def witness(portal) -> Iterator[Socrata]:
    """Return a client without an app token."""
    with client(portal) as socrata:
        yield socrata


def test_get_returns_the_default_page(witness):
    assert len(witness.get(DATASET)) == 1000


def test_get_passes_every_clause_on(witness, portal):
    clauses = {
        "select": "crime_type,count(*) as n",
        "where": "council_district is not null",
        "group": "crime_type",
        "having": "n > 5",
        "order": "n desc,crime_type",
        "limit": 3,
        "offset": 1,
    }

    # The client has no word for having, and passes on what it does not know.
    rows = witness.get(
        DATASET,
        **{name: value for name, value in clauses.items() if name != "having"},
        **{"$having": "n > 5"},
    )

    assert rows == portal.rows(**clauses)
    assert len(rows) == 3


def test_get_takes_a_query_in_one_piece_a_search_and_a_filter(witness):
    (counted,) = witness.get(DATASET, query="select count(*) as n where sector = 'AD'")

    assert int(counted["n"]) == len(witness.get(DATASET, sector="AD", limit=2000))
    assert 0 < len(witness.get(DATASET, q="burglary", limit=2000)) < 2000


def test_get_all_with_an_order_returns_every_report_once(witness, portal):
    rows = list(witness.get_all(DATASET, order=":id", limit=300))

    everything = portal.rows(order=":id", limit=5000)
    assert rows == everything
    assert len({row["incident_report_number"] for row in rows}) == 2000


def test_get_all_without_an_order_returns_the_right_number_and_some_reports_twice(witness):
    rows = list(witness.get_all(DATASET, limit=100))

    assert len(rows) == 2000
    assert len({row["incident_report_number"] for row in rows}) < 2000


def test_system_fields_come_when_they_are_not_excluded(witness):
    (row,) = witness.get(DATASET, limit=1, exclude_system_fields=False)

    assert {":id", ":created_at", ":updated_at"} <= row.keys()


def test_csv_comes_as_a_table_with_a_header(witness):
    rows = witness.get(DATASET, content_type="csv", select="sector,district", limit=5)

    assert rows[0] == ["sector", "district"]
    assert len(rows) == 6


def test_metadata_are_understood(witness):
    view = witness.get_metadata(DATASET)

    assert view["id"] == DATASET
    assert "sample data" in view["tags"]
    assert len(view["columns"]) == 19


def test_boundaries_are_understood(witness):
    collection = witness.get("w3v2-cj58", content_type="geojson")

    assert collection["type"] == "FeatureCollection"
    assert len(collection["features"]) == 10


def test_a_wrong_column_raises_with_the_portals_message(witness):
    with pytest.raises(HTTPError, match="No such column: nope"):
        witness.get(DATASET, select="nope")


def test_a_wrong_app_token_raises_and_a_known_one_does_not(portal):
    with client(portal, "wrong") as refused, pytest.raises(HTTPError, match="Invalid app_token specified"):
        refused.get(DATASET)

    with client(portal, "a-known-token") as known:
        assert known.get(DATASET, select="count(*)") == [{"count": "2000"}]
