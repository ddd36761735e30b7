"""Run code where Airflow is imported already: forks of one process save each run the seconds of its imports.

The process listens on a Unix socket. A request is a line of JSON with the code, its environment and where its output goes; the answer
is what the code put into ``result``, as JSON, and nothing if the code failed.
"""

import asyncio
import importlib
import json
import os
import signal
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy.orm import configure_mappers

from testing.waiting import wait_for

STARTS_S = 120
RUNS_S = 300
# Of Airflow only: that our own files import too much must stay visible.
PRELOADED = (
    "airflow.api_fastapi.execution_api.app",
    "airflow.api_fastapi.execution_api.routes",
    "airflow.dag_processing.collection",
    "airflow.dag_processing.dagbag",
    "airflow.providers.common.sql.operators.sql",
    "airflow.providers.http.operators.http",
    "airflow.providers.http.sensors.http",
    "airflow.providers.standard.operators.python",
    "airflow.sdk.execution_time.supervisor",
    "airflow.sdk.execution_time.task_runner",
)


class _Run(socketserver.StreamRequestHandler):
    """Run the code of one request, in a fork."""

    def handle(self) -> None:
        request = json.loads(self.rfile.readline())
        output = os.open(request["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.environ.clear()
        os.environ.update(request["environment"])
        names: dict[str, Any] = {"__name__": "__main__", "json": json, "os": os, "result": None}
        try:
            exec(request["code"], names)
        except BaseException:
            traceback.print_exc()
            raise
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
        self.wfile.write(json.dumps(names["result"], default=str).encode())


class _Server(socketserver.ForkingMixIn, socketserver.UnixStreamServer):
    """Answer each request in a fork."""

    # Runs go on side by side, as many as tests begin.
    max_children = 100


@contextmanager
def forks(environment: Mapping[str, str]) -> Iterator["Forks"]:
    """Start the process, in an environment that its imports see, and end it."""
    # The address of a Unix socket has to be short.
    with tempfile.TemporaryDirectory(prefix="forks-") as folder:
        address, log = Path(folder, "socket"), Path(folder, "log")
        with log.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(address)],
                env=environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            wait_for("Airflow's imports", lambda: address.exists() or process.poll() is not None, STARTS_S)
            assert process.poll() is None, log.read_text()[-3000:]
            yield Forks(address)
        finally:
            # Runs that a failed test left waiting end, too.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=60)


class Forks:
    """Runs code in forks of a process that has imported Airflow."""

    def __init__(self, address: Path) -> None:
        self.address = address

    def run(self, code: str, environment: Mapping[str, str], output: Path) -> Any:
        """Return what the code puts into ``result``; what it prints is in the file ``output``."""
        request = {"code": code, "environment": dict(environment), "output": str(output)}
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(RUNS_S)
            connection.connect(str(self.address))
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("rb") as answer:
                result = answer.read()
        assert result, output.read_text()[-8000:]
        return json.loads(result)


async def _warm_api() -> None:
    """Have what `dag.test()` asks instead of an api-server make its routes, which it does at the first request."""
    api = sys.modules["airflow.sdk.execution_time.supervisor"].in_process_api_server()
    async with httpx.AsyncClient(transport=api.atransport, base_url="http://in-process") as client:
        await client.get("/")


if __name__ == "__main__":
    for name in PRELOADED:
        importlib.import_module(name)
    configure_mappers()
    asyncio.run(_warm_api())
    # A fork has only the thread that forks.
    assert threading.active_count() == 1, threading.enumerate()
    with _Server(sys.argv[1], _Run) as server:
        server.serve_forever()
