"""What faults make of the JSON of the portal's own answer: less, the same in other words, or another shape."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sample_portal.faults import notations, shapes, spellings

Document = Any
_Rewrite = Callable[[Document, str, "Meant"], Document]


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

    def values(self, document: Document, kinds: frozenset[str], write: notations.Write) -> Document:
        """Return rows whose values of some types are written in another way."""
        names = {name for name, kind in self.kinds.items() if kind in kinds}
        return self.rows(
            document,
            lambda row: {name: write(value) if name in names else value for name, value in row.items()},
        )


def _shorten(document: Document, share: float) -> Document:
    """Return the first rows of an answer: of a list, of the features of a map, of the columns of metadata."""
    if isinstance(document, list):
        return document[: int(len(document) * share)]
    lists = {name: value for name, value in document.items() if name in {"features", "columns"}}
    return document | {name: _shorten(value, share) for name, value in lists.items()}


def _reshape_rows(document: Document, how: str, meant: Meant) -> Document:
    """Return a list of rows as something else, or with other rows."""
    if not isinstance(document, list):
        return document
    return shapes.LISTS[how](document) if how in shapes.LISTS else meant.rows(document, shapes.ROWS[how])


def _reshape_geometry(document: Document, how: str, meant: Meant) -> Document:
    """Return a map whose features have other geometries."""
    if isinstance(document, list):
        return document
    change = shapes.GEOMETRIES[how]
    return meant.rows(document, lambda feature: feature | {"geometry": change(feature["geometry"])})


def _reshape_object(ways: Mapping[str, Callable[[Document], Document]], key: str) -> _Rewrite:
    """Return what changes answers that are an object with a key."""
    return lambda document, how, _: (
        ways[how](document) if isinstance(document, dict) and key in document else document
    )


_SHARES = {"empty": 0.0, "half": 0.5}
_REWRITES: Mapping[str, _Rewrite] = {
    "silent": lambda document, how, _: _shorten(document, _SHARES[how]),
    "numbers": lambda document, how, meant: meant.values(
        document, frozenset({"number"}), notations.NUMBERS[how]
    ),
    "dates": lambda document, how, meant: meant.values(
        document, frozenset({"floating_timestamp", "fixed_timestamp"}), notations.DATES[how]
    ),
    "shape": lambda document, how, _: shapes.SHAPES[how](document),
    "rows": _reshape_rows,
    "geometry": _reshape_geometry,
    "map": _reshape_object(shapes.MAPS, "features"),
    "metadata": _reshape_object(shapes.METADATA, "columns"),
}
WAYS: Mapping[str, tuple[str, ...]] = {
    "silent": tuple(_SHARES),
    "numbers": tuple(notations.NUMBERS),
    "dates": tuple(notations.DATES),
    "shape": tuple(shapes.SHAPES),
    "rows": (*shapes.LISTS, *shapes.ROWS),
    "geometry": tuple(shapes.GEOMETRIES),
    "map": tuple(shapes.MAPS),
    "metadata": tuple(shapes.METADATA),
    "spelling": tuple(spellings.SPELLINGS),
}


def rewrite(text: str, kind: str, how: str, meant: Meant) -> str:
    """Return what a fault sends instead of the JSON of an answer; what does not concern it says the same as before."""
    document = json.loads(text)
    if kind == "spelling":
        return spellings.SPELLINGS[how](document)
    changed = _REWRITES[kind](document, how, meant)
    return json.dumps(changed, separators=(",", ":"), ensure_ascii=False) + "\n"
