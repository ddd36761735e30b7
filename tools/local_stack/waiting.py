"""The one way to wait for something that gives no signal."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def wait_until(look: Callable[[], Found], timeout_s: float, poll_s: float = 0.1) -> Found:
    """Look again and again until something is found, and return it; what the last look gave if the time is up.

    Parameters
    ----------
    look
        Returns something true when the wait is over; it may raise to end it.
    timeout_s, poll_s
        Seconds until it is given up, and between two looks. It is looked once at least.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        found = look()
        if found or time.monotonic() > deadline:
            return found
        time.sleep(poll_s)
