"""The arguments of every task of the DAG, and the form shown when a person triggers it."""

from datetime import timedelta
from typing import Any

from airflow.sdk import Param

from austin_crime import config
from austin_crime.parameters import DESCRIPTIONS, MONTH_PATTERN
from austin_crime_airflow.callbacks import free_slot
from austin_crime_airflow.retry_policy import PortalRetryPolicy

DEFAULT_ARGS: dict[str, Any] = {
    "conn_id": "warehouse",
    "http_conn_id": "austin_portal",
    # Of the sensor: how long it waits for a busy portal.
    "timeout": config.SOURCE_PATIENCE_S,
    "retries": config.RETRIES,
    "retry_delay": timedelta(seconds=config.FIRST_RETRY_S),
    "retry_exponential_backoff": config.RETRY_BACKOFF,
    "max_retry_delay": timedelta(seconds=config.LONGEST_WAIT_S),
    "retry_policy": PortalRetryPolicy(),
    "on_failure_callback": free_slot,
}

MONTH: dict[str, Any] = {"type": ["null", "string"], "pattern": MONTH_PATTERN}
PARAMS = {
    "full_reload": Param(False, type="boolean", description=DESCRIPTIONS["full_reload"]),
    "first_month": Param(None, **MONTH, description=DESCRIPTIONS["first_month"]),
    "last_month": Param(None, **MONTH, description=DESCRIPTIONS["last_month"]),
    "accept": Param([], type="array", items={"type": "string"}, description=DESCRIPTIONS["accept"]),
    "dry_run": Param(False, type="boolean", description=DESCRIPTIONS["dry_run"]),
}

RESET_PARAMS = {
    "target": Param(
        "",
        type="string",
        description="What to delete: a table such as mart.top_crimes, all tables, landing, landing/<load>, or everything.",
    ),
    "confirm": Param("", type="string", description="The same, typed again."),
}
