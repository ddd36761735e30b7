"""What readers wait for: every chart of the dashboards, uncached, and the requests of Airflow's pages *Pipeline* and *Data*."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from benchmarks import measure
from benchmarks.errors import BenchmarkError
from benchmarks.surroundings import Surroundings
from local_stack.provisioning import postgres
from testing import superset_server
from testing.superset_pages import Browser

RUNS = 3


def time_charts(where: Surroundings, warehouse: str) -> dict[str, float]:
    """Return the seconds of each chart's answer without cache, the median of three, asked as a viewer."""
    with running_superset(where, warehouse) as viewer:
        found = {}
        for chart in viewer.charts():
            asked = viewer.query_context(chart) | {"force": True}
            found[chart] = median(_seconds(viewer, asked) for _ in range(RUNS))
        return found


def _seconds(viewer: Browser, asked: dict[str, object]) -> float:
    began = time.monotonic()
    answer = viewer.answer(asked)
    took = time.monotonic() - began
    if answer["error"]:
        raise BenchmarkError(f"A chart has an error: {answer['error']}")
    return round(took, 4)


@contextmanager
def running_superset(where: Surroundings, warehouse: str) -> Iterator[Browser]:
    """Run Superset on a warehouse while the context lasts, and log in as a viewer."""
    home = where.folder / "superset"
    home.mkdir(exist_ok=True)
    where.server.drop_database("superset")
    where.server.create_database("superset", "superset")
    metadata_url, reader_url = (
        where.server.url("superset", "superset"),
        where.server.reader_url(warehouse),
    )
    told = superset_server.environment(home, metadata_url, reader_url)
    done = superset_server.bootstrap(told)
    if done.returncode:
        raise BenchmarkError(f"Superset was not set up:\n{done.stderr[-2000:]}")
    url = f"http://127.0.0.1:{postgres.free_port()}"
    with superset_server.running(url, told, home / "log"):
        yield Browser(url, "viewer", told[superset_server.PASSWORDS["viewer"]])


def time_pages(where: Surroundings, warehouse: str) -> dict[str, float]:
    """Return the seconds of each request of the pages, the median of three, in a process of its own."""
    found = where.folder / "pages.json"
    told = measure.environment(where, warehouse, found)
    told["AUSTIN_CRIME_READER_URL"] = where.server.reader_url(warehouse)
    script = Path(__file__).with_name("page_requests.py")
    subprocess.run([measure.python("airflow"), str(script)], env=told, check=True)
    seconds: dict[str, float] = json.loads(found.read_text())
    return seconds
