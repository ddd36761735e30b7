"""The machine of a measurement, without its name."""

import os
import platform
from datetime import UTC, datetime

import psutil

from benchmarks.surroundings import Surroundings


def describe(where: Surroundings) -> str:
    """Return the machine, the day, and how busy the machine is on its own, in a sentence."""
    with where.superuser() as connection:
        server = connection.execute("show server_version").fetchall()[0][0]
    memory_gb = psutil.virtual_memory().total / 1e9
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {memory_gb:.0f} GB of memory, {platform.system()}, Python"
        f" {platform.python_version()}, PostgreSQL {server}; measured on {datetime.now(UTC):%Y-%m-%d},"
        f" load average before {os.getloadavg()[0]:.1f}."
    )
