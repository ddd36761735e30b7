"""DuckDB databases of reports: opened with modest means, and kept in a folder under a name that tells their recipe."""

import hashlib
import tempfile
from pathlib import Path

import duckdb

from sample_portal.data import generate
from sample_portal.errors import PortalFault

# DuckDB keeps indexes in memory while it makes them.
_MEMORY_MB, _BYTES_PER_REPORT = 600, 100
_THREADS = 2


def connect(path: Path | None = None, reports: int = 0) -> duckdb.DuckDBPyConnection:
    """Open a database of so many reports, in memory without a path; PortalFault if it cannot be opened."""
    try:
        connection = duckdb.connect(path or ":memory:")
    except duckdb.IOException as error:
        raise PortalFault(
            f"{path} cannot be opened: {str(error).splitlines()[0]}. Stop the other portal, or give another --data-dir."
        ) from error
    memory_mb = max(_MEMORY_MB, reports * _BYTES_PER_REPORT // 1_000_000)
    connection.execute(f"set memory_limit = '{memory_mb}MB'; set threads = {_THREADS}")
    if path is None:
        connection.execute("set temp_directory = ?", [str(Path(tempfile.gettempdir()) / "sample_portal")])
    return connection


def database_name(recipe: generate.Recipe, until: str | None = None) -> str:
    """Return the name of a recipe's database; other rules of making reports give another name."""
    rules = hashlib.sha256()
    for path in sorted([*generate.HERE.glob("generate.*"), *generate.HERE.glob("calibration/*.csv")]):
        rules.update(path.read_bytes())
    day = until or recipe.last_day.isoformat()
    return f"{recipe.form}-{recipe.reports}-seed-{recipe.seed}-until-{day}-{rules.hexdigest()[:8]}.duckdb"


def kept_database(folder: Path, recipe: generate.Recipe) -> Path:
    """Return the database of a recipe, made if it is not there; without a last day the one with the newest reports."""
    kept = [] if recipe.until else folder.glob(database_name(recipe, until="*"))
    path = max(kept, default=folder / database_name(recipe))
    if not path.exists():
        _make_database(path, recipe)
    return path


def _make_database(path: Path, recipe: generate.Recipe) -> None:
    """Generate a database under a temporary name and give it its own when it is complete."""
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        with connect(part, recipe.reports) as connection:
            generate.generate(connection, recipe)
        part.rename(path)
    except duckdb.Error as error:
        raise PortalFault(
            f"{part} cannot be filled: {str(error).splitlines()[0]}. Make room, or give another --data-dir."
        ) from error
    except OSError as error:
        raise PortalFault(
            f"The folder {path.parent} cannot be written ({error.strerror}): give another --data-dir."
        ) from error
