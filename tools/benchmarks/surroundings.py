"""What every contender is measured with: one PostgreSQL server, one portal, a folder; all gone at the end."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg
import requests

from austin_crime.warehouse import migrations
from benchmarks.errors import BenchmarkError
from local_stack.configuration.paths import python_path
from local_stack.provisioning import postgres

ROOT = Path(__file__).parents[2]
GENERATED = ROOT / "data" / "benchmark"
# What the benchmark's programs find the project by.
PATHS = {"PYTHONPATH": python_path(ROOT)}
END_S = 20


@dataclass(frozen=True)
class Surroundings:
    """The servers of one size, and a folder for what is written beside them."""

    reports: int
    server: postgres.Server
    postmaster: psutil.Process
    # A folder that PostgreSQL itself may write into.
    server_folder: Path
    portal_url: str
    portal: psutil.Process
    folder: Path

    def fresh_warehouse(self, name: str) -> str:
        """Return the address of an empty, migrated warehouse; nothing that was done before is still to be written."""
        self.server.drop_database(name)
        url, _ = self.server.create_warehouse(name)
        migrations.migrate(url)
        self.checkpoint()
        return url

    def copy_warehouse(self, name: str, copy: str) -> str:
        """Return the address of a copy of a warehouse."""
        self.server.drop_database(copy)
        with self.superuser() as connection:
            connection.execute(f"create database {copy} template {name} owner {postgres.OWNER}".encode())
        return self.server.owner_url(copy)

    def checkpoint(self) -> None:
        """Have the server write what is still to be written."""
        with self.superuser() as connection:
            connection.execute("checkpoint")

    def superuser(self, database: str = "postgres") -> psycopg.Connection:
        """Connect as the superuser."""
        return psycopg.connect(self.server.url(postgres.SUPERUSER, database), autocommit=True)

    def rows_file(self) -> Path:
        """Return the file that the floor copies."""
        return self.server_folder / f"crimes-{self.reports}.bin"

    def write_rows_file(self, warehouse: str) -> None:
        """Write the final rows of a warehouse in PostgreSQL's binary format."""
        with self.superuser(warehouse) as connection:
            connection.execute(f"copy mart.crimes to '{self.rows_file()}' (format binary)".encode())

    def ask_portal(self, method: str, path: str) -> Any:
        """Return what a control of the portal answers."""
        answer = requests.request(method, self.portal_url + path, timeout=600)
        answer.raise_for_status()
        return answer.json()

    def request_count(self) -> int:
        """Return how many requests the portal has had."""
        count: int = self.ask_portal("GET", "/benchmark/requests")
        return count


@contextmanager
def surroundings(reports: int, scratch: Path | None = None) -> Iterator[Surroundings]:
    """Start a server with the settings of ``make demo`` and a portal; end both and remove all they wrote.

    Parameters
    ----------
    scratch
        Where the server's data lie; by default in memory if there is room.
    """
    with (
        tempfile.TemporaryDirectory(prefix="austin-crime-benchmark-") as folder,
        postgres.temporary_server(postgres.SETTINGS, scratch) as server,
        running_portal(reports, Path(folder)) as (url, portal),
    ):
        with psycopg.connect(server.url(postgres.SUPERUSER, "postgres")) as connection:
            row = connection.execute("show data_directory").fetchone()
        if row is None:
            raise BenchmarkError("PostgreSQL does not tell where its data lie.")
        data = Path(row[0])
        postmaster = psutil.Process(int((data / "postmaster.pid").read_text().split()[0]))
        yield Surroundings(reports, server, postmaster, data.parent, url, portal, Path(folder))


@contextmanager
def running_portal(reports: int, folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    """Run the portal while the context lasts; the first time, its reports are generated."""
    rendered = folder / "portal"
    rendered.mkdir()
    GENERATED.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "benchmarks.portal", str(reports), str(GENERATED), str(rendered)]
    process = subprocess.Popen(
        command, env=os.environ | PATHS, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        url = process.stdout.readline().strip() if process.stdout else ""
        if not url:
            raise BenchmarkError(f"The portal of {reports:,} reports did not start; it says above why.")
        yield url, psutil.Process(process.pid)
    finally:
        end(process)


def end(process: subprocess.Popen[Any]) -> None:
    """End a process, gently and then by force."""
    process.terminate()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(END_S)
