"""Run a contender and measure it."""

import json
import os
import signal
import subprocess
import sys
from itertools import count
from pathlib import Path
from typing import Any

import psutil

from benchmarks.contenders import Contender
from benchmarks.errors import BenchmarkError
from benchmarks.surroundings import PATHS, ROOT, Surroundings
from local_stack.provisioning import postgres

LAUNCHER = Path(__file__).with_name("launch.py")
LOAD_NUMBERS = count(1)
LOG_CHARACTERS = 3000

Result = dict[str, Any]


def tree_cpu_s(process: psutil.Process) -> float:
    """Return the CPU seconds of a process and of all its children, ended ones included."""
    total = 0.0
    for each in (process, *process.children(recursive=True)):
        try:
            times = each.cpu_times()
        except psutil.Error:
            continue  # just ended: its parent counts it
        total += times.user + times.system + times.children_user + times.children_system
    return total


def run(where: Surroundings, contender: Contender, warehouse: str, label: str | None = None) -> Result:
    """Run a contender on a warehouse and return what it cost.

    Parameters
    ----------
    warehouse
        Name of the database.
    label
        What the result is called; by default as the contender.

    Raises
    ------
    BenchmarkError
        If it fails, with the end of what it said.
    """
    cost_file, steps_file = where.folder / "cost.json", where.folder / "steps.json"
    servers = {"postgres_cpu_s": where.postmaster, "portal_cpu_s": where.portal}
    before = {name: tree_cpu_s(process) for name, process in servers.items()}
    requests_before = where.request_count()
    launch(where, contender, environment(where, warehouse, steps_file), cost_file)
    cost = json.loads(cost_file.read_text())
    return {
        "contender": label or contender.name,
        "reports": where.reports,
        **{name: round(value, 3) for name, value in cost.items()},
        **{name: round(tree_cpu_s(process) - before[name], 3) for name, process in servers.items()},
        # Asking the portal for its count is a request, but not to what is counted.
        "requests": where.request_count() - requests_before,
        "steps": {name: round(value, 3) for name, value in json.loads(steps_file.read_text()).items()},
        "is_extrapolated": False,
    }


def environment(where: Surroundings, warehouse: str, steps_file: Path) -> dict[str, str]:
    """Return what a contender is told."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("AUSTIN_CRIME_")}
    return own | {
        **PATHS,
        "AUSTIN_CRIME_SOURCE_URL": where.portal_url,
        "AUSTIN_CRIME_WAREHOUSE_URL": where.server.owner_url(warehouse),
        "AUSTIN_CRIME_LANDING_URL": str(where.folder / "landing" / warehouse),
        "BENCHMARK_SUPERUSER_URL": where.server.url(postgres.SUPERUSER, warehouse),
        "BENCHMARK_ROWS_FILE": str(where.rows_file()),
        "BENCHMARK_LOAD_ID": f"benchmark-{next(LOAD_NUMBERS)}",
        "BENCHMARK_STEPS": str(steps_file),
    }


def python(environment_name: str) -> str:
    """Return the Python of one of the project's environments."""
    if environment_name == "airflow":
        return sys.executable
    return str(ROOT / ".venv" / environment_name / "bin" / "python")


def launch(where: Surroundings, contender: Contender, told: dict[str, str], cost_file: Path) -> None:
    """Run a contender to its end; when we are interrupted it ends, too."""
    program = [python(contender.environment), "-m", f"benchmarks.contenders.{contender.module}"]
    log = where.folder / f"{contender.module}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, str(LAUNCHER), str(cost_file), *program],
            cwd=where.folder,
            env=told,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        try:
            code = process.wait()
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
    if code:
        said = log.read_text(errors="replace")[-LOG_CHARACTERS:]
        raise BenchmarkError(f"{contender.name} failed at {where.reports:,} reports:\n{said}")
