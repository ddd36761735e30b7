"""Read the portal's answer to a batch into a frame of texts, block by block; pure."""

import codecs
import io
import json
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.json

from austin_crime import contract, values
from austin_crime.errors import PortalAnswer
from austin_crime.portal import answers

SYSTEM_COLUMNS = (":id", ":updated_at")
# Some 4,000 reports: stays in the processor's cache, and is large enough for Arrow.
BLOCK_BYTES = 2 << 20
NEWLINE, BLANK, CLOSING = ord("\n"), ord(" "), ord("]")
# What the portal begins a line with, and what comes next.
MARKS = np.frombuffer(b"[,]", np.uint8)
FOLLOWERS = np.frombuffer(b"{]\n", np.uint8)


def read_reports(body: io.BufferedIOBase) -> pd.DataFrame:
    """Read the portal's JSON array of reports, every value a string, an absent key null.

    Parameters
    ----------
    body
        Unpacked; read in blocks, so that memory holds the reports once.

    Returns
    -------
    pandas.DataFrame
        Shape (n, 21), Arrow-backed strings: ``:id``, ``:updated_at`` and the kept columns by source name; a column
        that the dataset does not have is null.

    Raises
    ------
    PortalAnswer
        If the body is not a JSON array of objects.
    """
    names = [*SYSTEM_COLUMNS, *(column.source_name for column in contract.COLUMNS)]
    schema = pa.schema([(name, pa.string()) for name in names])
    try:
        tables = [_read_lines(lines, schema) for lines in _report_lines(body)]
    except pa.ArrowInvalid:
        # Another layout or numbers without quotes: slower, and as good.
        body.seek(0)
        tables = [pa.Table.from_pylist([_as_strings(report) for report in _read_array(body)], schema=schema)]
    return _to_frame(pa.concat_tables([schema.empty_table(), *tables]))


def _read_array(body: io.BufferedIOBase) -> list[dict[str, object]]:
    """Read a JSON array of objects however it is written; PortalAnswer for anything else."""
    try:
        array = json.load(
            codecs.getreader("utf-8-sig")(body, "replace"),
            parse_float=str,
            parse_int=str,
            parse_constant=_refuse_constant,
            object_pairs_hook=_unique_members,
        )
        return answers.expect_rows(array, "reports")
    except (ValueError, RecursionError) as error:
        raise PortalAnswer(
            f"Asked for reports: expected JSON, and it cannot be read ({error}). {answers.ADVICE}"
        ) from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _unique_members(members: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object's members, none of which may occur twice: one of the values would be lost."""
    unique = dict(members)
    if len(unique) < len(members):
        raise ValueError(f"an object has a key twice: {[name for name, _ in members]}")
    return unique


def _report_lines(body: io.BufferedIOBase) -> Iterator[memoryview]:
    r"""Yield blocks of JSON objects, one a line; each is valid until the next one is requested.

    The portal writes a report a line, ``[{…}\n,{…}\n]\n``; with blanks in place of brackets and commas that is what Arrow
    reads. Done in one buffer: copies of a body take as long as reading it.

    Raises
    ------
    pyarrow.ArrowInvalid
        If a line begins with something else.
    """
    block = np.empty(BLOCK_BYTES, np.uint8)
    kept = 0
    while size := kept + body.readinto(block.data[kept:]):
        is_last = size == kept
        ends = np.flatnonzero(block[:size] == NEWLINE) + 1
        end = size if is_last else int(ends[-1]) if len(ends) else 0
        if end:
            starts = np.concatenate(([0], ends[ends < end]))
            # Arrow would take null for a report, or crash.
            followers = block[np.minimum(starts + 1, end - 1)]
            if not (np.isin(block[starts], MARKS).all() and np.isin(followers, FOLLOWERS).all()):
                raise pa.ArrowInvalid("expected lines that begin with a bracket or a comma, and an object")
            block[starts] = BLANK
            last = end - 1 if is_last else end - 2
            block[last] = BLANK if block[last] == CLOSING else block[last]
            yield block.data[:end]
        elif size == len(block):
            block = np.concatenate((block, np.empty_like(block)))
        kept = size - end
        block[:kept] = block[end:size]


def _read_lines(lines: memoryview, schema: pa.Schema) -> pa.Table:
    """Read JSON objects, one a line; blanks are none."""
    if bytes(lines).isspace():
        return schema.empty_table()
    table = pyarrow.json.read_json(
        pa.BufferReader(lines),
        pyarrow.json.ReadOptions(block_size=len(lines) + 1, use_threads=False),
        pyarrow.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
    )
    return table.select(schema.names)


def _to_frame(table: pa.Table) -> pd.DataFrame:
    """Return an Arrow table as a frame on Arrow types."""
    frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
    return frame


def _as_strings(report: dict[str, object]) -> dict[str, str]:
    """Return a report with every value as the portal would write it in quotes."""
    return {
        name: values.holdable(values.as_text(value)) for name, value in report.items() if value is not None
    }
