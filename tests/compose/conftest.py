"""The containers on the sample portal, from empty volumes, in a copy of the project with secrets and ports of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from local_stack.configuration.paths import python_path
from local_stack.provisioning.postgres import free_port
from testing.containers_at_work import REPORTS, Stack
from testing.copies import copy_project

# Hands a batch over by half, and the rest when it is released.
HOLD = {"kind": "hold", "path": "$order=:id", "times": "none"}


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Build the images, start everything from empty volumes, and leave nothing of it."""
    root = copy_project(tmp_path_factory.mktemp("compose") / "project")
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AUSTIN_CRIME_", "COMPOSE_"))
    }
    ports = {
        f"AUSTIN_CRIME_{name}_PORT": str(free_port())
        for name in ("POSTGRES", "PORTAL", "AIRFLOW", "SUPERSET")
    }
    environment = {**own, **ports, "REPORTS": str(REPORTS), "COMPOSE_PROJECT_NAME": "austin-crime-test"}
    make = {"PYTHONPATH": python_path(root), "PATH": own["PATH"]}
    subprocess.run(
        [sys.executable, "-m", "local_stack.configuration.container_secrets"], env=make, cwd=root, check=True
    )
    stack = Stack(root, environment)
    try:
        stack.compose("build")
        stack.up()
        yield stack
    finally:
        (tmp_path_factory.getbasetemp() / "containers.log").write_text(stack.compose("logs", "--timestamps"))
        stack.compose("down", "--volumes", "--timeout", "30")


@pytest.fixture
def release(stack: Stack) -> Iterator[Callable[[], None]]:
    """Have the portal hold every batch by half until the function is called."""
    stack.portal("POST", "/faults", **HOLD)
    yield lambda: stack.portal("DELETE", "/faults")
    stack.portal("DELETE", "/faults")
