"""Ours without an orchestrator: ``austin_crime.nightly``, its steps timed."""

import logging
import os
from collections.abc import Callable
from typing import Any

from austin_crime import nightly, steps
from austin_crime.load import extract
from benchmarks.contenders.stopwatch import Stopwatch

# Batches and aggregates are worked on side by side: the seconds of these steps are those of all threads together.
TIMED = (
    (steps, "plan_load"),
    (extract, "fetch_batch"),
    (steps, "clean_and_stage"),
    (steps, "settle_months"),
    (steps, "build_aggregate"),
    (steps, "check_load"),
    (steps, "pass_gate"),
    (steps, "publish"),
    (steps, "refresh_dashboards"),
)


def timed(watch: Stopwatch, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that does the same and is timed."""

    def run(*values: Any, **named_values: Any) -> Any:
        with watch.step(name):
            return function(*values, **named_values)

    return run


def main() -> None:
    """Run one nightly load."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    watch = Stopwatch()
    for module, name in TIMED:
        setattr(module, name, timed(watch, name, getattr(module, name)))
    with watch.step("all steps"):
        nightly.run_nightly(os.environ["BENCHMARK_LOAD_ID"])
    watch.tell()


if __name__ == "__main__":
    main()
