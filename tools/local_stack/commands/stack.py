"""What the Makefile's targets do; with prefect_commands, and with ``make secrets``, which installs nothing, all that prints."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Collection

import psutil

from local_stack.clients.airflow import DAG_ID, Airflow, task_name
from local_stack.commands import deployment
from local_stack.configuration import environments, settings, variables
from local_stack.configuration.settings import ROOT, Settings, Source
from local_stack.errors import StackError
from local_stack.processes import programs, start, supervisor
from local_stack.processes.steps import Step, run_all
from local_stack.provisioning import warehouse

LIVE_NOTICE = """\
SOURCE=live: the first load fetches all reports of the city's portal, about 2.6 million: 0.3 GB compressed or up to 1.5 GB,
10 to 60 minutes depending on the portal and your line, and about 3 GB of disk. Later loads fetch only what changed.
"""


def stopwatch() -> Callable[[str], None]:
    """Return a function that prints a line with the seconds since now before it."""
    started_at = time.monotonic()
    return lambda text: print(f"{time.monotonic() - started_at:6.1f} s  {text}", flush=True)


def demo(reports: int | None) -> int:
    """Start everything on the sample portal, run the nightly DAG and show what came of it."""
    tell = stopwatch()
    current = bring_up("sample", reports or settings.DEFAULT_REPORTS, "stack", tell)
    code = _run_dag(current, tell)
    _show_addresses(current)
    return code


def up(source: Source, reports: int | None) -> int:
    """Start everything, and run nothing."""
    if source == "live":
        print(LIVE_NOTICE, flush=True)
    tell = stopwatch()
    current = bring_up(source, reports, "stack", tell)
    if Airflow(current).wait_for_dag()["is_paused"]:
        tell(f"{DAG_ID} is paused: `make load` runs it now, and every night from then on")
    else:
        tell(f"{DAG_ID} runs every night; `make load` runs it now")
    _show_addresses(current)
    return 0


def bring_up(
    source: Source, reports: int | None, part: programs.Part, tell: Callable[[str], None]
) -> Settings:
    """Start what a part of the stack needs and is not running; restart all if the settings are not those it runs with."""
    current, done = settings.prepare(source, reports)
    for sentence in done:
        tell(sentence)
    parts: set[programs.Part] = {"base", part, *programs.started_parts(current)}
    is_same = settings.last(ROOT).get("fingerprint") == start.fingerprint(current)
    if supervisor.is_running(ROOT) and not is_same:
        tell("The settings changed: ending what runs with the old ones")
        supervisor.stop(ROOT)
    if supervisor.is_running(ROOT):
        tell("What runs already is not restarted: after a change of the code, `make down` first")
    else:
        supervisor.stop(ROOT)  # what a supervisor that was killed left behind
        settings.remember(current, start.fingerprint(current))
    start.check_machine(current, parts)
    if not supervisor.is_running(ROOT):
        supervisor.start(ROOT, [program.name for program in programs.of_source(current)])
    run_all(plan(current, parts), tell)
    return current


def plan(current: Settings, parts: Collection[programs.Part]) -> list[Step]:
    """Return the steps that start these parts."""
    return [
        *start.plan_base(current),
        *(start.plan_stack(current) if "stack" in parts else []),
        *(deployment.plan(current) if "prefect" in parts else []),
    ]


def load() -> int:
    """Run the DAG and follow it to its end."""
    return _run_dag(running_settings(), stopwatch())


def running_settings() -> Settings:
    """Return the settings of the stack, which has to run."""
    if not supervisor.is_running(ROOT):
        raise StackError("The stack is not running: start it with `make up`.")
    return settings.running()


def run_module(name: str, *words: str) -> int:
    """Run a command of the pipeline with the stack's settings; Airflow is not asked."""
    current = running_settings()
    environment = environments.common(current) | environments.pipeline(current)
    return subprocess.run([sys.executable, "-m", name, *words], env=environment, check=False).returncode


def _run_dag(current: Settings, tell: Callable[[str], None]) -> int:
    """Run the DAG, tell of its tasks, and show what the warehouse holds or why the run failed."""
    airflow = Airflow(current)
    run_id, how = airflow.start_run(warehouse.ended_loads(current))
    tell(f"{DAG_ID}: following {run_id}, which {how}")
    state = airflow.follow(run_id, lambda text: tell(f"  {text}"))
    tell(f"{DAG_ID}: {state}")
    if state != "success":
        for failure in airflow.failures(run_id):
            print(f"\n{failure}")
        print(f"\nThe whole run: {current.address('airflow')}/dags/{DAG_ID}/runs/{run_id}")
        return 1
    tell(warehouse.message(current, run_id))
    tasks = [task for task in airflow.task_instances(run_id) if task["duration"] is not None]
    _show_table("Seconds per task", [(task_name(task), f"{task['duration']:,.1f}") for task in tasks])
    _show_table("Rows per table", [(f"mart.{name}", f"{rows:,}") for name, rows in warehouse.counts(current)])
    return 0


def _show_table(title: str, rows: list[tuple[str, str]]) -> None:
    """Print names and numbers in two columns."""
    names, numbers = (max((len(row[column]) for row in rows), default=0) for column in (0, 1))
    print(f"\n{title}")
    for name, number in rows:
        print(f"    {name:{names}}  {number:>{numbers}}")


def _show_addresses(current: Settings) -> None:
    """Print where to look and with which login."""
    passwords = current.values
    superset, server = current.address("superset"), current.server
    print(f"\nDashboard  {superset}/superset/dashboard/austin-crime/")
    for login in ("viewer", "analyst", "admin"):
        print(f"           {login:8} {passwords[f'SUPERSET_{login.upper()}_PASSWORD']}")
    print(f"Edition    {superset}/edition/")
    print(f"Pipeline   {current.address('airflow')}/plugin/pipeline")
    print(f"Data       {current.address('airflow')}/plugin/data")
    print(f"Airflow    {current.address('airflow')}/dags/{DAG_ID}")
    for login in variables.AIRFLOW_LOGINS:
        print(f"           {login:8} {passwords[f'AIRFLOW_{login.upper()}_PASSWORD']}")
    print(f"Portal     {current.source_url}/resource/fdj4-gpfu.json")
    if not current.has_own_warehouse:
        print(f"Warehouse  {server.reader_url(current.warehouse)}")
    print(
        "\nIt all runs in the background: `make status`, `make logs`, `make load`, `make down`. Passwords: .env"
    )


def down() -> int:
    """End everything."""
    tell = stopwatch()
    was_running = supervisor.is_running(ROOT)
    stubborn = supervisor.stop(ROOT)
    if stubborn:
        tell(f"{stubborn} processes had outlived supervisor and were ended")
    tell("Everything is ended" if was_running or stubborn else "Nothing was running")
    return 0


def status() -> int:
    """Show every program, whether it does its work, and the memory of them all."""
    current = running_settings()
    states = supervisor.states(ROOT)
    is_well = True
    parts = programs.started_parts(current)
    for program in [program for program in programs.of_source(current) if program.part in parts]:
        state = states[program.name]
        problem = program.problem(current) if state["statename"] == "RUNNING" else state["statename"].lower()
        minutes = (state["now"] - state["start"]) // 60
        is_well = is_well and not problem
        print(f"{program.name:22} {problem or f'well, up {minutes} min'}")
    print(f"{'memory':22} {_memory_mb(supervisor.processes(ROOT))} MB")
    return 0 if is_well else 1


def _memory_mb(processes: list[psutil.Process]) -> int:
    """Return the memory of processes; shared pages are counted once, where the system tells."""
    total = 0
    for process in processes:
        try:
            info = process.memory_full_info()
            total += getattr(info, "pss", info.uss)
        except psutil.Error:
            continue  # just gone
    return round(total / 1e6)


def logs(service: str) -> int:
    """Show the logs as they grow."""
    paths = sorted((ROOT / "data" / "logs").glob(f"{service or '*'}.log"))
    if not paths:
        names = ", ".join(program.name for program in programs.PROGRAMS)
        raise StackError(f"There is no log {service!r}: expected one of {names}.")
    os.execvp("tail", ["tail", "-n", "30", "-F", *map(str, paths)])
