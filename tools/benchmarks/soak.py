"""``python -m benchmarks.soak [nights]``: night after night of the real DAG on the running stack, and what it costs.

Ten nights are a cycle: weeks of changes, quiet nights, a portal that is busy, cuts its bodies or sends half of them, so many removals
that a check blocks the load until a person accepts it, and a crash of a task. Before the last cycle all is loaded again, everything
that has an age becomes a hundred days older, and the maintenance DAG runs. At the end every table must equal that of a fresh load, and
no program may have grown.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import psycopg

from austin_crime import config, own_servers
from benchmarks.errors import BenchmarkError
from benchmarks.soak_page import CYCLE, MOST_GROWTH_MB, OLDER_DAYS, PAGE, growth_mb, write_page
from local_stack.clients.airflow import DAG_ID, FINISHED, Airflow
from local_stack.commands.stack import running_settings, stopwatch
from local_stack.configuration import environments
from local_stack.configuration.settings import ROOT, Settings
from local_stack.errors import StackError
from local_stack.processes import supervisor
from testing.catalog import rows_of

DEFAULT_NIGHTS, FEWEST_NIGHTS, MOST_NIGHTS = 90, 30, 10_000
OF_BATCHES = "path=$order=:id"
FAULTS = {
    "busy": "kind=429&times=3&retry_after_s=1",
    "cut": f"kind=cut&times=2&{OF_BATCHES}",
    "half": f"kind=silent&how=half&times=1&{OF_BATCHES}",
}
# What names a load or tells when it was; all else of two warehouses of one portal is the same.
OF_LOADS = ("load_id", "published_at", "notice")
# What Airflow's cleanup judges age by.
AIRFLOW_AGES = (
    ("dag_run", "start_date"),
    ("task_instance", "start_date"),
    ("task_instance_history", "start_date"),
    ("xcom", "timestamp"),
    ("log", "dttm"),
)
POLL_S = 0.3
# Nobody decides sooner, and Airflow loses an answer that comes within a second (settings/airflow.env).
READS_S = 3


class Soak:
    """The running stack, and what people and misfortune do to it."""

    def __init__(self, settings: Settings, tell: Callable[[str], None]) -> None:
        self.settings = settings
        self.tell = tell
        self.airflow = Airflow(settings)
        self.portal = own_servers.session()

    def night(self, number: int) -> dict[str, Any]:
        """Let a night pass, and return how it went and what the stack takes afterwards."""
        kind = CYCLE[number % len(CYCLE)]
        began = time.monotonic()
        if kind == "removals":
            self._post(f"live/week?removed={self._report_count() // 32}")
        elif kind != "quiet":
            self._post("live/week")
        if kind in FAULTS:
            self._post(f"faults?{FAULTS[kind]}")
        met = self._run(DAG_ID, {}, kind)
        if (kind in ("removals", "crash")) != (met == kind):
            raise BenchmarkError(
                f"Night {number + 1}, {kind}: expected just that, got {met or 'nothing of it'}."
            )
        self.portal.delete(f"{self.settings.source_url}/faults", timeout=60).raise_for_status()
        seconds = round(time.monotonic() - began, 1)
        self.tell(f"night {number + 1}, {kind}: {seconds} s")
        return {"night": number + 1, "kind": kind, "seconds": seconds} | self._sizes()

    def _post(self, path: str) -> None:
        """Have the portal change, or misbehave."""
        self.portal.post(f"{self.settings.source_url}/{path}", timeout=60).raise_for_status()

    def _report_count(self) -> int:
        """Return how many reports the portal has."""
        url = f"{self.settings.source_url}/resource/{config.DATASET_ID}.json"
        answer = self.portal.get(url, params={"$select": "count(*) as report_count"}, timeout=60)
        answer.raise_for_status()
        return int(answer.json()[0]["report_count"])

    def keep_house(self) -> dict[str, Any]:
        """Load everything again, make all that has an age a hundred days older, run maintenance, and return what the stack takes.

        After a full load, a replay needs no load before it.
        """
        self._run(DAG_ID, {"full_reload": True})
        make_older(self.settings)
        self._run(config.MAINTENANCE_DAG_ID, {})
        self.tell("full reload, a hundred days, maintenance")
        return self._sizes()

    def _run(self, dag_id: str, conf: dict[str, Any], kind: str = "") -> str | None:
        """Run a DAG to its end; kill its task once if there is to be a crash, and decide like a person if a check blocks the load.

        Returns
        -------
        str or None
            removals if a check blocked the load, crash if its task was killed.
        """
        content = {"logical_date": None, "conf": conf}
        run: dict[str, Any] = self.airflow.ask("POST", f"/dags/{dag_id}/dagRuns", json=content)
        path = f"/dags/{dag_id}/dagRuns/{run['dag_run_id']}"
        met = None
        while run["state"] not in FINISHED:
            time.sleep(POLL_S)
            run = self.airflow.ask("GET", path)
            answer = self.airflow.ask("GET", f"{path}/taskInstances", params={"limit": 1000})
            states = {task["task_id"]: task["state"] for task in answer["task_instances"]}
            if kind == "crash" and not met and states.get("settle_months") == "running":
                self._kill_tasks()
                met = "crash"
            if states.get("gate") == "awaiting_input" and met != "removals":
                time.sleep(READS_S)
                answer = {"chosen_options": ["Publish"], "params_input": {}}
                self.airflow.ask("PATCH", f"{path}/taskInstances/gate/-1/hitlDetails", json=answer)
                met = "removals"
        if run["state"] != "success":
            failed = sorted(name for name, state in states.items() if state == "failed")
            raise BenchmarkError(
                f"{path}: expected success, got {run['state']}; failed: {', '.join(failed)}."
            )
        return met

    def _kill_tasks(self) -> None:
        """Kill the processes of running tasks: children of the scheduler's workers."""
        scheduler = psutil.Process(supervisor.states(self.settings.root)["airflow-scheduler"]["pid"])
        for worker in scheduler.children():
            for task in worker.children(recursive=True):
                task.kill()

    def _sizes(self) -> dict[str, Any]:
        """Return memory by program, databases, landing and logs, in MB."""
        server, data = self.settings.server, self.settings.data_dir
        sizes = {
            "airflow_database": _database_mb(server.url("airflow", "airflow")),
            "warehouse": _database_mb(self.settings.warehouse_url),
            "landing": _folder_mb(data / "landing"),
            "task_logs": _folder_mb(data / "airflow" / "logs"),
        }
        states = supervisor.states(self.settings.root)
        memory = {
            name: _memory_mb(state["pid"])
            for name, state in states.items()
            if state["statename"] == "RUNNING"
        }
        return {"disk_mb": sizes, "memory_mb": memory}


def _database_mb(url: str) -> float:
    with psycopg.connect(url) as connection:
        row = connection.execute("select pg_database_size(current_database())").fetchall()[0]
    return round(int(row[0]) / 1e6, 2)


def _folder_mb(folder: Path) -> float:
    return round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6, 2)


def _memory_mb(pid: int) -> float:
    """Return the memory that a program and its children hold of their own, in MB.

    Pages that they share are counted once, where the system tells. PostgreSQL's shared buffers, which fill up to their fixed size, and
    pages of files are not counted.
    """
    program = psutil.Process(pid)
    total = 0
    for process in [program, *program.children(recursive=True)]:
        try:
            total += _anonymous_bytes(process)
        except (psutil.NoSuchProcess, ProcessLookupError, FileNotFoundError):
            continue  # just gone
    return round(total / 1e6, 1)


def _anonymous_bytes(process: psutil.Process) -> int:
    rollup = Path(f"/proc/{process.pid}/smaps_rollup")
    if not rollup.exists():
        return int(process.memory_full_info().uss)
    lines = [line.split() for line in rollup.read_text().splitlines()]
    return sum(int(words[1]) * 1024 for words in lines if words[0] == "Pss_Anon:")


def make_older(settings: Settings) -> None:
    """Make what has an age a hundred days older: Airflow's rows, loads, files as received, logs of tasks."""
    interval = f"interval '{OLDER_DAYS} days'"
    with psycopg.connect(settings.server.url("airflow", "airflow")) as connection:
        for table, column in AIRFLOW_AGES:
            connection.execute(f"update {table} set {column} = {column} - {interval}")
    with psycopg.connect(settings.warehouse_url) as connection:
        connection.execute(
            f"update ops.loads set started_at = started_at - {interval}, finished_at = finished_at - {interval}"
        )
    for folder in (settings.data_dir / "landing", settings.data_dir / "airflow" / "logs"):
        for path in folder.rglob("*"):
            if path.is_file():
                moment = path.stat().st_mtime - OLDER_DAYS * 86_400
                os.utime(path, (moment, moment))


def compare_with_fresh_load(settings: Settings) -> int:
    """Load the portal into a new warehouse, and return how many tables are the same; BenchmarkError names those that are not."""
    server, name = settings.server, "warehouse_soak_fresh"
    server.drop_database(name)
    url, _ = server.create_warehouse(name)
    environment = environments.common(settings) | environments.pipeline(settings)
    environment |= {
        "AUSTIN_CRIME_WAREHOUSE_URL": url,
        "AUSTIN_CRIME_LANDING_URL": str(settings.data_dir / "soak-landing"),
        "AUSTIN_CRIME_EDITION_DIR": "",
        "AUSTIN_CRIME_SUPERSET_URL": "",
    }
    subprocess.run([sys.executable, "-m", "austin_crime.nightly"], env=environment, check=True)
    here, there = rows_of(settings.warehouse_url, OF_LOADS), rows_of(url, OF_LOADS)
    with psycopg.connect(url) as connection:
        names = [
            f"mart.{table}"
            for (table,) in connection.execute("select tablename from pg_tables where schemaname = 'mart'")
        ]
    different = [table for table in names if here[table] != there[table]]
    if different:
        raise BenchmarkError(f"After the nights, {', '.join(different)} differ from a fresh load.")
    server.drop_database(name)
    return len(names)


def main(words: list[str]) -> int:
    """Let the nights pass, compare, and write what came of it."""
    text = (words or [""])[0] or str(DEFAULT_NIGHTS)
    try:
        if not text.isdigit() or not FEWEST_NIGHTS <= int(text) <= MOST_NIGHTS:
            raise BenchmarkError(
                f"NIGHTS is {text!r}: expected a number from {FEWEST_NIGHTS} to {MOST_NIGHTS}."
            )
        settings = running_settings()
        if settings.source != "sample":
            raise BenchmarkError(
                "The stack runs with SOURCE=live: expected the sample portal, which can misbehave."
            )
        tell = stopwatch()
        soak = Soak(settings, tell)
        last_cycle = int(text) - len(CYCLE)
        nights = [soak.night(number) for number in range(last_cycle)]
        kept = soak.keep_house()
        nights += [soak.night(number) for number in range(last_cycle, int(text))]
        table_count = compare_with_fresh_load(settings)
        write_page(nights, kept, table_count)
        tell(f"{table_count} tables equal a fresh load. Written: {PAGE.relative_to(ROOT)}")
        growing = {name: growth for name, growth in growth_mb(nights).items() if growth > MOST_GROWTH_MB}
        if growing:
            raise BenchmarkError(f"Grown by more than {MOST_GROWTH_MB:.0f} MB a night: {growing}.")
    except (BenchmarkError, StackError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
