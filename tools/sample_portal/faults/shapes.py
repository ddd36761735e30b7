"""Other shapes than the one that an answer should have, as clients of other portals report them."""

from collections.abc import Callable, Mapping
from typing import Any

Document = Any
Row = dict[str, Any]

_COLUMN_FIELDS = ("name", "fieldName", "dataTypeName", "renderTypeName", "position")


def _rename_last(row: Row) -> Row:
    """Return a row whose last key has another name."""
    last = next(reversed(row), None)
    return {f"{name}_1" if name == last else name: value for name, value in row.items()}


# What may come instead of an answer of any kind.
SHAPES: Mapping[str, Callable[[Document], Document]] = {
    "error": lambda _: {"error": True, "message": "Something went wrong; please try again later"},
    "null": lambda _: None,
    "text": lambda _: "Please try again later",
    "number": lambda _: 0,
    "wrapped": lambda document: {"data": document},
    "listed": lambda document: [document],
}
# What may become of the list of rows.
LISTS: Mapping[str, Callable[[list[Row]], Document]] = {
    "object": lambda rows: rows[0] if rows else {},
    "pairs": lambda rows: {str(number): row for number, row in enumerate(rows)},
    "null_rows": lambda rows: [*rows[:1], None, *rows[1:]],
    "lists": lambda rows: [list(row.values()) for row in rows],
}
# What may become of a row.
ROWS: Mapping[str, Callable[[Row], Document]] = {
    "renamed": _rename_last,
    "missing": lambda row: dict(list(row.items())[:-1]),
    "upper": lambda row: {name.upper(): value for name, value in row.items()},
    "nested": lambda row: {name: {"value": value} for name, value in row.items()},
    "arrays": lambda row: {name: [value] for name, value in row.items()},
    "nulls": lambda row: dict.fromkeys(row),
    "empty_text": lambda row: dict.fromkeys(row, ""),
}
# What may become of the geometry of a feature.
GEOMETRIES: Mapping[str, Callable[[dict[str, Any]], Document]] = {
    "null": lambda _: None,
    "missing": lambda shape: {"type": shape["type"]},
    "polygon": lambda shape: {"type": "Polygon", "coordinates": shape["coordinates"][0]},
    "collection": lambda shape: {"type": "GeometryCollection", "geometries": [shape]},
    "point": lambda shape: {"type": "Point", "coordinates": shape["coordinates"][0][0][0]},
    "empty": lambda shape: {"type": shape["type"], "coordinates": []},
}
# What may become of a map.
MAPS: Mapping[str, Callable[[dict[str, Any]], Document]] = {
    "no_features": lambda document: {"type": document["type"]},
    "null_features": lambda document: document | {"features": None},
    "no_properties": lambda document: (
        document | {"features": [feature | {"properties": None} for feature in document["features"]]}
    ),
}
# What may become of the metadata.
METADATA: Mapping[str, Callable[[dict[str, Any]], Document]] = {
    "no_columns": lambda document: {name: value for name, value in document.items() if name != "columns"},
    "null_columns": lambda document: document | {"columns": None},
    "no_column_left": lambda document: document | {"columns": []},
    "null_column": lambda document: document | {"columns": [None, *document["columns"]]},
    "null_fields": lambda document: (
        document | {"columns": [column | dict.fromkeys(_COLUMN_FIELDS) for column in document["columns"]]}
    ),
    "null_values": lambda document: dict.fromkeys(document) | {"columns": document["columns"]},
    "text_times": lambda document: (
        document | {name: str(value) for name, value in document.items() if isinstance(value, int)}
    ),
}
