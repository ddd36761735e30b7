import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_stack.configuration import variables
from local_stack.configuration.settings import ROOT, Settings, prepare
from local_stack.provisioning.postgres import Server, free_port, temporary_server

SERVERS = ("postgres", "portal", "airflow", "superset", "prefect")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with temporary_server() as running:
        yield running


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that looks like the project, with data and secrets of its own."""
    for name in variables.NAMES:
        monkeypatch.delenv(name, raising=False)
    folder = Path(tempfile.mkdtemp(prefix="austin-crime-test-"))
    folder.chmod(0o755)  # PostgreSQL has to enter it as another user where tests run as root
    for name in (
        "include",
        "tools",
        "scripts",
        "requirements",
        "requirements.lock",
        "settings",
        "superset",
        ".venv",
    ):
        (folder / name).symlink_to(ROOT / name)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def ports() -> dict[str, str]:
    return {f"AUSTIN_CRIME_{server.upper()}_PORT": str(free_port()) for server in SERVERS}


@pytest.fixture
def settings(project: Path, ports: dict[str, str]) -> Settings:
    return prepare("sample", 1000, project, {**ports, "PATH": os.environ["PATH"]})[0]
