"""A Superset of its own, without the local stack: what it is told, and its server."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import requests

from austin_crime import own_servers
from testing.waiting import wait_for

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv" / "superset" / "bin" / "python"
# The variable with each login's password.
PASSWORDS = {
    "admin": "SUPERSET_ADMIN_PASSWORD",
    "analyst": "SUPERSET_ANALYST_PASSWORD",
    "viewer": "SUPERSET_VIEWER_PASSWORD",
    "refresh": "AUSTIN_CRIME_SUPERSET_REFRESH_PASSWORD",
}
START_TIMEOUT_S = 120


def environment(home: Path, metadata_url: str, reader_url: str) -> dict[str, str]:
    """Return the variables of a Superset that keeps its files in a folder, with passwords for a short life."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": str(ROOT / "superset"),
        "SUPERSET_SECRET_KEY": "for a short life only, and long enough to be taken",
        "SUPERSET_METADATA_URL": _with_driver(metadata_url),
        "SUPERSET_HOME": str(home),
        "AUSTIN_CRIME_EDITION_DIR": str(home / "edition"),
        "AUSTIN_CRIME_READER_URL": _with_driver(reader_url),
        "AUSTIN_CRIME_SUPERSET_REFRESH_USER": "refresh",
    } | {variable: f"{user} for a short life" for user, variable in PASSWORDS.items()}


def _with_driver(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg2://")


def bootstrap(told: Mapping[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    """Bring its metadata to what superset/ describes, and return what that said."""
    return subprocess.run(
        [PYTHON, ROOT / "superset" / "bootstrap.py", *options],
        env=told,
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def running(url: str, told: Mapping[str, str], log: Path) -> Iterator[None]:
    """Serve at an address while the context lasts."""
    options = ["--workers", "1", "--worker-class", "gthread", "--threads", "8", "--timeout", "120"]
    bind = ["--bind", url.removeprefix("http://")]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [PYTHON, "-m", "gunicorn", *options, *bind, "superset.app:create_app()"],
            env=told,
            stdout=output,
            stderr=output,
        )
    try:
        _wait_for_page(f"{url}/login/", process, log)
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)


def _wait_for_page(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    def answers() -> bool:
        assert process.poll() is None, f"Superset did not start:\n{log.read_text()[-5000:]}"
        try:
            return own_servers.session().get(url, timeout=60).status_code == 200
        except requests.ConnectionError:
            return False

    wait_for("Superset's login page", answers, START_TIMEOUT_S)
