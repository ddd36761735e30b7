"""Ask the warehouse what a load left; find the real files."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

LOAD_COLUMNS = (
    "load_id, status, fetched_count, added_count, edited_count, removed_count, rejected_count, message"
)


class Ask:
    """A question to the warehouse; called with SQL it returns rows as tuples."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection

    def __call__(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return self.connection.execute(query, values).fetchall()

    def crimes(self) -> dict[int, tuple[str | None, ...]]:
        """Return what is published by key, as ``SamplePortal.reports`` tells it."""
        rows = self(
            "select incident_id, crime_type, location_type, clearance_status, occurred_date::text,"
            " coalesce(reported_date::text, '') from mart.crimes"
        )
        return {row[0]: row[1:] for row in rows}

    def last_load(self) -> dict[str, Any]:
        """Return the load that began last."""
        row = self(f"select {LOAD_COLUMNS} from ops.loads order by started_at desc limit 1")[0]
        return dict(zip(LOAD_COLUMNS.split(", "), row, strict=True))


@pytest.fixture
def ask(warehouse) -> Iterator[Ask]:
    """Return a function that asks the warehouse."""
    with psycopg.connect(warehouse.owner_url, autocommit=True) as connection:
        yield Ask(connection)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real files of the portal, which are not part of the project."""
    folder = os.environ.get("AUSTIN_CRIME_REAL_DATA")
    if not folder:
        pytest.skip("no real files: AUSTIN_CRIME_REAL_DATA names no folder with them")
    return Path(folder)
