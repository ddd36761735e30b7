"""What Airflow calls when a task, or the whole run, has failed for good."""

from typing import Any

from austin_crime import steps


def free_slot(context: Any) -> None:
    """Mark the run's load as failed, or as blocked by a check, so that the next one may start.

    A task that was killed cannot call it: the run does.
    """
    task = getattr(context.get("task_instance"), "task_id", "the run")
    steps.fail_load(context["run_id"], f"{task}: {context.get('exception') or context.get('reason')}")
