"""The base map: tiles with the council districts' outlines and numbers, drawn on request from the warehouse."""

import functools
import io
import logging
import math
import time

from flask import Blueprint, Response, abort
from PIL import Image, ImageDraw, ImageFont
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Engine
from sqlalchemy.engine.url import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

log = logging.getLogger(__name__)

TILE_PX = 256
# Drawn larger and shrunk, because Pillow's lines have no soft edges.
OVERSAMPLING = 2
MAX_ZOOM = 16
# Long enough that a dashboard costs one query, short enough that new boundaries show soon.
BOUNDARIES_LIVE_S = 300
LAND, DISTRICT, OUTLINE, LABEL = "#eef0ec", "#ffffff", "#b4bcb6", "#000000"

Point = tuple[float, float]
# A district's number and its polygons; a polygon is its outer ring and its holes; points are longitude, latitude.
District = tuple[int, list[list[list[Point]]]]


def blueprint(url: URL) -> Blueprint:
    """Return the blueprint that serves ``/basemap/<zoom>/<x>/<y>.png``.

    The tiles need no login: boundaries are public, and what is drawn is cached.

    Parameters
    ----------
    url
        Address of the warehouse with a login that may read ``mart.council_districts``.
    """
    pages = Blueprint("basemap", __name__)
    engine = create_engine(url, poolclass=NullPool)

    @pages.route("/basemap/<int:zoom>/<int:x>/<int:y>.png")
    def tile(zoom: int, x: int, y: int) -> Response:
        if zoom > MAX_ZOOM or x >= 2**zoom or y >= 2**zoom:
            abort(404)
        period = int(time.monotonic() // BOUNDARIES_LIVE_S)
        if not read_districts(engine, period):
            # Before the first load: ask again for the next tile, so that the map fills as soon as the data are there.
            read_districts.cache_clear()
            return Response(
                draw_tile([], zoom, x, y), mimetype="image/png", headers={"Cache-Control": "no-store"}
            )
        png = tile_png(engine, period, zoom, x, y)
        return Response(png, mimetype="image/png", headers={"Cache-Control": f"max-age={BOUNDARIES_LIVE_S}"})

    return pages


@functools.lru_cache(maxsize=1024)
def tile_png(engine: Engine, period: int, zoom: int, x: int, y: int) -> bytes:
    """Return a tile as PNG; ``period`` changes when the boundaries are to be read again."""
    return draw_tile(read_districts(engine, period), zoom, x, y)


@functools.lru_cache(maxsize=1)
def read_districts(engine: Engine, period: int) -> list[District]:
    """Return the council districts; none before the first load, or where the warehouse does not answer.

    A map without outlines is still a map, and the charts on it say what is wrong with the warehouse.
    """
    try:
        with engine.connect() as connection:
            rows = connection.execute(
                text("select council_district, boundary_geojson from mart.council_districts order by 1")
            ).all()
    except SQLAlchemyError:
        log.warning(
            "The base map is drawn without districts, because mart.council_districts could not be read.",
            exc_info=True,
        )
        return []
    return [(number, boundary["coordinates"]) for number, boundary in rows]


def draw_tile(districts: list[District], zoom: int, x: int, y: int) -> bytes:
    """Return the tile as PNG, plain land where there is no district."""
    side = TILE_PX * OVERSAMPLING
    image = Image.new("RGB", (side, side), LAND)
    draw = ImageDraw.Draw(image)
    for _, polygons in districts:
        for outer, *holes in polygons:
            draw.polygon([_pixel(point, zoom, x, y) for point in outer], fill=DISTRICT)
            for ring in holes:
                draw.polygon([_pixel(point, zoom, x, y) for point in ring], fill=LAND)
    for _, polygons in districts:
        for ring in (ring for polygon in polygons for ring in polygon):
            draw.line([_pixel(point, zoom, x, y) for point in ring], fill=OUTLINE, width=OVERSAMPLING)
    for number, polygons in districts:
        _draw_label(draw, str(number), _pixel(_middle(polygons), zoom, x, y), zoom)
    buffer = io.BytesIO()
    image.resize((TILE_PX, TILE_PX), Image.Resampling.LANCZOS).quantize(32).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _pixel(point: Point, zoom: int, x: int, y: int) -> Point:
    """Return where longitude and latitude lie on a tile, in pixels of the drawing (Web Mercator)."""
    longitude_deg, latitude_deg = point
    world = TILE_PX * OVERSAMPLING * 2**zoom
    across = (longitude_deg + 180) / 360 * world
    down = (1 - math.asinh(math.tan(math.radians(latitude_deg))) / math.pi) / 2 * world
    return across - TILE_PX * OVERSAMPLING * x, down - TILE_PX * OVERSAMPLING * y


def _middle(polygons: list[list[list[Point]]]) -> Point:
    """Return the center of mass of the largest outer ring."""
    parts = [_mass(polygon[0]) for polygon in polygons]
    area, across, down = max(parts, key=lambda part: abs(part[0]))
    return across / (3 * area), down / (3 * area)


def _mass(ring: list[Point]) -> tuple[float, float, float]:
    """Return twice the signed area of a ring, and its two first moments (the shoelace formula)."""
    area = across = down = 0.0
    for (x0, y0), (x1, y1) in zip(ring, ring[1:] + ring[:1], strict=True):
        cross = x0 * y1 - x1 * y0
        area, across, down = area + cross, across + (x0 + x1) * cross, down + (y0 + y1) * cross
    return area, across, down


def _draw_label(draw: ImageDraw.ImageDraw, label: str, center: Point, zoom: int) -> None:
    """Draw a district's number, larger when the map is closer: black and bold, because it is read through the district's color."""
    font = ImageFont.load_default(max(12, 2 * zoom - 2) * OVERSAMPLING)
    draw.text(center, label, fill=LABEL, font=font, anchor="mm", stroke_width=OVERSAMPLING // 2)
