"""The city's council districts: fetched from the portal, simplified, staged."""

import json
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry import mapping, shape

from austin_crime import config, contract, values
from austin_crime.errors import PortalAnswer, PortalShort
from austin_crime.portal import answers
from austin_crime.portal.client import Portal
from austin_crime.warehouse.connection import Connection

WHAT = "the boundaries of the council districts"

# About 20 m in Austin: a map of the city shows no difference, and charts group by the text.
TOLERANCE_DEG = 0.0002
DECIMALS = 5


@dataclass(frozen=True)
class District:
    """A council district with its boundary, a GeoJSON MultiPolygon as text."""

    council_district: int
    name: str
    boundary_geojson: str


def ask_boundaries(portal: Portal) -> dict[str, Any]:
    """Ask the portal for the boundaries and return the GeoJSON as received.

    Raises
    ------
    PortalShort
        If a council district is missing at every try.
    PortalAnswer
        If the answer is not GeoJSON, or a boundary is not a polygon.
    """
    return portal.patiently(lambda: _ask_once(portal), PortalShort)


def _ask_once(portal: Portal) -> dict[str, Any]:
    collection: dict[str, Any] = portal.get_json(
        WHAT, f"/resource/{config.BOUNDARIES_ID}.geojson", {"$limit": "1000"}
    )
    answers.expect_object(collection, WHAT, features=list)
    numbers = [district.council_district for district in read_districts(collection)]
    missing = [number for number in contract.COUNCIL_DISTRICTS if number not in numbers]
    if missing:
        raise PortalShort(
            f"Asked for {WHAT}: expected districts 1 to 10; {', '.join(map(str, missing))} are missing."
        )
    if len(set(numbers)) < len(numbers):
        raise PortalAnswer(
            f"Asked for {WHAT}: expected each district once, got {sorted(numbers)}. {answers.ADVICE}"
        )
    return collection


def read_districts(collection: dict[str, Any]) -> list[District]:
    """Return the districts of GeoJSON that ask_boundaries returned, their boundaries simplified."""
    return [_read_feature(feature) for feature in collection["features"]]


def _read_feature(feature: Any) -> District:
    """Return a feature as a district; PortalAnswer if it is not one."""
    members = answers.expect_object(feature, f"a feature of {WHAT}", properties=dict)
    properties = members["properties"]
    number, name = properties.get("district_number"), properties.get("district_name")
    try:
        boundary = _simplify(members["geometry"])
        district = values.read_count(values.as_text(number))
        return District(district, values.holdable(str(name or f"District {district}")), json.dumps(boundary))
    except (
        TypeError,
        ValueError,
        KeyError,
        AttributeError,
        IndexError,
        shapely.errors.ShapelyError,
    ) as error:
        raise PortalAnswer(
            f"Asked for {WHAT}: expected a numbered district with a polygon, got {answers.shown(feature)} ({error})."
            " Nothing was loaded; tell the publisher, and trigger a new run when it is corrected."
        ) from error


def insert_boundaries(connection: Connection, districts: list[District]) -> None:
    """Stage boundaries."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into staging.council_districts (council_district, district_name, boundary_geojson) values (%s, %s, %s)",
            [(district.council_district, district.name, district.boundary_geojson) for district in districts],
        )


def _simplify(geometry: dict[str, Any]) -> dict[str, Any]:
    """Return a GeoJSON MultiPolygon with fewer points and five decimals; ValueError for another geometry."""
    simple = shape(geometry).simplify(TOLERANCE_DEG)
    if simple.geom_type not in ("Polygon", "MultiPolygon") or simple.is_empty:
        raise ValueError(f"its geometry is {simple.geom_type}")
    many = simple if simple.geom_type == "MultiPolygon" else shapely.MultiPolygon([simple])
    result: dict[str, Any] = mapping(shapely.set_precision(many, 10**-DECIMALS))
    if result["type"] == "MultiPolygon":
        return result
    return {"type": "MultiPolygon", "coordinates": [result["coordinates"]]}
