"""The city's council districts: asked of the portal, simplified, staged."""

import json
from typing import Any

import shapely
from shapely.geometry import mapping, shape
from upath import UPath

from austin_crime import config, landing, portal
from austin_crime.loads import Connection

# About 20 m in Austin: a map of the city shows no difference, and charts group by the text.
TOLERANCE_DEG = 0.0002
DECIMALS = 5


def ask_boundaries(folder: UPath) -> list[dict[str, Any]]:
    """Ask for the boundaries, land what came and return its GeoJSON features.

    Raises
    ------
    portal.PortalAnswer
        If the portal has no boundaries.
    """
    heard = portal.get_json(f"/resource/{config.BOUNDARIES_ID}.geojson", {"$limit": "1000"})
    landing.write_json(folder / "boundaries.json", heard)
    features: list[dict[str, Any]] = heard.get("features")
    if not features:
        raise portal.PortalAnswer(
            f"Dataset {config.BOUNDARIES_ID}: expected the boundaries of the council districts, came no features."
        )
    return features


def insert_boundaries(connection: Connection, features: list[dict[str, Any]]) -> None:
    """Stage boundaries, simplified."""
    for feature in features:
        connection.execute(
            "insert into staging.council_districts (council_district, district_name, boundary_geojson)"
            " values (%s, %s, %s)",
            (
                int(feature["properties"]["district_number"]),
                feature["properties"]["district_name"],
                json.dumps(simplify(feature["geometry"])),
            ),
        )


def simplify(geometry: dict[str, Any]) -> dict[str, Any]:
    """Return a GeoJSON MultiPolygon with fewer points and five decimals."""
    simple = shape(geometry).simplify(TOLERANCE_DEG)
    many = simple if simple.geom_type == "MultiPolygon" else shapely.MultiPolygon([simple])
    result: dict[str, Any] = mapping(shapely.set_precision(many, 10**-DECIMALS))
    return (
        result
        if result["type"] == "MultiPolygon"
        else {"type": "MultiPolygon", "coordinates": [result["coordinates"]]}
    )
