"""Prefect's own harness: a server and a database of Prefect's that are thrown away."""

import os
import tempfile
from collections.abc import Iterator

import pytest

# Prefect reads these when it is imported.
HOME = tempfile.TemporaryDirectory(prefix="austin-crime-prefect-")
os.environ |= {
    "PREFECT_HOME": HOME.name,
    "PREFECT_LOGGING_EXTRA_LOGGERS": "austin_crime",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    # Steps are called outside of a run as well, to prepare a test.
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
}

from prefect.testing.utilities import prefect_test_harness  # noqa: E402 (after the settings)


@pytest.fixture(scope="session", autouse=True)
def prefect() -> Iterator[None]:
    """Run a server of Prefect's for all tests."""
    with prefect_test_harness(server_startup_timeout=180):
        yield
