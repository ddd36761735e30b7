"""A run of the flow: its name, its load, who started it, and what happens to the load if it fails."""

import getpass
import os
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from prefect.context import FlowRunContext
from prefect.states import Completed

from austin_crime import config, steps
from austin_crime.models import Load

# Prefect writes this before the error itself.
PREFIX = "Flow run encountered an exception: "


def _current() -> FlowRunContext:
    """Return the run that this code is part of."""
    context = FlowRunContext.get()
    if context is None:
        raise RuntimeError(
            "This code is not running in a flow: a load in Prefect belongs to a run of the flow."
        )
    return context


def name() -> str:
    """Return the name of the run: when it began, in Austin time, and its options."""
    parameters = (_current().parameters or {})["parameters"]
    return f"{datetime.now(ZoneInfo(config.TIME_ZONE)):%Y-%m-%d %H:%M:%S} {parameters.in_words()}"


def load_id(flow_run: Any = None) -> str:
    """Return the id of a run's load; of the current run if none is given."""
    run: Any = flow_run or _current().flow_run
    return f"prefect__{run.id}"


def started_by() -> str:
    """Return who started the current run; for runs on a Prefect server, which has no logins, only how."""
    flow_run: Any = _current().flow_run
    if flow_run.auto_scheduled:
        return "Prefect's schedule"
    return "Prefect's page" if flow_run.deployment_id else _account()


def _account() -> str:
    """Return the name of the operating system's user; its number if it has no name, as in some containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def free_slot(flow: Any, flow_run: Any, state: Any) -> None:
    """Mark the run's load as failed, or as blocked by a check, so that the next one may start."""
    steps.fail_load(load_id(flow_run), (state.message or state.name).removeprefix(PREFIX))


def end_well(load: Load) -> Any:
    """Return the run's final state, with the outcome of the load in a sentence."""
    return Completed(message=steps.outcome(load))
