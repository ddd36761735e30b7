"""What every task of the flow has: a name, and another try where the kind of failure is worth one."""

import logging
import secrets
import time
from collections.abc import Callable
from typing import Any

from prefect import Task
from prefect.cache_policies import NO_CACHE

from austin_crime import config, errors

log = logging.getLogger(__name__)

# Prefect takes the pipeline's logs along (PREFECT_LOGGING_EXTRA_LOGGERS), from the level that they have.
logging.getLogger("austin_crime").setLevel(logging.INFO)


def step(function: Callable[..., Any], run_name: str | None = None, **options: Any) -> Any:
    """Return the task that runs a step.

    Parameters
    ----------
    run_name
        What people read; may quote arguments, ``"extract {batch.batch_id}"``. By default the step's own name.
    options
        Options of Prefect's that this task has of its own.
    """
    settings: dict[str, Any] = {
        "name": function.__name__,
        "task_run_name": run_name or function.__name__,
        "retries": config.RETRIES,
        "retry_delay_seconds": _delays_s(),
        "retry_condition_fn": _is_worth_a_retry,
        # The same arguments again do not mean the same result: the portal and the warehouse have changed.
        "cache_policy": NO_CACHE,
    }
    return Task(function, **settings | options)


def _is_worth_a_retry(task: Task[..., Any], task_run: Any, state: Any) -> bool:
    """Decide by the kind of failure, and wait here for as long as the portal asks beyond the task's own delay.

    Prefect's delays are fixed when a task is defined, so a Retry-After cannot become one.
    """
    failure = state.data
    if not errors.can_retry(failure):
        return False
    asked_s = errors.retry_after_s(failure)
    if asked_s is not None:
        asked_s = min(asked_s, config.LONGEST_WAIT_S) + secrets.randbelow(config.RETRY_JITTER_S)
        own_s = _delay_s(task, task_run.run_count)
        log.info("the portal asks to wait: the next try is in %.0f s", max(asked_s, own_s))
        time.sleep(max(0.0, asked_s - own_s))
    return True


def _delays_s() -> list[float]:
    """Return the waits before the second, third and further tries, where the portal said nothing."""
    return [
        min(config.FIRST_RETRY_S * config.RETRY_BACKOFF**number, config.LONGEST_WAIT_S)
        for number in range(config.RETRIES)
    ]


def _delay_s(task: Task[..., Any], run_count: int) -> float:
    """Return how long Prefect waits after a task's so-manieth run."""
    delays = task.retry_delay_seconds
    if isinstance(delays, list):
        return float(delays[min(run_count, len(delays)) - 1])
    return float(delays or 0)
