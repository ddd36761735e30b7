"""Whether a failed task is retried, and after how long."""

import secrets
from datetime import timedelta
from typing import Any

from airflow.sdk import RetryDecision, RetryPolicy

from austin_crime import config, errors


class PortalRetryPolicy(RetryPolicy):
    """Wait as long as the portal's Retry-After says; do not retry what cannot succeed."""

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Any = None
    ) -> RetryDecision:
        """Decide by the kind of failure."""
        if not errors.can_retry(exception):
            return RetryDecision.fail(reason=str(exception))
        retry_after_s = errors.retry_after_s(exception)
        if retry_after_s is None:
            return RetryDecision.default()
        delay_s = min(retry_after_s, config.LONGEST_WAIT_S) + secrets.randbelow(config.RETRY_JITTER_S)
        return RetryDecision.retry(
            delay=timedelta(seconds=delay_s), reason=f"the portal asks to wait: {delay_s:g} s"
        )

    def serialize(self) -> dict[str, Any]:
        """Nothing to keep: the policy has no state."""
        return {}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> "PortalRetryPolicy":
        """Return the policy."""
        return cls()
