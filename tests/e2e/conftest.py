"""The whole stack in a copy of the project, on ports of its own, and a browser."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from copies import copy_project
from playwright.sync_api import Browser

from local_stack import dotenv
from local_stack.browser import chromium, headless
from local_stack.postgres import free_port

REPORTS = 20_000


@dataclass(frozen=True)
class Stack:
    """Where the stack's pages are, and its passwords by variable."""

    airflow: str
    superset: str
    passwords: dict[str, str]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return a headless Chromium; without one, skip and say so."""
    if chromium() is None:
        pytest.skip("no Chromium: install one, or name it in the variable CHROMIUM")
    with headless() as browser:
        yield browser


@pytest.fixture(scope="module")
def stack(browser, tmp_path_factory) -> Iterator[Stack]:
    """Start everything on the sample portal with empty data, as `make up` does, and end it."""
    root = copy_project(tmp_path_factory.mktemp("stack") / "project")
    ports = {name: free_port() for name in ("POSTGRES", "PORTAL", "AIRFLOW", "SUPERSET")}
    own = {name: value for name, value in os.environ.items() if not name.startswith("AUSTIN_CRIME_")}
    environment = own | {"PYTHONPATH": str(root / "include")}
    environment |= {f"AUSTIN_CRIME_{name}_PORT": str(port) for name, port in ports.items()}

    def run(*command: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "local_stack", *command],
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    try:
        run("up", "--source", "sample", "--reports", str(REPORTS))
        yield Stack(
            airflow=f"http://127.0.0.1:{ports['AIRFLOW']}",
            superset=f"http://127.0.0.1:{ports['SUPERSET']}",
            passwords=dotenv.read(root / ".env"),
        )
    finally:
        run("down")
