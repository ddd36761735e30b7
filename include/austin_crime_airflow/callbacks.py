"""Callbacks for a task, or the whole run, that has failed for good."""

from typing import Any

from austin_crime import steps
from austin_crime.errors import LoadEnded


def free_slot(context: Any) -> None:
    """Mark the run's load as failed, or as blocked by a check, so that the next one may start.

    A task that was killed cannot call it; the run then does.
    """
    failure = context.get("exception")
    if isinstance(failure, LoadEnded):
        return  # What ended the load is recorded already, or another attempt is running, which must go on.
    task = getattr(context.get("task_instance"), "task_id", "the run")
    steps.fail_load(context["run_id"], f"{task}: {failure or context.get('reason')}")
