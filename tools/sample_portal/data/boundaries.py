"""Council districts of our own drawing: about where Austin's are and about as large, and not theirs."""

from functools import cache

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon

# A city as one might draw it from memory: longitude and latitude in degrees, clockwise from the north-west.
_OUTLINE = (
    (-97.865, 30.470), (-97.835, 30.505), (-97.790, 30.500), (-97.765, 30.475), (-97.735, 30.455), (-97.700, 30.460),
    (-97.672, 30.440), (-97.650, 30.405), (-97.610, 30.385), (-97.570, 30.350), (-97.580, 30.310), (-97.610, 30.285),
    (-97.615, 30.245), (-97.645, 30.215), (-97.650, 30.175), (-97.690, 30.140), (-97.735, 30.110), (-97.785, 30.105),
    (-97.815, 30.140), (-97.860, 30.150), (-97.905, 30.175), (-97.935, 30.215), (-97.910, 30.255), (-97.870, 30.275),
    (-97.850, 30.310), (-97.865, 30.345), (-97.835, 30.375), (-97.855, 30.415), (-97.885, 30.440),
)  # fmt: skip
# A point in each district, 1 to 10; a district is what lies nearer to its point than to the others.
_SEEDS = (
    (-97.640, 30.320),
    (-97.735, 30.165),
    (-97.690, 30.240),
    (-97.680, 30.365),
    (-97.800, 30.195),
    (-97.800, 30.450),
    (-97.735, 30.395),
    (-97.880, 30.215),
    (-97.748, 30.285),
    (-97.800, 30.330),
)
_DECIMALS = 6


@cache
def draw() -> dict[int, MultiPolygon]:
    """Return each council district's area, WGS84; together they are the city, and none overlaps another."""
    city = Polygon(_OUTLINE)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(_SEEDS), extend_to=city))
    areas = [shapely.intersection(cell, city, grid_size=10**-_DECIMALS) for cell in cells]
    return {
        number: _to_many(next(area for area in areas if area.contains(shapely.Point(seed))))
        for number, seed in enumerate(_SEEDS, start=1)
    }


def _to_many(area: shapely.Geometry) -> MultiPolygon:
    """Return an area as a MultiPolygon, as the portal sends all of them."""
    return area if isinstance(area, MultiPolygon) else MultiPolygon([area])


def points_within(area: MultiPolygon, count: int, seed: int) -> list[tuple[float, float]]:
    """Return points spread over an area, longitude and latitude; the same for the same seed."""
    random = np.random.default_rng(seed)
    west, south, east, north = area.bounds
    found: list[tuple[float, float]] = []
    while len(found) < count:
        tried = random.uniform((west, south), (east, north), (count * 4, 2))
        found += [(float(x), float(y)) for x, y in tried[shapely.contains_xy(area, tried)]]
    return found[:count]


def rows() -> list[tuple[str, ...]]:
    """Return the rows of the table ``boundaries``: shape, number, name, dates, area, and the system's columns."""
    made_at = "2025-01-06T16:00:00.000"
    return [
        (
            shapely.to_geojson(area),
            str(number),
            f"District {number}",
            made_at,
            made_at,
            # A square degree at 30.3 degrees north is about 96 km by 111 km; the portal gives square feet.
            str(round(area.area * 96.2 * 110.9 * 1.07639e7)),
            f"row-{number:04}-dist_rict",
            made_at,
            made_at,
            f"rv-{number:04}-dist.rict",
        )
        for number, area in draw().items()
    ]
