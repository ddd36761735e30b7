"""Prefect's API, as much of it as keeping the nightly deployment takes."""

from typing import Any

import requests

from austin_crime import own_servers
from local_stack.configuration.settings import Settings
from local_stack.errors import StackError

DEPLOYMENT = "austin_crime_nightly/nightly"
TIMEOUT_S = 60


def find_deployment(settings: Settings) -> dict[str, Any] | None:
    """Return the deployment as Prefect's server has it, or None."""
    deployment: dict[str, Any] | None = ask(settings, "GET", f"/deployments/name/{DEPLOYMENT}")
    return deployment


def is_scheduled(deployment: dict[str, Any]) -> bool:
    """Return whether the deployment runs every night."""
    return any(schedule["active"] for schedule in deployment["schedules"])


def get_deployment(settings: Settings) -> dict[str, Any]:
    """Return the deployment, which has to be there; StackError if it is not."""
    deployment = find_deployment(settings)
    if deployment is None:
        raise StackError(f"Prefect has no deployment {DEPLOYMENT}: see `make logs SERVICE=prefect-deploy`.")
    return deployment


def switch_on(settings: Settings) -> None:
    """Let the deployment run every night."""
    deployment = get_deployment(settings)
    for schedule in deployment["schedules"]:
        path = f"/deployments/{deployment['id']}/schedules/{schedule['id']}"
        ask(settings, "PATCH", path, {"active": True})


def ask(settings: Settings, method: str, path: str, content: Any = None) -> Any:
    """Return the answer of Prefect's API; None if there is no such thing."""
    url = f"{settings.address('prefect')}/api{path}"
    try:
        with own_servers.session() as session:
            answer = session.request(method, url, json=content, timeout=TIMEOUT_S)
    except requests.RequestException as error:
        raise StackError("Prefect does not answer: see `make logs SERVICE=prefect-server`.") from error
    if answer.status_code == 404:
        return None
    if not answer.ok:
        raise StackError(f"Prefect answers {method} {path} with {answer.status_code}: {answer.text[:300]}")
    return answer.json() if answer.content else None
