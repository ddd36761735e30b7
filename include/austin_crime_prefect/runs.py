"""A run of the flow: its name, its load, who started it, and what happens to the load if it fails."""

import getpass
import logging
import os
from datetime import UTC, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from prefect.context import FlowRunContext
from prefect.exceptions import FlowPauseTimeout
from prefect.flow_runs import pause_flow_run
from prefect.input import RunInput
from prefect.states import Completed

from austin_crime import config, steps
from austin_crime.models import Answer, Load, Question

log = logging.getLogger(__name__)

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


class Decision(RunInput):
    """The form of a paused run: whether to publish although checks failed."""

    decision: Literal["publish", "reject"]


def gate(load: Load) -> Question | None:
    """Return what a person has to decide; a run from a shell, which has no page to ask on, fails instead."""
    if _current().flow_run.deployment_id:  # type: ignore[union-attr]  # a run of a flow has one
        return steps.ask_at_gate(load)
    steps.pass_gate(load)
    return None


def wait_for_decision(question: Question | None, load: Load) -> None:
    """Pause the run until a person decides, and go on or fail; without a question, go on."""
    if question is None:
        return
    form = Decision.with_initial_data(description=question.body)
    answer = None
    try:
        given = pause_flow_run(form, timeout=int((question.waits_until - question.asked_at).total_seconds()))
        answer = Answer(given.decision, "Prefect's page", datetime.now(UTC))
    except FlowPauseTimeout:
        log.warning("Nobody decided in time.")
    steps.decide(load, answer)


def free_slot(flow: Any, flow_run: Any, state: Any) -> None:
    """Mark the run's load as failed, or as blocked by a check, so that the next one may start."""
    steps.fail_load(load_id(flow_run), (state.message or state.name).removeprefix(PREFIX))


def end_well(load: Load) -> Any:
    """Return the run's final state, with the outcome of the load in a sentence."""
    return Completed(message=steps.outcome(load))
