"""Turn a step into a Prefect task with a name, and with retries for failures that are worth one."""

import logging
import secrets
import time
from collections.abc import Callable
from typing import Any

from prefect import Task
from prefect.cache_policies import NO_CACHE

from austin_crime import config, errors

log = logging.getLogger(__name__)

# Prefect captures the pipeline's logs (PREFECT_LOGGING_EXTRA_LOGGERS) from this level on.
logging.getLogger("austin_crime").setLevel(logging.INFO)


def step(function: Callable[..., Any], run_name: str | None = None, **options: Any) -> Any:
    """Return the task that runs a step.

    Parameters
    ----------
    run_name
        The displayed name; may refer to arguments, ``"extract {batch.batch_id}"``. By default the step's own name.
    options
        Further options of the Prefect task.
    """
    settings: dict[str, Any] = {
        "name": function.__name__,
        "task_run_name": run_name or function.__name__,
        "retries": config.RETRIES,
        "retry_delay_seconds": _delays_s(),
        "retry_condition_fn": _is_worth_a_retry,
        # Equal arguments do not mean equal results: the portal and the warehouse change.
        "cache_policy": NO_CACHE,
    }
    return Task(function, **settings | options)


def _is_worth_a_retry(task: Task[..., Any], task_run: Any, state: Any) -> bool:
    """Decide by the kind of failure, and wait here for what Retry-After exceeds the task's own delay.

    Prefect's delays are fixed when a task is defined, so a Retry-After cannot become one.
    """
    failure = state.data
    if not errors.can_retry(failure):
        return False
    retry_after_s = errors.retry_after_s(failure)
    if retry_after_s is not None:
        retry_after_s = min(retry_after_s, config.LONGEST_WAIT_S) + secrets.randbelow(config.RETRY_JITTER_S)
        delay_s = _delay_s(task, task_run.run_count)
        log.info("The portal asks to wait: the next try is in %.0f s.", max(retry_after_s, delay_s))
        time.sleep(max(0.0, retry_after_s - delay_s))
    return True


def _delays_s() -> list[float]:
    """Return the waits before each retry, for failures without Retry-After."""
    return [
        min(config.FIRST_RETRY_S * config.RETRY_BACKOFF**number, config.LONGEST_WAIT_S)
        for number in range(config.RETRIES)
    ]


def _delay_s(task: Task[..., Any], run_count: int) -> float:
    """Return how long Prefect waits after the given run of a task, in seconds."""
    delays = task.retry_delay_seconds
    if isinstance(delays, list):
        return float(delays[min(run_count, len(delays)) - 1])
    return float(delays or 0)
