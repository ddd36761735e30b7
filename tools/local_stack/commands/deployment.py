"""The flow's deployment on the local Prefect server, as prefect.yaml describes it."""

import hashlib
import os
from typing import Any

import requests

from local_stack.configuration import environments
from local_stack.configuration.settings import Settings
from local_stack.errors import StackError
from local_stack.processes import programs, start
from local_stack.processes.steps import Step

NAME = "austin_crime_nightly/nightly"
TIMEOUT_S = 60
# What a deployment is made of: where it runs, when, and what a person may ask.
MADE_OF = (
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
        Step("Prefect", lambda: start_server(settings), ("Prefect's environment",)),
        Step("Prefect's worker", lambda: start.start(settings, "prefect-worker"), ("Prefect", "Warehouse")),
        Step("Prefect's deployment", lambda: deploy(settings), ("Prefect's worker",)),
    ]


def start_server(settings: Settings) -> None:
    """Start Prefect's server, which does not make its folder."""
    make_home(settings)
    start.start(settings, "prefect-server")


def make_home(settings: Settings) -> None:
    """Make the folder of Prefect's database."""
    (settings.data_dir / "prefect").mkdir(parents=True, mode=0o700, exist_ok=True)


def deploy(settings: Settings) -> str | None:
    """Make the deployment anew if what it is made of changed; a schedule that a person switched on stays on."""
    note = settings.data_dir / "prefect" / "deployed.txt"
    made_of = [os.fsencode(settings.root), *((settings.root / name).read_bytes() for name in MADE_OF)]
    digest = hashlib.sha256(b"\0".join(made_of)).hexdigest()
    before = find(settings)
    if before and note.exists() and note.read_text() == digest:
        return "nothing to do"
    command = programs.run_prefect("--no-prompt", "deploy", "--all")(settings)
    start.run_logged(settings, "prefect-deploy", command, environments.prefect_served(settings))
    if before and is_scheduled(before):
        switch_on(settings)
    note.write_text(digest)
    return None


def find(settings: Settings) -> dict[str, Any] | None:
    """Return the deployment as Prefect's server has it, or None."""
    found: dict[str, Any] | None = ask(settings, "GET", f"/deployments/name/{NAME}")
    return found


def is_scheduled(deployment: dict[str, Any]) -> bool:
    """Return whether the deployment runs every night."""
    return any(schedule["active"] for schedule in deployment["schedules"])


def made(settings: Settings) -> dict[str, Any]:
    """Return the deployment, which has to be there; StackError if it is not."""
    deployment = find(settings)
    if deployment is None:
        raise StackError(f"Prefect has no deployment {NAME}: see `make logs SERVICE=prefect-deploy`.")
    return deployment


def switch_on(settings: Settings) -> None:
    """Let the deployment run every night."""
    deployment = made(settings)
    for schedule in deployment["schedules"]:
        path = f"/deployments/{deployment['id']}/schedules/{schedule['id']}"
        ask(settings, "PATCH", path, {"active": True})


def ask(settings: Settings, method: str, path: str, content: Any = None) -> Any:
    """Return the answer of Prefect's API; None if there is no such thing."""
    url = f"{settings.address('prefect')}/api{path}"
    try:
        answer = requests.request(method, url, json=content, timeout=TIMEOUT_S)
    except requests.RequestException as error:
        raise StackError("Prefect does not answer: see `make logs SERVICE=prefect-server`.") from error
    if answer.status_code == 404:
        return None
    if not answer.ok:
        raise StackError(f"Prefect answers {method} {path} with {answer.status_code}: {answer.text[:300]}")
    return answer.json() if answer.content else None
