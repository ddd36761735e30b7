"""A view as a file: CSV that a spreadsheet cannot take for formulas, or JSON, row by row."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

# What a spreadsheet takes for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def as_csv(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Yield lines of CSV; texts that begin like a formula get an apostrophe in front."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(names)
    yield _taken(buffer)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
        yield _taken(buffer)


def as_json(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Yield a JSON array of objects, one a line."""
    separator = "[\n"
    for row in rows:
        yield separator + json.dumps(dict(zip(names, row, strict=True)), default=str, ensure_ascii=False)
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


def _cell(value: Any) -> Any:
    """Return a value as a cell; JSON as text."""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
    return f"'{text}" if isinstance(text, str) and text.startswith(FORMULA) else text


def _taken(buffer: io.StringIO) -> str:
    """Return what was written, and empty the buffer."""
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
