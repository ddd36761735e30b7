"""What Airflow calls when a task has failed for good."""

from typing import Any

from austin_crime import steps


def free_slot(context: Any) -> None:
    """Mark the run's load as failed, or as blocked by a check, so that the next one may start."""
    task = context["task_instance"].task_id
    steps.fail_load(context["run_id"], f"{task}: {context.get('exception')}")
