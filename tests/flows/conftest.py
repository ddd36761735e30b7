"""Run the flow as `make flow` does, in Prefect's own environment."""

import importlib.util
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from local_stack.configuration import environments
from local_stack.configuration.paths import python_path
from local_stack.configuration.settings import ROOT, prepare

PYTHON = ROOT / ".venv" / "prefect" / "bin" / "python"
RUN_TIMEOUT_S = 600
# Tests in Prefect's own harness run in Prefect's environment, which test_harness.py starts.
collect_ignore = [] if importlib.util.find_spec("prefect") else ["harness"]


class Ended(NamedTuple):
    """A run of the flow that has ended."""

    code: int
    # What it printed for people, and its log.
    said: str
    log: str


class Run:
    """A run of the flow in a process of its own."""

    def __init__(self, command: list[str | Path], environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def end(self) -> Ended:
        """Wait for the end of the run."""
        said, log = self.process.communicate(timeout=RUN_TIMEOUT_S)
        return Ended(self.process.returncode, said.strip(), log)


@pytest.fixture(scope="session")
def prefect_python() -> Path:
    """Return the Python of Prefect's environment; without it, skip and say so."""
    if not PYTHON.exists():
        pytest.skip("Prefect is not installed: run scripts/install.py prefect-dev")
    return PYTHON


@pytest.fixture(scope="session")
def prefect_settings(prefect_python, tmp_path_factory) -> dict[str, str]:
    """Return the environment that `make flow` gives a run, with a database of Prefect's of its own."""
    root = tmp_path_factory.mktemp("prefect")
    settings, _ = prepare("sample", None, root, {})
    (settings.data_dir / "prefect").mkdir(parents=True)
    return (
        environments.common(settings, os.environ)
        | environments.prefect(settings)
        | {"PYTHONPATH": python_path(ROOT)}
    )


@pytest.fixture(scope="session")
def begin_flow(prefect_python, prefect_settings) -> Callable[..., Run]:
    """Return a function that begins a run of the flow on a portal and a warehouse."""

    def begin(warehouse: Any, portal_url: str, **parameters: Any) -> Run:
        where = {
            "AUSTIN_CRIME_WAREHOUSE_URL": warehouse.owner_url,
            "AUSTIN_CRIME_SOURCE_URL": portal_url,
            "AUSTIN_CRIME_LANDING_URL": str(warehouse.landing),
            "AUSTIN_CRIME_SUPERSET_URL": "",
        }
        command = [prefect_python, ROOT / "flows" / "austin_crime_nightly.py", json.dumps(parameters)]
        return Run(command, prefect_settings | where)

    return begin


@pytest.fixture(scope="session")
def run_flow(begin_flow) -> Callable[..., Ended]:
    """Return a function that runs the flow once on a portal and a warehouse."""
    return lambda *where, **parameters: begin_flow(*where, **parameters).end()


@pytest.fixture(scope="session")
def in_prefect(prefect_python, prefect_settings) -> Callable[[str], Any]:
    """Return a function that runs code in Prefect's environment and returns what it puts into ``result``, as JSON."""

    def run(code: str) -> Any:
        code = f"import json\n{code}\nprint(json.dumps(result))"
        done = subprocess.run(
            [prefect_python, "-c", code], env=prefect_settings, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run
