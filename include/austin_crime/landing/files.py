"""The files of a load in the landing, which keeps the portal's answers: ``<landing>/<load>/<attempt>/<name>``.

Batches lie there as received; metadata, months, counts and boundaries as JSON. The landing is a folder or an object store
(``s3://bucket/prefix``); a file appears under its name once it is complete.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from upath import UPath

from austin_crime import config
from austin_crime.errors import ParameterError

CHUNK_BYTES = 1 << 20
# Bytes that an upload to an object store, or a download, holds in memory; S3 requires parts of at least 5 MB.
PART_BYTES = 8 << 20
# Bytes of a name, in the file systems that we know.
LONGEST_NAME = 255
# Protocols that have folders and an atomic rename. An object store has neither; there a completed upload becomes an object
# atomically.
WITH_RENAMING = frozenset({"", "file", "local", "memory"})


def root() -> UPath:
    """Return the landing as a whole."""
    return place(config.landing_url())


def place(url: str) -> UPath:
    """Return a folder, or a place in an object store, by its address."""
    if "://" not in url:
        return UPath(url)
    # Other processes write there, too, so listings are not cached.
    return UPath(url, use_listings_cache=False, default_block_size=PART_BYTES)


def folder_name(load_id: str) -> str:
    """Return the name of a load's folder; other characters than letters, digits, - and _ become _."""
    return re.sub(r"[^\w\-]", "_", load_id)


def folder(load_id: str, attempt: int) -> UPath:
    """Return the folder of one attempt of a load."""
    return root() / folder_name(load_id) / str(attempt)


def landed_path(name: str) -> UPath:
    """Return a folder or file of the landing by its name below it, ``<load>[/<attempt>[/<file>]]``.

    Raises
    ------
    ParameterError
        If the name leads anywhere else, or nothing of that name is there.
    """
    parts = name.split("/")
    if not 1 <= len(parts) <= 3 or not all(map(_is_name, parts)):
        raise ParameterError(
            f"The landing has no {name!r}: expected <load>, <load>/<attempt> or <load>/<attempt>/<file>."
        )
    path = root().joinpath(*parts)
    if not path.exists() or _leads_outside(path):
        raise ParameterError(f"The landing has no {name!r}: it was deleted, or never there.")
    return path


def _is_name(part: str) -> bool:
    """Whether a text can be the name of a folder or file of a load."""
    return re.fullmatch(r"[\w\-][\w.\-]*", part) is not None and len(part.encode()) <= LONGEST_NAME


def _leads_outside(path: UPath) -> bool:
    """Whether a link leads out of the landing; an object store has none."""
    if path.protocol not in WITH_RENAMING:
        return False
    return not Path(path.path).resolve().is_relative_to(Path(root().path).resolve())


def files_below(path: UPath) -> list[UPath]:
    """Return every file of a folder and the folders in it, or the file itself."""
    if not path.exists():
        return []
    return [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]


@contextmanager
def write_whole(path: UPath) -> Iterator[IO[bytes]]:
    """Open a file that appears under its name when the block ends, and does not if the block raises.

    A block that raised leaves a file named ``.part``, in an object store nothing.
    """
    if path.protocol in WITH_RENAMING:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        with part.open("wb") as file:
            yield file
        part.rename(path)
        return
    upload = path.fs.open(path.path, "wb", autocommit=False)
    try:
        with upload:
            yield upload
    except BaseException:
        upload.discard()
        raise
    upload.commit()


def write_json(path: UPath, content: Any) -> None:
    """Write JSON; it appears when it is complete."""
    with write_whole(path) as file:
        file.write(json.dumps(content, default=str).encode())


def read_json(path: UPath) -> Any:
    """Read JSON that write_json wrote."""
    return json.loads(path.read_text())


def sha256(path: UPath) -> str:
    """Return the SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(CHUNK_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def write_sealed(path: UPath, content: Any) -> None:
    """Write JSON together with its own SHA-256."""
    write_json(path, {"sha256": _seal(content), "content": content})


def read_sealed(path: UPath) -> Any:
    """Read JSON that write_sealed wrote; ValueError, with the name, if it is missing or was changed."""
    try:
        read = read_json(path)
        is_whole = _seal(read["content"]) == read["sha256"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        is_whole = False
    if not is_whole:
        raise ValueError(str(path))
    return read["content"]


def _seal(content: Any) -> str:
    """Return the SHA-256 of JSON, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def empty(path: UPath) -> None:
    """Remove a folder with its content; an attempt begins without one. Of a link, what it leads to stays."""
    if path.protocol in WITH_RENAMING and path.is_symlink():
        path.unlink()
    elif path.exists():
        path.fs.rm(path.path, recursive=True)
