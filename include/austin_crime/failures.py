"""Which failures of a step are worth another try, and when: the same under every orchestrator.

A step asks a busy portal again by itself, seconds apart; this is about trying the whole step again, later.
"""

import secrets

from austin_crime import config

# By name: importing the modules when a DAG file is parsed would bring pandas with them.
HOPELESS = frozenset(
    {
        "SettingError",
        "LoadRefused",
        "LoadEnded",
        "ContractBroken",
        "PortalMoved",
        "PortalAnswer",
        "CheckBlocked",
        "StagingIncomplete",
        "ValueError",
    }
)
RETRIES = 3
# The first wait; each later one is so many times as long, and none longer than config.LONGEST_WAIT_S.
FIRST_DELAY_S = 30
BACKOFF = 2.0
# So that the tasks of one run do not all come back at once.
JITTER_S = 15
# A portal that is down is waited for so long before a load begins.
SOURCE_PATIENCE_S = 60 * 60


def is_hopeless(failure: BaseException) -> bool:
    """Whether trying the same step again cannot help."""
    return type(failure).__name__ in HOPELESS


def asked_delay_s(failure: BaseException) -> float | None:
    """Return how long to wait as the portal's Retry-After says, with jitter; None if it said nothing."""
    retry_after_s: float | None = getattr(failure, "retry_after_s", None)
    if retry_after_s is None:
        return None
    return min(retry_after_s, config.LONGEST_WAIT_S) + secrets.randbelow(JITTER_S)


def delays_s() -> list[float]:
    """Return the waits before the second, third and further tries, where the portal said nothing."""
    return [min(FIRST_DELAY_S * BACKOFF**number, config.LONGEST_WAIT_S) for number in range(RETRIES)]
