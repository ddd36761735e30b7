"""Turn a step into an Airflow task."""

from collections.abc import Callable
from typing import Any

from airflow.sdk import task


def step(function: Callable[..., Any], **options: Any) -> Any:
    """Return a step as a TaskFlow task: called with the results of other tasks, it makes a PythonOperator."""
    return task(**options)(function)
