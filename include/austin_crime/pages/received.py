"""The landing as people see it: loads, their files, and the first reports of a file."""

import codecs
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import dropwhile, islice
from typing import Any

from isal import igzip
from isal.igzip_lib import IsalError
from upath import UPath

from austin_crime.errors import LandingDamaged, ParameterError
from austin_crime.landing import files
from austin_crime.pages import cleaned
from austin_crime.values import holdable
from austin_crime.warehouse.connection import Connection

LOADS_SHOWN, REPORTS_SHOWN = 30, 5
BATCH = ".json.gz"
PIECE_BYTES = 64 << 10
# A report that does not end within this many characters is not shown.
LONGEST_REPORT = 4 << 20
BETWEEN = " \t\r\n,"
DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)


def list_loads(connection: Connection) -> dict[str, Any]:
    """Return the newest loads of the landing, with what ``ops.received_files`` recorded of each.

    A folder whose load the warehouse does not know comes last, without numbers.
    """
    root = files.root()
    folders = {path.name for path in root.iterdir()} if root.exists() else set()
    recorded = connection.execute(
        "select load_id, max(started_at) as started_at, max(status) as status, count(batch_id) as file_count,"
        " coalesce(sum(report_count), 0)::bigint as report_count, coalesce(sum(byte_count), 0)::bigint as byte_count"
        " from ops.loads left join ops.received_files using (load_id) group by load_id order by started_at desc"
    ).fetchall()
    known = {files.folder_name(row["load_id"]): row for row in recorded}
    loads = [row | {"folder": folder} for folder, row in known.items() if folder in folders]
    loads += [{"load_id": folder, "folder": folder} for folder in sorted(folders - known.keys())]
    return {"loads": loads[:LOADS_SHOWN], "load_count": len(loads), "address": str(root)}


def list_files(folder: str) -> list[dict[str, Any]]:
    """Return the files of a load's folder: name below the landing, bytes, age, and of a batch what its manifest says.

    Raises
    ------
    ParameterError
        If the landing has no such folder.
    """
    path = files.landed_path(folder)
    return [_describe(file) for file in sorted(files.files_below(path), key=lambda file: file.path)]


def _describe(file: UPath) -> dict[str, Any]:
    """Return what is known of a file without reading it."""
    details = file.stat()
    changed = getattr(details, "st_mtime", None)
    described: dict[str, Any] = {
        "name": "/".join(file.parts[len(files.root().parts) :]),
        "byte_count": details.st_size,
        "changed_at": datetime.fromtimestamp(changed, UTC) if changed else None,
        "is_batch": file.name.endswith(BATCH),
    }
    manifest = file.with_name(file.name.removesuffix(BATCH) + ".manifest.json")
    if described["is_batch"] and manifest.exists():
        described |= _of_manifest(manifest)
    return described


def _of_manifest(path: UPath) -> dict[str, Any]:
    """Return what a manifest says; nothing if it is damaged."""
    try:
        content = files.read_json(path)
        return {name: content[name] for name in ("report_count", "sha256")}
    except (ValueError, TypeError, KeyError):
        return {}


def first_reports(name: str, limit: int = REPORTS_SHOWN) -> list[dict[str, Any]]:
    """Return the first reports of a landed batch, each raw and as it is cleaned.

    Raises
    ------
    ParameterError
        If there is no such file, or it is not a batch.
    LandingDamaged
        If it breaks off before so many reports, or cannot be read.
    """
    path = files.landed_path(name)
    if not path.name.endswith(BATCH):
        raise ParameterError(f"{name} is not a batch of reports: expected a file that ends with {BATCH}.")
    try:
        members = list(_head(path, limit))
    except (ValueError, RecursionError, OSError, EOFError, IsalError) as error:  # type: ignore[misc] # its stub
        raise LandingDamaged(
            f"{name} cannot be read ({error}): the load that received it can be repeated."
        ) from error
    reports = cleaned.expect_reports(members)
    return [{"raw": _printable(report), "cleaned": cleaned.compare(report)} for report in reports]


def _printable(report: dict[str, Any]) -> Any:
    """Return a report without halves of surrogate pairs, which no answer can hold."""
    return json.loads(holdable(json.dumps(report, ensure_ascii=False)))


def _head(path: UPath, limit: int) -> Iterator[Any]:
    """Yield the first members of a JSON array, reading no further than they go; ValueError if it breaks off."""
    with path.open("rb") as compressed, igzip.IGzipFile(fileobj=compressed) as body:
        reader = codecs.getreader("utf-8-sig")(body, "replace")
        yield from islice(_members(iter(lambda: reader.read(PIECE_BYTES), "")), limit)


def _members(pieces: Iterator[str]) -> Iterator[Any]:
    """Yield the members of a JSON array that comes in pieces."""
    text = next(dropwhile(str.isspace, pieces), "").lstrip()
    if not text.startswith("["):
        raise ValueError("it is no array of reports")
    text = text[1:].lstrip(BETWEEN)
    while not text.startswith("]"):
        try:
            member, end = DECODER.raw_decode(text)
        except ValueError:
            piece = next(pieces, "")
            if not piece or len(text) > LONGEST_REPORT:
                raise ValueError("it breaks off, or is damaged") from None
            text = (text + piece).lstrip(BETWEEN)
        else:
            yield member
            text = text[end:].lstrip(BETWEEN)


def open_file(name: str) -> tuple[UPath, int]:
    """Return a landed file and its size; ParameterError if there is none of that name."""
    path = files.landed_path(name)
    if not path.is_file():
        raise ParameterError(f"{name} is a folder: expected a file.")
    return path, path.stat().st_size


def pieces(path: UPath) -> Iterator[bytes]:
    """Yield a file piece by piece."""
    with path.open("rb") as file:
        while piece := file.read(files.CHUNK_BYTES):
            yield piece
