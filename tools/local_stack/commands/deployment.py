"""The flow's deployment on the local Prefect server, as prefect.yaml describes it."""

import hashlib
import os

from local_stack.clients import prefect
from local_stack.configuration import environments
from local_stack.configuration.settings import Settings
from local_stack.processes import programs, start
from local_stack.processes.steps import Step

# What a deployment is made from: where it runs, when, and what a person may ask.
_SOURCES = (
    "prefect.yaml",
    "flows/austin_crime_nightly.py",
    "include/austin_crime_prefect/parameters.py",
    "include/austin_crime/parameters.py",
    "include/austin_crime/contract.py",
)


def plan(settings: Settings) -> list[Step]:
    """Return the steps that start Prefect's server and worker, and make the deployment."""
    return [
        Step("Prefect's environment", lambda: start.install(settings, "prefect")),
        Step("Prefect", lambda: _start_server(settings), ("Prefect's environment",)),
        Step("Prefect's worker", lambda: start.start(settings, "prefect-worker"), ("Prefect", "Warehouse")),
        Step("Prefect's deployment", lambda: _deploy(settings), ("Prefect's worker",)),
    ]


def _start_server(settings: Settings) -> None:
    """Start Prefect's server, which does not make its folder."""
    make_home(settings)
    start.start(settings, "prefect-server")


def make_home(settings: Settings) -> None:
    """Make the folder of Prefect's database."""
    (settings.data_dir / "prefect").mkdir(parents=True, mode=0o700, exist_ok=True)


def _deploy(settings: Settings) -> str | None:
    """Make the deployment anew if what it is made of changed; a schedule that a person switched on stays on."""
    note = settings.data_dir / "prefect" / "deployed.txt"
    sources = [os.fsencode(settings.root), *((settings.root / name).read_bytes() for name in _SOURCES)]
    digest = hashlib.sha256(b"\0".join(sources)).hexdigest()
    before = prefect.find_deployment(settings)
    if before and note.exists() and note.read_text() == digest:
        return "nothing to do"
    command = programs.run_prefect("--no-prompt", "deploy", "--all")(settings)
    start.run_logged(settings, "prefect-deploy", command, environments.prefect_served(settings))
    if before and prefect.is_scheduled(before):
        prefect.switch_on(settings)
    note.write_text(digest)
    return None
