"""A program that times what the pages *Pipeline* and *Data* ask the warehouse, and writes seconds by request."""

import json
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from austin_crime.pages import example, loads, received, rows, tables
from austin_crime.pages.session import reading
from austin_crime.warehouse.connection import Connection

RUNS = 3
CRIMES = "mart.crimes"
VIEWS: dict[str, dict[str, Any]] = {
    "first rows": {},
    "rows by day, newest first": {"sort": "-occurred_date"},
    "rows of a district": {"filters": ("council_district:eq:9",)},
    "rows that nobody has": {"filters": ("location_type:contains:no such place",)},
}


def requests() -> dict[str, Callable[[Connection], Any]]:
    """Return what is asked, by name."""
    found: dict[str, Callable[[Connection], Any]] = {
        "last loads": loads.last_loads,
        "state": loads.status,
        "a load": lambda connection: loads.describe(connection, _newest(connection)),
        "receipt": lambda connection: loads.receipt(connection, _newest(connection)),
        "newest reports": loads.newest_reports,
        "example": example.example,
        "landing": received.list_loads,
        "tables": tables.recorded_counts,
    }
    return found | {name: partial(_first_page, **view) for name, view in VIEWS.items()}


def _first_page(connection: Connection, sort: str = "", filters: tuple[str, ...] = ()) -> rows.Page:
    return rows.read_page(connection, rows.View(tables.find_table(connection, CRIMES), sort, filters))


def _newest(connection: Connection) -> str:
    load_id: str = loads.last_loads(connection)[0]["load_id"]
    return load_id


def seconds(ask: Callable[[Connection], Any]) -> float:
    """Return the seconds of a request, the median of three."""
    took = []
    for _ in range(RUNS):
        began = time.monotonic()
        with reading() as connection:
            ask(connection)
        took.append(time.monotonic() - began)
    return round(median(took), 4)


if __name__ == "__main__":
    found = {name: seconds(ask) for name, ask in requests().items()}
    Path(os.environ["BENCHMARK_STEPS"]).write_text(json.dumps(found))
