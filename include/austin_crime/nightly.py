"""The nightly load as plain Python, without an orchestrator: for tests, benchmarks and a shell."""

import logging
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from austin_crime import config, steps
from austin_crime.errors import AustinCrimeError, LoadEnded
from austin_crime.models import Load
from austin_crime.parameters import read_json

log = logging.getLogger(__name__)


def run_nightly(
    load_id: str, parameters: Mapping[str, Any] | None = None, started_by: str | None = None
) -> Load:
    """Run every step in order; on an error, mark the load as failed and raise the error."""
    try:
        load = steps.plan_load(load_id, parameters, started_by=started_by)
        if not load.has_work:
            return load
        with ThreadPoolExecutor(config.WORKERS) as pool:
            for _ in pool.map(lambda item: steps.load_batch(**item), steps.list_batches(load)):
                pass
        steps.settle_months(load)
        build_and_check(load)
        steps.publish(load)
    except LoadEnded:
        raise  # Another attempt of the load may be running by now, and goes on.
    except Exception as error:
        steps.fail_load(
            load_id, str(error) if isinstance(error, AustinCrimeError) else f"{type(error).__name__}: {error}"
        )
        raise
    log.info("%s", steps.refresh_dashboards())
    return load


def build_and_check(load: Load) -> None:
    """Build the aggregates of a load that has settled, and check it; CheckBlocked if it may not be published."""
    # The others are made of the first.
    steps.build_aggregate(config.AGGREGATES[0])
    with ThreadPoolExecutor(config.WORKERS) as pool:
        for _ in pool.map(steps.build_aggregate, config.AGGREGATES[1:]):
            pass
    steps.check_load(load)
    steps.pass_gate(load)


def main(arguments: Sequence[str]) -> None:
    """Run a load with an id and parameters as JSON, both optional; a failure that is known ends with its sentence alone."""
    name, text, *_ = [*arguments, "", ""]
    try:
        config.check()
        run_nightly(name or f"python__{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}", read_json(text or "{}"))
    except AustinCrimeError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    main(sys.argv[1:])
