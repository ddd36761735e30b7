"""How long to wait before a task is tried again, and when that is of no use."""

import secrets
from datetime import timedelta
from typing import Any

from airflow.sdk import RetryDecision, RetryPolicy

from austin_crime import config

# By name: importing the modules at parse time would bring pandas with them. AirflowException is what the gate raises for a
# check that failed, and the sensor for a dataset that is gone.
HOPELESS = frozenset(
    {
        "LoadRefused",
        "ContractBroken",
        "PortalMoved",
        "PortalAnswer",
        "CheckBlocked",
        "StagingIncomplete",
        "ValueError",
        "AirflowException",
    }
)
# So that the tasks of one run do not all come back at once.
JITTER_S = 15


class PortalRetryPolicy(RetryPolicy):
    """Wait as long as the portal's Retry-After says; do not repeat what cannot succeed."""

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Any = None
    ) -> RetryDecision:
        """Decide by the kind of failure."""
        if type(exception).__name__ in HOPELESS:
            return RetryDecision.fail(reason=str(exception))
        retry_after_s = getattr(exception, "retry_after_s", None)
        if retry_after_s is not None:
            return RetryDecision.retry(
                delay=timedelta(
                    seconds=min(retry_after_s, config.LONGEST_WAIT_S) + secrets.randbelow(JITTER_S)
                ),
                reason=f"the portal asks to wait {retry_after_s:g} s",
            )
        return RetryDecision.default()

    def serialize(self) -> dict[str, Any]:
        """Nothing to keep: the policy has no state."""
        return {}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> "PortalRetryPolicy":
        """Return the policy."""
        return cls()
