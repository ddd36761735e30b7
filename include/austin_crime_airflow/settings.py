"""What every task of the DAG has, and what a person is asked for when triggering it."""

from datetime import timedelta
from typing import Any

from airflow.sdk import Param

from austin_crime_airflow.callbacks import free_slot
from austin_crime_airflow.retry_policy import PortalRetryPolicy

DEFAULT_ARGS: dict[str, Any] = {
    "conn_id": "warehouse",
    "http_conn_id": "austin_portal",
    # Of the SQL files with more than one statement.
    "split_statements": True,
    # Of the sensor: a busy portal is waited for, one that has no such dataset is an error at once.
    "timeout": timedelta(hours=1).total_seconds(),
    "response_error_codes_allowlist": ["429", "500", "502", "503", "504"],
    "retries": 3,
    "retry_delay": timedelta(seconds=30),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=10),
    "retry_policy": PortalRetryPolicy(),
    "on_failure_callback": free_slot,
}

MONTH: dict[str, Any] = {"type": ["null", "string"], "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$"}
PARAMS = {
    "full_reload": Param(False, type="boolean", description="Fetch every month whole."),
    "first_month": Param(None, **MONTH, description="Treat months from this one on (2024-01) as changed."),
    "last_month": Param(None, **MONTH, description="... up to this one (2024-03), included."),
    "accept": Param(
        [], type="array", items={"type": "string"}, description="Checks to let through, this once."
    ),
    "dry_run": Param(False, type="boolean", description="Only show the plan, in the log of plan_load."),
}
