"""The landing as people see it: loads, their files, and the first reports of a file."""

import codecs
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from isal import igzip
from upath import UPath

from austin_crime.errors import ParameterError
from austin_crime.landing import files
from austin_crime.pages import cleaned
from austin_crime.warehouse.connection import Connection

LOADS_SHOWN, REPORTS_SHOWN = 30, 5
BATCH = ".json.gz"
PIECE_BYTES = 64 << 10
# A report that does not end within this many characters is not shown.
LONGEST_HEAD = 4 << 20


def list_loads(connection: Connection) -> dict[str, Any]:
    """Return the folders of the landing, the newest load first, with what ``ops.received_files`` recorded of each."""
    root = files.root()
    folders = {path.name for path in root.iterdir()} if root.exists() else set()
    recorded = connection.execute(
        "select load_id, max(started_at) as started_at, max(status) as status, count(batch_id) as file_count,"
        " coalesce(sum(report_count), 0)::bigint as report_count, coalesce(sum(byte_count), 0)::bigint as byte_count"
        " from ops.loads left join ops.received_files using (load_id) group by load_id order by started_at desc"
    ).fetchall()
    loads = [row | {"folder": files.folder_name(row["load_id"])} for row in recorded]
    shown = [load for load in loads if load["folder"] in folders]
    unknown = sorted(folders - {load["folder"] for load in loads})
    return {
        "loads": shown[:LOADS_SHOWN],
        "load_count": len(shown) + len(unknown),
        "unknown_folders": unknown[:LOADS_SHOWN],
        "address": str(root),
    }


def list_files(folder: str) -> list[dict[str, Any]]:
    """Return the files of a load's folder: name below the landing, bytes, age, and of a batch what its manifest says.

    Raises
    ------
    ParameterError
        If the landing has no such folder.
    """
    path = files.landed_path(folder)
    return [_describe(file, path) for file in sorted(files.files_below(path), key=lambda file: file.path)]


def _describe(file: UPath, folder: UPath) -> dict[str, Any]:
    """Return what is known of a file without reading it."""
    details = file.stat()
    changed = getattr(details, "st_mtime", None)
    described: dict[str, Any] = {
        "name": "/".join([folder.name, *file.parts[len(folder.parts) :]]) if file != folder else folder.name,
        "byte_count": details.st_size,
        "changed_at": datetime.fromtimestamp(changed, UTC) if changed else None,
        "is_batch": file.name.endswith(BATCH),
    }
    manifest = file.with_name(file.name.removesuffix(BATCH) + ".manifest.json")
    if described["is_batch"] and manifest.exists():
        content = files.read_json(manifest)
        described |= {name: content.get(name) for name in ("report_count", "sha256")}
    return described


def first_reports(name: str, limit: int = REPORTS_SHOWN) -> list[dict[str, Any]]:
    """Return the first reports of a landed batch, each raw and as it is cleaned.

    Raises
    ------
    ParameterError
        If there is no such file, or it is not a batch.
    """
    path = files.landed_path(name)
    if not path.name.endswith(BATCH):
        raise ParameterError(f"{name} is not a batch of reports: expected a file that ends with {BATCH}.")
    reports = cleaned.expect_reports(list(_head(path, limit)))
    return [{"raw": report, "cleaned": cleaned.compare(report)} for report in reports]


def _head(path: UPath, limit: int) -> Iterator[Any]:
    """Yield the first members of a JSON array, reading no further than they go."""
    decoder, text = json.JSONDecoder(parse_float=str, parse_int=str), ""
    with path.open("rb") as compressed, igzip.IGzipFile(fileobj=compressed) as body:
        reader = codecs.getreader("utf-8-sig")(body, "replace")
        while limit and len(text) < LONGEST_HEAD:
            piece = reader.read(PIECE_BYTES)
            text = (text + piece).lstrip(" \t\r\n[,")
            while limit and text and text[0] != "]":
                try:
                    value, end = decoder.raw_decode(text)
                except ValueError:
                    break  # it goes on in the next piece
                yield value
                limit, text = limit - 1, text[end:].lstrip(" \t\r\n,")
            if not piece:
                return


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
