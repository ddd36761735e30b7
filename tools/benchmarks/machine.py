"""The machine of a measurement, without its name, and the state of the project that was measured."""

import os
import platform
import subprocess
from datetime import UTC, datetime

import psutil

from benchmarks.surroundings import ROOT, Surroundings


def describe(where: Surroundings) -> str:
    """Return the machine, the commit, the day, and how busy the machine is on its own, in a sentence."""
    with where.superuser() as connection:
        server = connection.execute("show server_version").fetchall()[0][0]
    memory_gb = psutil.virtual_memory().total / 1e9
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {memory_gb:.0f} GB of memory, {platform.system()}, Python"
        f" {platform.python_version()}, PostgreSQL {server}; {commit()}, measured on"
        f" {datetime.now(UTC):%Y-%m-%d}, load average before {os.getloadavg()[0]:.1f}."
    )


def commit() -> str:
    """Return the commit that is measured, and whether code differs from it; results and pages that a size before has written do not count."""
    try:
        name = _git("rev-parse", "--short=10", "HEAD")
        changed = _git("status", "--porcelain", "--", "include", "dags", "tools/**/*.py", "requirements")
    except (OSError, subprocess.CalledProcessError):
        return "no commit known"
    return f"commit {name}" + (" with changes" if changed else "")


def _git(*words: str) -> str:
    return subprocess.run(
        ["git", *words], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()
