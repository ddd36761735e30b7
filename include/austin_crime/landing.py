"""Where a load keeps what it heard from the portal: ``<landing>/<load>/<attempt>/<name>``.

Batches lie there as received; metadata, months, counts and boundaries as JSON.
"""

import hashlib
import json
import re
from typing import Any

from upath import UPath

from austin_crime import config

CHUNK_BYTES = 1 << 20


def folder(load_id: str, attempt: int) -> UPath:
    """Return the folder of one attempt of a load; all but letters, digits, - and _ becomes _."""
    return UPath(config.landing_url()) / re.sub(r"[^\w\-]", "_", load_id) / str(attempt)


def write_json(path: UPath, content: Any) -> None:
    """Write JSON under a temporary name and rename it when complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(content, default=str))
    part.rename(path)


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
    write_json(path, {"sha256": seal(content), "content": content})


def read_sealed(path: UPath) -> Any:
    """Read JSON that write_sealed wrote; ValueError, with the name, if it is missing or not what was written."""
    try:
        read = read_json(path)
        is_whole = seal(read["content"]) == read["sha256"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        is_whole = False
    if not is_whole:
        raise ValueError(str(path))
    return read["content"]


def seal(content: Any) -> str:
    """Return the SHA-256 of JSON, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def empty(path: UPath) -> None:
    """Remove a folder with all it holds; an attempt begins with none."""
    if path.exists():
        path.fs.rm(path.path, recursive=True)
