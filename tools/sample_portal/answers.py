"""Answers that say the same, or less, in another way: what faults make of the JSON of the portal's own answer.

Each function takes the parsed JSON of an answer and returns what is sent in its place. SOURCE: RFC 8259 for what JSON may
look like; the shapes are those that clients of other portals report.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Document = Any
Row = dict[str, Any]
Write = Callable[[str], Any]
Rewrite = Callable[[Document, str, "Meant"], Document]

COLUMN_FIELDS = ("name", "fieldName", "dataTypeName", "renderTypeName", "position")


# How a number may be written, each a notation of the same number.
NUMBERS: Mapping[str, Write] = {
    "decimal": lambda text: text if "." in text else f"{text}.0",
    "cents": lambda text: text if "." in text else f"{text}.00",
    "zeros": lambda text: f"-0{text[1:]}" if text.startswith("-") else f"0{text}",
    "exponent": lambda text: f"{text}e0",
    "plus": lambda text: text if text.startswith("-") else f"+{text}",
    "json": json.loads,
}
# How a time may be written. `local` is for times without a zone only.
DATES: Mapping[str, Write] = {
    "z": lambda text: f"{text.removesuffix('Z')}Z",
    "offset": lambda text: f"{text.removesuffix('Z')}+00:00",
    "local": lambda text: text if text.endswith("Z") else f"{text}-06:00",
    "short": lambda text: re.sub(r"(\.\d*?)0+(?=Z?$)", r"\1", text).replace(".Z", "Z").removesuffix("."),
    "micro": lambda text: re.sub(r"(\.\d{3})(?=Z?$)", r"\g<1>000", text),
    "day": lambda text: re.sub(r"T00:00:00\.000$", "", text),
    "blank": lambda text: text.replace("T", " "),
}


def rename_last(row: Row) -> Row:
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
    "renamed": rename_last,
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
        document | {"columns": [column | dict.fromkeys(COLUMN_FIELDS) for column in document["columns"]]}
    ),
    "null_values": lambda document: dict.fromkeys(document) | {"columns": document["columns"]},
    "text_times": lambda document: (
        document | {name: str(value) for name, value in document.items() if isinstance(value, int)}
    ),
}


def escape_keys(document: Document) -> str:
    """Write JSON with every key in unicode escapes."""
    return write(document, lambda row: [("".join(map(escaped, name)), value) for name, value in row.items()])


def escaped(character: str) -> str:
    """Write a character as a unicode escape."""
    return f"\\u{ord(character):04x}"


def repeat_keys(document: Document) -> str:
    """Write JSON with the first key of each object twice, first with null."""
    return write(document, lambda row: [*((name, None) for name in list(row)[:1]), *row.items()])


def write(document: Document, members: Callable[[Row], list[tuple[str, Any]]]) -> str:
    """Write JSON whose objects have the members that a function gives, their keys as they are."""
    if isinstance(document, dict):
        texts = (f'"{name}":{write(value, members)}' for name, value in members(document))
        return f"{{{','.join(texts)}}}"
    if isinstance(document, list):
        return f"[{','.join(write(each, members) for each in document)}]"
    return json.dumps(document)


def reverse_keys(document: Document) -> Document:
    """Return rows with their keys in the opposite order."""
    if not isinstance(document, list):
        return dict(reversed(document.items()))
    return [dict(reversed(row.items())) for row in document]


# How JSON may be spelled.
SPELLINGS: Mapping[str, Callable[[Document], str]] = {
    "blanks": lambda document: json.dumps(document, separators=(" , ", " : ")),
    "tabs": lambda document: json.dumps(document, separators=("\t,\r\n", "\t:\t")),
    "pretty": lambda document: json.dumps(document, indent=2, ensure_ascii=False),
    "ascii": lambda document: json.dumps(document, separators=(",", ":")),
    "order": lambda document: json.dumps(reverse_keys(document), ensure_ascii=False),
    "bom": lambda document: "\ufeff" + json.dumps(document, ensure_ascii=False),
    "escapes": escape_keys,
    "twice": repeat_keys,
}


@dataclass(frozen=True)
class Meant:
    """Which rows and columns of an answer a fault concerns.

    Parameters
    ----------
    kinds
        The type of each column that is concerned.
    is_drawn
        Whether the row at a place is concerned.
    """

    kinds: Mapping[str, str]
    is_drawn: Callable[[int], bool] = lambda _: True

    def rows(self, document: Document, change: Callable[[Any], Any]) -> Document:
        """Return rows, or the features of a map, of which the drawn ones are changed; anything else as it is."""
        if isinstance(document, list):
            return [change(row) if self.is_drawn(place) else row for place, row in enumerate(document)]
        if "features" in document:
            return document | {"features": self.rows(document["features"], change)}
        return document

    def values(self, document: Document, kinds: frozenset[str], write: Write) -> Document:
        """Return rows whose values of some types are written in another way."""
        names = {name for name, kind in self.kinds.items() if kind in kinds}
        return self.rows(
            document,
            lambda row: {name: write(value) if name in names else value for name, value in row.items()},
        )


def shorten(document: Document, share: float) -> Document:
    """Return the first rows of an answer: of a list, of the features of a map, of the columns of metadata."""
    if isinstance(document, list):
        return document[: int(len(document) * share)]
    lists = {name: value for name, value in document.items() if name in {"features", "columns"}}
    return document | {name: shorten(value, share) for name, value in lists.items()}


def reshape_rows(document: Document, how: str, meant: Meant) -> Document:
    """Return a list of rows as something else, or with other rows."""
    if not isinstance(document, list):
        return document
    return LISTS[how](document) if how in LISTS else meant.rows(document, ROWS[how])


def reshape_geometry(document: Document, how: str, meant: Meant) -> Document:
    """Return a map whose features have other geometries."""
    if isinstance(document, list):
        return document
    change = GEOMETRIES[how]
    return meant.rows(document, lambda feature: feature | {"geometry": change(feature["geometry"])})


def reshape_object(ways: Mapping[str, Callable[[Document], Document]], key: str) -> Rewrite:
    """Return what changes answers that are an object with a key."""
    return lambda document, how, _: (
        ways[how](document) if isinstance(document, dict) and key in document else document
    )


SHARES = {"empty": 0.0, "half": 0.5}
REWRITES: Mapping[str, Rewrite] = {
    "silent": lambda document, how, _: shorten(document, SHARES[how]),
    "numbers": lambda document, how, meant: meant.values(document, frozenset({"number"}), NUMBERS[how]),
    "dates": lambda document, how, meant: meant.values(
        document, frozenset({"floating_timestamp", "fixed_timestamp"}), DATES[how]
    ),
    "shape": lambda document, how, _: SHAPES[how](document),
    "rows": reshape_rows,
    "geometry": reshape_geometry,
    "map": reshape_object(MAPS, "features"),
    "metadata": reshape_object(METADATA, "columns"),
}
WAYS: Mapping[str, tuple[str, ...]] = {
    "silent": tuple(SHARES),
    "numbers": tuple(NUMBERS),
    "dates": tuple(DATES),
    "shape": tuple(SHAPES),
    "rows": (*LISTS, *ROWS),
    "geometry": tuple(GEOMETRIES),
    "map": tuple(MAPS),
    "metadata": tuple(METADATA),
    "spelling": tuple(SPELLINGS),
}


def rewrite(text: str, kind: str, how: str, meant: Meant) -> str:
    """Return what a fault sends instead of the JSON of an answer; what does not concern it says the same as before."""
    document = json.loads(text)
    if kind == "spelling":
        return SPELLINGS[how](document)
    changed = REWRITES[kind](document, how, meant)
    return json.dumps(changed, separators=(",", ":"), ensure_ascii=False) + "\n"
