"""What Airflow calls when a task, or the whole run, has failed for good."""

from typing import Any

from austin_crime import steps


def free_slot(context: Any) -> None:
    """Mark the run's load as failed, or as blocked by a check, so that the next one may start.

    A task that was killed cannot call it: the run does.
    """
    exception = context.get("exception")
    if type(exception).__name__ == "LoadEnded":
        return  # Another attempt of the load may be running by now, and goes on.
    task = getattr(context.get("task_instance"), "task_id", "the run")
    steps.fail_load(context["run_id"], f"{task}: {exception or context.get('reason')}")
