"""How long to wait before a task is tried again, and when that is of no use."""

from datetime import timedelta
from typing import Any

from airflow.sdk import RetryDecision, RetryPolicy

from austin_crime import failures


class PortalRetryPolicy(RetryPolicy):
    """Wait as long as the portal's Retry-After says; do not repeat what cannot succeed."""

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Any = None
    ) -> RetryDecision:
        """Decide by the kind of failure."""
        # What the gate raises for a check that failed, and the sensor for a dataset that is gone.
        if failures.is_hopeless(exception) or type(exception).__name__ == "AirflowException":
            return RetryDecision.fail(reason=str(exception))
        delay_s = failures.asked_delay_s(exception)
        if delay_s is not None:
            return RetryDecision.retry(
                delay=timedelta(seconds=delay_s), reason=f"the portal asks to wait: {delay_s:g} s"
            )
        return RetryDecision.default()

    def serialize(self) -> dict[str, Any]:
        """Nothing to keep: the policy has no state."""
        return {}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> "PortalRetryPolicy":
        """Return the policy."""
        return cls()
