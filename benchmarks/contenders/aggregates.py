"""The project's own aggregates, for contenders that are not the project: the same SQL, the same work."""

from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "include" / "sql" / "aggregates"


def build(cursor: Any) -> None:
    """Fill every aggregate from the view staging.crimes_next; the cursor may be psycopg's or psycopg2's."""
    for path in sorted(FOLDER.glob("*.sql")):
        cursor.execute(path.read_text())
