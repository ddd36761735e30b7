"""JSON that says the same and is spelled in another way. SOURCE: RFC 8259."""

import json
from collections.abc import Callable, Mapping
from typing import Any

Document = Any
Row = dict[str, Any]


def _escape_keys(document: Document) -> str:
    """Write JSON with every key in unicode escapes."""
    return _write(
        document, lambda row: [("".join(map(_escaped, name)), value) for name, value in row.items()]
    )


def _escaped(character: str) -> str:
    """Write a character as a unicode escape."""
    return f"\\u{ord(character):04x}"


def _repeat_keys(document: Document) -> str:
    """Write JSON with the first key of each object twice, first with null."""
    return _write(document, lambda row: [*((name, None) for name in list(row)[:1]), *row.items()])


def _write(document: Document, members: Callable[[Row], list[tuple[str, Any]]]) -> str:
    """Write JSON whose objects have the members that a function gives, their keys as they are."""
    if isinstance(document, dict):
        texts = (f'"{name}":{_write(value, members)}' for name, value in members(document))
        return f"{{{','.join(texts)}}}"
    if isinstance(document, list):
        return f"[{','.join(_write(each, members) for each in document)}]"
    return json.dumps(document)


def _reverse_keys(document: Document) -> Document:
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
    "order": lambda document: json.dumps(_reverse_keys(document), ensure_ascii=False),
    "bom": lambda document: "\ufeff" + json.dumps(document, ensure_ascii=False),
    "escapes": _escape_keys,
    "twice": _repeat_keys,
}
