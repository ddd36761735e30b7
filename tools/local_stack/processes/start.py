"""Start the stack: what has to be made, migrated and started, in which order."""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

from local_stack.configuration import environments, rules, variables
from local_stack.configuration.settings import Settings
from local_stack.errors import StackError
from local_stack.processes import ports, programs, supervisor
from local_stack.processes.steps import Step
from local_stack.provisioning import airflow_database as metadata
from local_stack.provisioning import postgres, warehouse
from local_stack.waiting import wait_until

READY_TIMEOUT_S = 300
POLL_S = 0.3
LOG_LINES = 15
FREE_BYTES = 1_000_000_000


def fingerprint(settings: Settings) -> str:
    """Return a digest of all that running processes would have to be restarted for."""
    paths = [*(settings.root / "requirements").glob("*.lock"), *(settings.root / "settings").glob("*.env")]
    files = [path.read_text() for path in sorted(paths)]
    content = [dict(settings.values), dict(settings.others), settings.source, settings.reports, files]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def check_machine(settings: Settings, parts: Collection[programs.Part]) -> None:
    """Raise StackError if the disk is full or a port that is needed now is taken by somebody else."""
    free = shutil.disk_usage(settings.root).free
    if free < FREE_BYTES:
        raise StackError(f"The disk is full: {free / 1e9:.1f} GB are free, at least 1 GB is needed.")
    for program in programs.of_source(settings):
        if program.server and program.part in parts and not programs.is_running(settings, program.name):
            ports.check(rules.port_variable(program.server), settings.port(program.server))


def plan_base(settings: Settings) -> list[Step]:
    """Return the steps that start what every load needs."""
    portal = [Step("Sample portal", lambda: start(settings, "portal"))] if settings.source == "sample" else []
    return [
        *portal,
        Step("PostgreSQL", lambda: start_postgres(settings)),
        Step("Warehouse", lambda: warehouse.prepare(settings), ("PostgreSQL",)),
        Step("Limit for readers", lambda: start(settings, "reader-limit"), ("Warehouse",)),
    ]


def plan_stack(settings: Settings) -> list[Step]:
    """Return the steps that start Airflow and Superset."""
    return [
        Step("Superset's environment", lambda: install(settings, "superset")),
        Step("Airflow's database", lambda: migrate_airflow(settings), ("PostgreSQL",)),
        Step("Airflow", lambda: _start_airflow(settings), ("Airflow's database", "Warehouse")),
        Step(
            "Superset's database and dashboard",
            lambda: _bootstrap_superset(settings),
            ("Superset's environment", "Warehouse"),
        ),
        Step("Superset", lambda: start(settings, "superset"), ("Superset's database and dashboard",)),
    ]


def start(settings: Settings, *names: str) -> None:
    """Start programs and return when all of them do their work.

    Raises
    ------
    StackError
        If one ends or is not ready in time, with the end of its log.
    """
    starting = {program.name: program for program in programs.PROGRAMS if program.name in names}
    problems: dict[str, str] = {}
    for name in starting:
        supervisor.start_program(settings.root, name)
    pids = {name: state["pid"] for name, state in supervisor.states(settings.root).items()}

    def are_ready() -> bool:
        states = supervisor.states(settings.root)
        for name, program in list(starting.items()):
            pids[name] = pids[name] or states[name]["pid"]
            if states[name]["statename"] not in ("RUNNING", "STARTING") or states[name]["pid"] != pids[name]:
                raise StackError(f"{name} ended at its start. {_log_end(settings, name)}")
            problems[name] = program.problem(settings) or ""
            if problems[name] == postgres.REFUSED_LOGIN:
                raise StackError(problems[name])
            if not problems[name]:
                del starting[name]
        return not starting

    if not wait_until(are_ready, READY_TIMEOUT_S, POLL_S):
        name = next(iter(starting))
        raise StackError(f"{name} is not ready: {problems[name]}. {_log_end(settings, name)}")


def _log_end(settings: Settings, name: str) -> str:
    """Return the last lines of a log, with its path."""
    path = settings.data_dir / "logs" / f"{name}.log"
    lines = path.read_text(errors="replace").splitlines()[-LOG_LINES:] if path.exists() else []
    return f"The end of {path.relative_to(settings.root)}:\n" + "\n".join(lines)


def run_logged(settings: Settings, name: str, command: list[str], environment: dict[str, str]) -> None:
    """Run a command that has to succeed, its output in a log.

    Raises
    ------
    StackError
        If it fails, with the end of its log.
    """
    with (settings.data_dir / "logs" / f"{name}.log").open("wb") as log:
        code = subprocess.run(
            command,
            env=environments.common(settings) | environment,
            cwd=settings.root,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        ).returncode
    if code:
        raise StackError(f"{name} failed with exit code {code}. {_log_end(settings, name)}")


def install(settings: Settings, environment: str) -> None:
    """Install one of the environments."""
    command = [sys.executable, str(settings.root / "scripts" / "install.py"), environment]
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode:
        raise StackError(answer.stderr.strip())


def start_postgres(settings: Settings) -> None:
    """Make the cluster, unless there is one, start the server, and make roles and metadata databases."""
    server, data_dir = settings.server, settings.data_dir / "postgres"
    if not (data_dir / "PG_VERSION").exists():
        postgres.initialize(data_dir, server.passwords[postgres.SUPERUSER])
    start(settings, "postgres")
    server.create_roles()
    for name in ("airflow", "superset"):
        server.create_database(name, name)


def migrate_airflow(settings: Settings) -> str | None:
    """Write Airflow's login, and bring its database to its schema."""
    write_airflow_login(settings)
    environment = environments.airflow(settings)
    return metadata.migrate_airflow(
        settings, lambda name, command: run_logged(settings, name, command, environment)
    )


def write_airflow_login(settings: Settings) -> None:
    """Write the file that Airflow's simple auth manager reads the passwords of its logins from."""
    path = settings.data_dir / "airflow" / "passwords.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(variables.airflow_logins(settings.values))


def _start_airflow(settings: Settings) -> None:
    """Start Airflow's four processes."""
    start(settings, "airflow-api-server", "airflow-scheduler", "airflow-dag-processor", "airflow-triggerer")


def _bootstrap_superset(settings: Settings) -> None:
    """Bring Superset to the state described in superset/; what people changed in our charts stays, and is named."""
    environment = environments.superset(settings)
    Path(environment["SUPERSET_HOME"]).mkdir(parents=True, exist_ok=True)
    bootstrap = settings.root / "superset" / "bootstrap.py"
    command = [environments.superset_python(settings), str(bootstrap), "--if-changed"]
    run_logged(settings, "superset-bootstrap", command, environment)
    mark = "WARNING:bootstrap:"
    for line in (settings.data_dir / "logs" / "superset-bootstrap.log").read_text().splitlines():
        if line.startswith(mark):
            print(line.removeprefix(mark))
