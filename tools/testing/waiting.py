"""Wait in a test for what has to come."""

from collections.abc import Callable
from typing import TypeVar

import pytest

from local_stack.waiting import wait_until

Found = TypeVar("Found")


def wait_for(what: str, look: Callable[[], Found], timeout_s: float, poll_s: float = 0.1) -> Found:
    """Return what a look finds as soon as it finds anything; fail the test if it does not in time."""
    found = wait_until(look, timeout_s, poll_s)
    if not found:
        pytest.fail(f"{what} did not come within {timeout_s} s")
    return found
