"""A step as a task of Airflow's."""

from collections.abc import Callable
from typing import Any

from airflow.sdk import task


def step(function: Callable[..., Any], **options: Any) -> Any:
    """Return what makes a task of a step: called with the results of other tasks, it is one more (PythonOperator)."""
    return task(**options)(function)
