"""Which of many cases are tried in each run of the tests, and which in a long one only."""

import os
from collections.abc import Collection
from typing import TypeVar

First, Second = TypeVar("First"), TypeVar("Second")
IS_LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"


def pairs(first: Collection[First], second: Collection[Second]) -> list[tuple[First, Second]]:
    """Return each of both at least once, spread over the other; in a long run, each with each."""
    smaller = min(len(first), len(second))
    return [
        (one, other)
        for row, one in enumerate(first)
        for column, other in enumerate(second)
        if IS_LONG or (row - column) % smaller == 0
    ]
