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


def stage_boundaries(connection: Connection, folder: UPath) -> int:
    """Ask for the boundaries, land them as they came, stage them simplified, and return how many there are.

    Raises
    ------
    portal.PortalAnswer
        If the portal has no boundaries.
    """
    heard = portal.get_json(f"/resource/{config.BOUNDARIES_ID}.geojson", {"$limit": "1000"})
    landing.write_json(folder / "boundaries.json", heard)
    if not heard.get("features"):
        raise portal.PortalAnswer(
            f"Dataset {config.BOUNDARIES_ID}: expected the boundaries of the council districts, came no features."
        )
    connection.execute("truncate staging.council_districts")
    for feature in heard["features"]:
        connection.execute(
            "insert into staging.council_districts (council_district, district_name, boundary_geojson) values (%s, %s, %s)",
            (
                int(feature["properties"]["district_number"]),
                feature["properties"]["district_name"],
                json.dumps(simplify(feature["geometry"])),
            ),
        )
    return len(heard["features"])


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
