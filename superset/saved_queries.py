"""The saved queries of SQL Lab: files of ``superset/queries``, for each login that has SQL Lab.

A file's first line is the query's name, the comment below it says what to learn from it. Superset shows people only the saved
queries that they made themselves, so each of these logins gets its own.
"""

import json
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

QUERIES_DIR = Path(__file__).parent / "queries"
# Marks what was made from a file, so that it can be removed when the file is.
MARK = "superset/queries/"
NAMESPACE = uuid.UUID("6c1f2f5c-0d0b-4d3e-8a52-6a0a53b6c7f1")


class SavedQuery(NamedTuple):
    """A query, its name and what it teaches."""

    file: str
    label: str
    description: str
    sql: str


def read_queries() -> list[SavedQuery]:
    """Return the queries of all files, in the order of their names."""
    return [_read(path) for path in sorted(QUERIES_DIR.glob("*.sql"))]


def _read(path: Path) -> SavedQuery:
    text = path.read_text(encoding="utf-8")
    comment = [line.removeprefix("--").strip() for line in _first_comment(text)]
    return SavedQuery(path.name, comment[0], " ".join(comment[1:]), text)


def _first_comment(text: str) -> Iterable[str]:
    """Yield the lines of the comment that a text begins with."""
    for line in text.splitlines():
        if not line.startswith("--"):
            return
        yield line


def save_queries(database: Any, users: Iterable[Any]) -> None:
    """Give each of these users every query, as its file is, and remove those whose file is gone."""
    from superset import db
    from superset.models.sql_lab import SavedQuery as Row

    wanted = {
        uuid.uuid5(NAMESPACE, f"{user.username} {query.file}"): (user, query)
        for user in users
        for query in read_queries()
    }
    for row in db.session.query(Row).filter(Row.extra_json.contains(MARK)).all():
        if row.uuid not in wanted:
            db.session.delete(row)
    for identity, (user, query) in wanted.items():
        row = db.session.query(Row).filter_by(uuid=identity).one_or_none() or Row(uuid=identity)
        row.label, row.description, row.sql = query.label, query.description, query.sql
        row.database, row.schema, row.catalog = database, "mart", None
        row.user = row.created_by = row.changed_by = user
        row.extra_json = json.dumps({"file": MARK + query.file})
        db.session.add(row)
    db.session.commit()
