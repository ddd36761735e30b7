"""What readers wait for: every chart of the dashboards, uncached, and the requests of Airflow's pages *Pipeline* and *Data*."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from austin_crime import own_servers
from benchmarks import measure
from benchmarks.errors import BenchmarkError
from benchmarks.surroundings import ROOT, Surroundings, end
from local_stack.provisioning import postgres
from testing.superset_pages import Browser
from testing.waiting import wait_for

RUNS = 3
START_S = 120
LOGINS = {
    "admin": "SUPERSET_ADMIN_PASSWORD",
    "analyst": "SUPERSET_ANALYST_PASSWORD",
    "viewer": "SUPERSET_VIEWER_PASSWORD",
    "refresh": "AUSTIN_CRIME_SUPERSET_REFRESH_PASSWORD",
}


def time_charts(where: Surroundings, warehouse: str) -> dict[str, float]:
    """Return the seconds of each chart's answer without cache, the median of three, asked as a viewer."""
    with running_superset(where, warehouse) as url:
        viewer = Browser(url, "viewer", "viewer of the benchmark")
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
def running_superset(where: Surroundings, warehouse: str) -> Iterator[str]:
    """Run Superset on a warehouse while the context lasts, and give its address."""
    home = where.folder / "superset"
    home.mkdir(exist_ok=True)
    where.server.drop_database("superset")
    where.server.create_database("superset", "superset")
    python = ROOT / ".venv" / "superset" / "bin" / "python"
    url = f"http://127.0.0.1:{postgres.free_port()}"
    own = {name: value for name, value in os.environ.items() if not name.startswith("AUSTIN_CRIME_")}
    told = own | {
        "PYTHONPATH": str(ROOT / "superset"),
        "SUPERSET_SECRET_KEY": "for this measurement only, and long enough to be taken",
        "SUPERSET_METADATA_URL": _with_driver(where.server.url("superset", "superset")),
        "SUPERSET_HOME": str(home),
        "AUSTIN_CRIME_EDITION_DIR": str(home / "edition"),
        "AUSTIN_CRIME_READER_URL": _with_driver(where.server.reader_url(warehouse)),
        "AUSTIN_CRIME_SUPERSET_REFRESH_USER": "refresh",
        **{variable: f"{user} of the benchmark" for user, variable in LOGINS.items()},
    }
    with (home / "log").open("wb") as log:
        subprocess.run(
            [python, ROOT / "superset" / "bootstrap.py"], env=told, stdout=log, stderr=log, check=True
        )
        options = ["--workers", "1", "--worker-class", "gthread", "--threads", "4", "--timeout", "300"]
        serve = [str(python), "-m", "gunicorn", *options, "--bind", url.removeprefix("http://")]
        process = subprocess.Popen(
            [*serve, "superset.app:create_app()"], env=told, stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait_for("Superset's login page", lambda: _answers(f"{url}/login/"), START_S)
        yield url
    finally:
        end(process)


def _with_driver(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg2://")


def _answers(url: str) -> bool:
    try:
        return own_servers.session().get(url, timeout=60).ok
    except OSError:
        return False


def time_pages(where: Surroundings, warehouse: str) -> dict[str, float]:
    """Return the seconds of each request of the pages, the median of three, in a process of its own."""
    found = where.folder / "pages.json"
    told = measure.environment(where, warehouse, found)
    told["AUSTIN_CRIME_READER_URL"] = where.server.reader_url(warehouse)
    script = Path(__file__).with_name("page_requests.py")
    subprocess.run([measure.python("airflow"), str(script)], env=told, check=True)
    seconds: dict[str, float] = json.loads(found.read_text())
    return seconds
