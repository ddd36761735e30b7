"""A run of the flow: its name, the load that it makes, who started it, and what becomes of the load if it fails."""

import getpass
import os
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from prefect.context import FlowRunContext
from prefect.states import Completed

from austin_crime import config, steps
from austin_crime.models import Load

# What Prefect writes before the error itself.
PREFIX = "Flow run encountered an exception: "


def _current() -> FlowRunContext:
    """Return the run that this code is part of."""
    context = FlowRunContext.get()
    if context is None:
        raise RuntimeError("There is no run of a flow here: a load in Prefect belongs to one.")
    return context


def name() -> str:
    """Return what people read: when it began, in Austin, and what was asked for."""
    asked = (_current().parameters or {})["parameters"]
    return f"{datetime.now(ZoneInfo(config.TIME_ZONE)):%Y-%m-%d %H:%M:%S} {asked.in_words()}"


def load_id(flow_run: Any = None) -> str:
    """Return the id of a run's load; of the current run if none is given."""
    run: Any = flow_run or _current().flow_run
    return f"prefect__{run.id}"


def started_by() -> str:
    """Return who started the current run: Prefect's open-source server has no logins, so there only how."""
    flow_run: Any = _current().flow_run
    if flow_run.auto_scheduled:
        return "Prefect's schedule"
    return "Prefect's page" if flow_run.deployment_id else _account()


def _account() -> str:
    """Return the name of the account that runs this; its number if it has no name, as in some containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def free_slot(flow: Any, flow_run: Any, state: Any) -> None:
    """Mark the run's load as failed, or as blocked by a check, so that the next one may start."""
    steps.fail_load(load_id(flow_run), (state.message or state.name).removeprefix(PREFIX))


def end_well(load: Load) -> Any:
    """Return the run's last state, which says in a sentence what came of the load."""
    return Completed(message=steps.outcome(load))
