"""Shapes of the map and lengths of the bars, as plain numbers that the template puts into SVG."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import shapely
from shapely.geometry import shape
from shapely.ops import polylabel

from austin_crime.edition.numbers import District, Week

# In the unit of the drawing, about a pixel of a phone.
MAP_WIDTH, MARGIN, TOLERANCE = 340.0, 4.0, 0.3
SHADES = 5


@dataclass(frozen=True)
class Shape:
    """A district on the map; a shade of None means that its rate is not known."""

    district: District
    path: str
    label_x: float
    label_y: float
    shade: int | None


@dataclass(frozen=True)
class Shade:
    """A line of the legend: rates from ``low`` to below ``high``."""

    shade: int
    low: float
    high: float


@dataclass(frozen=True)
class Map:
    """The districts, and what their shades mean."""

    width: float
    height: float
    shapes: tuple[Shape, ...]
    legend: tuple[Shade, ...]


@dataclass(frozen=True)
class WeekBar:
    """A week as a bar: what has come, and above it what is still to come, in percent of the highest."""

    week: Week
    come_pct: float
    coming_pct: float


def draw_map(districts: Iterable[District]) -> Map | None:
    """Return the map of the districts that have a boundary, or None if none has."""
    areas = [(district, shape(district.boundary)) for district in districts if district.boundary]
    if not areas:
        return None
    west, south, east, north = shapely.total_bounds([area for _, area in areas])
    # A degree of longitude is shorter than one of latitude.
    narrow = math.cos(math.radians((south + north) / 2))
    scale = (MAP_WIDTH - 2 * MARGIN) / ((east - west) * narrow)
    edges = _edges([one.per_1000_residents for one, _ in areas if one.per_1000_residents is not None])
    shapes = []
    for district, area in areas:
        projected = shapely.transform(
            area,
            lambda points: (points - [west, north]) * [scale * narrow, -scale] + MARGIN,
        ).simplify(TOLERANCE)
        label = polylabel(max(shapely.get_parts(projected), key=lambda part: part.area), tolerance=1)
        shapes.append(
            Shape(
                district,
                _path(projected),
                round(label.x, 1),
                round(label.y, 1),
                _shade(edges, district.per_1000_residents),
            )
        )
    legend = [Shade(number, *edge) for number, edge in enumerate(pairwise(edges))]
    return Map(MAP_WIDTH, round((north - south) * scale + 2 * MARGIN, 1), tuple(shapes), tuple(legend))


def _edges(rates: Sequence[float]) -> list[float]:
    """Return the limits of equal steps from the lowest to the highest rate; fewer steps where the rates hardly differ."""
    if not rates:
        return []
    low, high = min(rates), max(rates)
    return sorted({round(low + (high - low) * step / SHADES, 1) for step in range(SHADES + 1)})


def _shade(edges: Sequence[float], rate: float | None) -> int | None:
    """Return the step that a rate lies in; the highest rate lies in the last one."""
    if rate is None:
        return None
    return sum(rate >= edge for edge in edges[1:-1])


def _path(area: shapely.Geometry) -> str:
    """Return the outlines of an area as an SVG path, with one decimal."""
    rings = (ring for part in shapely.get_parts(area) for ring in (part.exterior, *part.interiors))
    return "".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in ring.coords[:-1]) + "Z" for ring in rings)


def draw_weeks(weeks: Sequence[Week]) -> list[WeekBar]:
    """Return a bar for each week."""
    highest = max((max(week.report_count, week.expected_count or 0) for week in weeks), default=0) or 1
    return [
        WeekBar(
            week,
            100 * week.report_count / highest,
            100 * max((week.expected_count or 0) - week.report_count, 0) / highest,
        )
        for week in weeks
    ]
