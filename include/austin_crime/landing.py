"""Where a load keeps what it heard from the portal: ``<landing>/<load>/<attempt>/<name>``.

Batches lie there as received; metadata, months, counts and boundaries as JSON.
"""

import json
import re
from typing import Any

from upath import UPath

from austin_crime import config


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


def empty(path: UPath) -> None:
    """Remove a folder with all it holds; an attempt begins with none."""
    if path.exists():
        path.fs.rm(path.path, recursive=True)
