"""The processes of the stack: what each runs, what it is told, and the page that proves it well."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NoReturn

import psycopg
import requests

from austin_crime import own_servers
from austin_crime.warehouse import reader_limit
from local_stack.configuration import environments
from local_stack.configuration.settings import HOST, Settings
from local_stack.processes import supervisor
from local_stack.provisioning import postgres

PAGE_TIMEOUT_S = 20
# Where Prefect's worker looks for runs to start; prefect.yaml names it, too.
WORK_POOL = "austin-crime"
Part = Literal["base", "stack", "prefect"]


@dataclass(frozen=True)
class Program:
    """A process that supervisor keeps alive.

    Parameters
    ----------
    command, environment
        What is run, and the variables it is given.
    problem
        Returns what is wrong with it, or None if it does its work.
    server
        Name of the port it listens on, or None.
    part
        What it is started with: base, what every load needs; stack, Airflow and Superset; or prefect.
    """

    name: str
    command: Callable[[Settings], list[str]]
    environment: Callable[[Settings], Mapping[str, str]]
    problem: Callable[[Settings], str | None]
    server: str | None = None
    part: Part = "stack"


def page(url: str) -> requests.Response | str:
    """Return the answer of a page, or what is wrong with it."""
    try:
        with own_servers.session() as session:
            answer = session.get(url, timeout=PAGE_TIMEOUT_S, allow_redirects=False)
    except requests.RequestException as error:
        return f"{url} does not answer ({type(error).__name__})"
    return answer if answer.status_code == 200 else f"{url} answers {answer.status_code}"


def _page_problem(server: str, path: str) -> Callable[[Settings], str | None]:
    """Return a check that a page of a server answers 200."""

    def problem(settings: Settings) -> str | None:
        answer = page(settings.address(server) + path)
        return answer if isinstance(answer, str) else None

    return problem


def _airflow_problem(component: str) -> Callable[[Settings], str | None]:
    """Return a check of what Airflow's API tells about one of its components."""

    def problem(settings: Settings) -> str | None:
        answer = page(settings.address("airflow") + "/api/v2/monitor/health")
        if isinstance(answer, str):
            return answer
        status = answer.json()[component]["status"]
        return None if status == "healthy" else f"Airflow says its {component} is {status}"

    return problem


def _postgres_problem(settings: Settings) -> str | None:
    """Return why one cannot log in at PostgreSQL, or None."""
    return postgres.refusal(settings.server.url(postgres.SUPERUSER, "postgres"))


def _worker_problem(settings: Settings) -> str | None:
    """Return what Prefect's server tells of its worker, or None if it is there."""
    url = f"{settings.address('prefect')}/api/work_pools/{WORK_POOL}/workers/filter"
    try:
        with own_servers.session() as session:
            answer = session.post(url, json={}, timeout=PAGE_TIMEOUT_S)
    except requests.RequestException as error:
        return f"{url} does not answer ({type(error).__name__})"
    workers = answer.json() if answer.ok else []
    return None if any(worker["status"] == "ONLINE" for worker in workers) else "Prefect has no worker"


def _limit_problem(settings: Settings) -> str | None:
    """Return why reads that are too long are not ended, or None if they are."""
    try:
        is_watching = reader_limit.is_watching(settings.warehouse_url)
    except psycopg.OperationalError as error:
        return str(error).splitlines()[0]
    return None if is_watching else "It is not connected to the warehouse"


def airflow(name: str, component: str, *options: str, server: str | None = None) -> Program:
    """Return one of Airflow's processes."""
    command = [sys.executable, "-m", "airflow", name, *options]
    return Program(
        f"airflow-{name}", lambda _: command, environments.airflow, _airflow_problem(component), server
    )


def _run_postgres(settings: Settings) -> list[str]:
    """Return PostgreSQL's command."""
    return postgres.command(settings.data_dir / "postgres", settings.port("postgres"), postgres.SETTINGS)


def _run_portal(settings: Settings) -> list[str]:
    """Return the sample portal's command: the same reports at every start."""
    options = ["--port", str(settings.port("portal")), "--reports", str(settings.reports), "--seed", "1"]
    data_dir = settings.data_dir / "portal"
    return [sys.executable, "-m", "sample_portal", *options, "--data-dir", str(data_dir)]


def _run_superset(settings: Settings) -> list[str]:
    """Return the command of Superset behind gunicorn, whose options are in settings/superset.env."""
    bind = f"{HOST}:{settings.port('superset')}"
    gunicorn = [environments.superset_python(settings), "-m", "gunicorn"]
    return [*gunicorn, "--bind", bind, "superset.app:create_app()"]


def run_prefect(*options: str) -> Callable[[Settings], list[str]]:
    """Return a command of Prefect's."""
    return lambda settings: [environments.prefect_python(settings), "-m", "prefect", *options]


def _run_prefect_server(settings: Settings) -> list[str]:
    """Return the command of Prefect's server."""
    return run_prefect("server", "start", "--host", HOST, "--port", str(settings.port("prefect")))(settings)


READER_LIMIT = [sys.executable, "-m", "austin_crime.warehouse.reader_limit"]
# One run at a time, like the DAG; the next one waits.
WORKER = ("worker", "start", "--pool", WORK_POOL, "--type", "process", "--name", WORK_POOL, "--limit", "1")
# Task logs are read from the disk: the log servers of scheduler and triggerer would listen on every interface.
PROGRAMS = (
    Program("postgres", _run_postgres, lambda _: {}, _postgres_problem, "postgres", "base"),
    Program(
        "portal", _run_portal, environments.portal, _page_problem("portal", "/healthz"), "portal", "base"
    ),
    Program("reader-limit", lambda _: READER_LIMIT, environments.reader_limit, _limit_problem, None, "base"),
    airflow("api-server", "metadatabase", server="airflow"),
    airflow("scheduler", "scheduler", "--skip-serve-logs"),
    airflow("dag-processor", "dag_processor"),
    airflow("triggerer", "triggerer", "--skip-serve-logs"),
    Program(
        "superset", _run_superset, environments.superset, _page_problem("superset", "/login/"), "superset"
    ),
    Program(
        "prefect-server",
        _run_prefect_server,
        environments.prefect_served,
        _page_problem("prefect", "/api/health"),
        "prefect",
        "prefect",
    ),
    Program(
        "prefect-worker", run_prefect(*WORKER), environments.prefect_served, _worker_problem, None, "prefect"
    ),
)


def of_source(settings: Settings) -> list[Program]:
    """Return the programs of this stack: the city's portal is not ours to start."""
    return [program for program in PROGRAMS if program.name != "portal" or settings.source == "sample"]


def started_parts(settings: Settings) -> set[Part]:
    """Return the parts of the stack of which anything was started; none if supervisor does not run."""
    states = supervisor.states(settings.root) if supervisor.is_running(settings.root) else {}
    return {program.part for program in PROGRAMS if states.get(program.name, {}).get("start")}


def is_running(settings: Settings, name: str) -> bool:
    """Return whether supervisor runs a program."""
    if not supervisor.is_running(settings.root):
        return False
    return bool(supervisor.states(settings.root).get(name, {}).get("statename") == "RUNNING")


def run(name: str, settings: Settings) -> NoReturn:
    """Replace this process by a program."""
    program = next(program for program in PROGRAMS if program.name == name)
    supervisor.end_predecessor(settings.root, name)
    owner = postgres.account()
    if name == "postgres" and owner:
        os.setgroups([])
        os.setgid(owner.pw_gid)
        os.setuid(owner.pw_uid)
    command = program.command(settings)
    os.execvpe(command[0], command, environments.common(settings) | dict(program.environment(settings)))
