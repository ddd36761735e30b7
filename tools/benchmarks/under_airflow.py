"""Ours under Airflow: API server, scheduler with LocalExecutor and DAG processor as in ``make demo``, and one DAG run."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import psutil

from benchmarks.contenders import UNDER_AIRFLOW
from benchmarks.errors import BenchmarkError
from benchmarks.measure import tree_cpu_s
from benchmarks.results import Result
from benchmarks.surroundings import ROOT, Surroundings, end
from local_stack.clients.airflow import DAG_ID, Airflow, task_name
from local_stack.configuration import dotenv, environments, settings
from local_stack.configuration.settings import Settings
from local_stack.processes import programs, start
from local_stack.provisioning import postgres

# What the stack reads of the project's folder.
PROJECT = ("dags", "include", "plugins", "settings", "tools")
SERVERS = ("airflow-api-server", "airflow-scheduler", "airflow-dag-processor")
READY_S = 180
POLL_S = 0.3


def measure(where: Surroundings, warehouse: str) -> Result:
    """Start Airflow, run the DAG on an empty warehouse, and return what the run took, its start to its end."""
    chosen = choose_settings(where, warehouse)
    where.server.drop_database("airflow")
    where.server.create_database("airflow", "airflow")
    start.write_airflow_login(chosen)
    migrate = [sys.executable, "-m", "airflow", "db", "migrate"]
    subprocess.run(migrate, env=variables(chosen), cwd=chosen.root, check=True, capture_output=True)
    with running_airflow(chosen) as servers:
        airflow = Airflow(chosen)
        before = [tree_cpu_s(process) for process in (where.postmaster, where.portal)]
        cpu_before = sum(map(tree_cpu_s, servers))
        with peak_of_children(servers[1]) as peak:
            run_id, _ = airflow.start_run([])
            state = airflow.follow(run_id, lambda _: None)
        if state != "success":
            raise BenchmarkError("\n".join([f"{UNDER_AIRFLOW}: {state}", *airflow.failures(run_id)]))
        after = [tree_cpu_s(process) for process in (where.postmaster, where.portal)]
        return {
            "contender": UNDER_AIRFLOW,
            "reports": where.reports,
            "wall_s": round(run_seconds(airflow, run_id), 3),
            "cpu_s": round(sum(map(tree_cpu_s, servers)) - cpu_before, 3),
            "peak_rss_mb": round(max(peak) / 1e6, 3),
            "postgres_cpu_s": round(after[0] - before[0], 3),
            "portal_cpu_s": round(after[1] - before[1], 3),
            "steps": task_seconds(airflow, run_id),
            "is_extrapolated": False,
        }


def choose_settings(where: Surroundings, warehouse: str) -> Settings:
    """Return the settings of a stack on the benchmark's own servers, in a folder of its own."""
    root = where.folder / "airflow"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    for name in PROJECT:
        (root / name).symlink_to(ROOT / name)
    dotenv.ensure(root / ".env")
    passwords = where.server.passwords
    given = {
        "AUSTIN_CRIME_POSTGRES_PORT": str(where.server.port),
        "AUSTIN_CRIME_PORTAL_PORT": where.portal_url.rpartition(":")[2],
        "AUSTIN_CRIME_AIRFLOW_PORT": str(postgres.free_port()),
        "AUSTIN_CRIME_AIRFLOW_DB_PASSWORD": passwords["airflow"],
        "AUSTIN_CRIME_WAREHOUSE_URL": where.server.owner_url(warehouse),
        "AUSTIN_CRIME_LANDING_URL": str(root / "landing"),
    }
    return settings.resolve(root, given, "sample", where.reports)


def variables(chosen: Settings) -> dict[str, str]:
    """Return the environment of Airflow's processes: as in the stack, but without Superset."""
    no_superset = {"AUSTIN_CRIME_SUPERSET_URL": ""}
    return environments.common(chosen) | environments.airflow(chosen) | no_superset


@contextmanager
def running_airflow(chosen: Settings) -> Iterator[list[psutil.Process]]:
    """Run Airflow's servers while the context lasts, in the order of SERVERS."""
    needed = [program for name in SERVERS for program in programs.PROGRAMS if program.name == name]
    started: list[subprocess.Popen[bytes]] = []
    try:
        for program in needed:
            with (chosen.root / f"{program.name}.log").open("wb") as log:
                started.append(
                    subprocess.Popen(
                        program.command(chosen),
                        env=variables(chosen),
                        cwd=chosen.root,
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                        start_new_session=True,
                    )
                )
        wait_until_ready(chosen, needed)
        yield [psutil.Process(process.pid) for process in started]
    finally:
        for process in reversed(started):
            end(process)
            # The scheduler's workers, should they have outlived it: the group is ours.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def wait_until_ready(chosen: Settings, needed: list[programs.Program]) -> None:
    """Return when every server does its work; BenchmarkError if one does not in time."""
    deadline = time.monotonic() + READY_S
    waiting = list(needed)
    while waiting:
        problem = waiting[0].problem(chosen)
        if not problem:
            waiting.pop(0)
        elif time.monotonic() > deadline:
            raise BenchmarkError(f"{problem}\n{log_end(chosen.root / f'{waiting[0].name}.log')}")
        else:
            time.sleep(POLL_S)


def log_end(path: Path) -> str:
    """Return the end of a log."""
    return "\n".join(path.read_text(errors="replace").splitlines()[-20:])


@contextmanager
def peak_of_children(scheduler: psutil.Process) -> Iterator[list[int]]:
    """Watch the memory of the scheduler's children, the tasks; the list holds the greatest seen so far, in bytes."""
    peak = [0]
    done = threading.Event()

    def watch() -> None:
        while not done.wait(POLL_S):
            for child in scheduler.children(recursive=True):
                with suppress(psutil.Error):
                    peak[0] = max(peak[0], child.memory_info().rss)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()


def run_seconds(airflow: Airflow, run_id: str) -> float:
    """Return how long a DAG run took."""
    run = airflow.ask("GET", f"/dags/{DAG_ID}/dagRuns/{run_id}")
    began, ended = (datetime.fromisoformat(run[name]) for name in ("start_date", "end_date"))
    return (ended - began).total_seconds()


def task_seconds(airflow: Airflow, run_id: str) -> dict[str, float]:
    """Return seconds by task; those of mapped tasks are added up."""
    found: dict[str, float] = {}
    for task in airflow.task_instances(run_id):
        name = task_name(task | {"map_index": -1})
        found[name] = round(found.get(name, 0) + (task["duration"] or 0), 3)
    return found
