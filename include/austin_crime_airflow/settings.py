"""The arguments of every task of the DAG, and the form shown when a person triggers it."""

from datetime import timedelta
from typing import Any

from airflow.sdk import Param

from austin_crime import config
from austin_crime.parameters import (
    ACCEPTABLE,
    CHECK_PATTERN,
    DESCRIPTIONS,
    MONTH_PATTERN,
    known_months,
)
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

WHAT, CHECKS = "What to load", "Checks"
# The newest first; a month that is not listed can be typed.
MONTH: dict[str, Any] = {
    "type": ["null", "string"],
    "pattern": MONTH_PATTERN,
    "examples": known_months(),
    "section": WHAT,
}
PARAMS = {
    "full_reload": Param(
        False, DESCRIPTIONS["full_reload"], type="boolean", title="Everything again", section=WHAT
    ),
    "first_month": Param(None, DESCRIPTIONS["first_month"], title="First month to load again", **MONTH),
    "last_month": Param(None, DESCRIPTIONS["last_month"], title="Last month to load again", **MONTH),
    "dry_run": Param(
        False, DESCRIPTIONS["dry_run"], type="boolean", title="Dry run: only show the plan", section=WHAT
    ),
    "accept": Param(
        [],
        DESCRIPTIONS["accept"],
        type="array",
        items={"type": "string", "pattern": CHECK_PATTERN},
        examples=ACCEPTABLE,
        title="Checks to accept",
        section=CHECKS,
    ),
}

RESET_PARAMS = {
    "target": Param(
        "",
        type="string",
        description="What to delete: a table such as mart.top_crimes, all tables, landing, landing/<load>, or everything.",
    ),
    "confirm": Param("", type="string", description="The same, typed again."),
}

REPLAY_PARAMS = {
    "until": Param(
        None,
        type=["null", "string"],
        title="Last load to replay",
        description="Its id, as in ops.loads and in the landing. Without one: the load published last.",
    ),
}

MAINTENANCE_PARAMS = {
    "dry_run": Param(
        False, type="boolean", description="Only say what would be removed, in the log of each task."
    ),
}

REPORT_PARAMS = {
    "dashboards": Param(
        ["austin-crime"],
        type="array",
        items={"type": "string", "pattern": "^austin-crime[a-z-]*$"},
        minItems=1,
        description="Dashboards to mail, by the last part of their address.",
    ),
}
