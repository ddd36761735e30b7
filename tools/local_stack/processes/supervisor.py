"""Supervisor keeps the programs alive; this starts it, asks it and ends it."""

import configparser
import hashlib
import os
import subprocess
import sys
import tempfile
import xmlrpc.client
from collections.abc import Iterable, Mapping
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any

import psutil
from supervisor.xmlrpc import SupervisorTransport

from local_stack.configuration import surroundings
from local_stack.configuration.paths import python_path
from local_stack.errors import StackError
from local_stack.processes import limits
from local_stack.waiting import wait_until

# The limit is 104 bytes on macOS and 108 on Linux, and supervisor appends its process id while it binds.
SOCKET_PATH_BYTES = 90
START_TIMEOUT_S = 15
STOP_TIMEOUT_S = 60

PROGRAM = {
    "autostart": "false",
    "autorestart": "true",
    "startsecs": "2",
    "startretries": "20",
    "stopasgroup": "true",
    "killasgroup": "true",
    "stopwaitsecs": "20",
    "redirect_stderr": "true",
    "stdout_logfile_maxbytes": "10MB",
    "stdout_logfile_backups": "3",
}
# SIGINT ends the sessions, then the server; its processes are told by itself, not as a group. The last one to stop.
POSTGRES = {"stopsignal": "INT", "stopasgroup": "false", "priority": "1"}


def socket_path(root: Path) -> Path:
    """Return where supervisor listens: in data/run, or where the path is too long for a socket, in a private folder."""
    path = root / "data" / "run" / "supervisor.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_BYTES:
        return path
    digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"austin-crime-{os.getuid()}-{digest}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid() or folder.is_symlink():
        raise StackError(
            f"{folder} belongs to somebody else: remove it or set TMPDIR to a folder of your own."
        )
    return folder / "supervisor.sock"


def _write_config(root: Path, names: Iterable[str]) -> Path:
    """Write supervisor's configuration: no secret, and paths relative to its folder, where everything runs."""
    config = configparser.RawConfigParser()
    config["unix_http_server"] = {"file": str(socket_path(root)).replace("%", "%%"), "chmod": "0700"}
    config["supervisord"] = {
        "nodaemon": "true",
        "silent": "true",
        "logfile": "../logs/supervisord.log",
        "logfile_maxbytes": "10MB",
        "pidfile": "supervisord.pid",
        "childlogdir": "../logs",
        # Looked at before it starts, with a message that says what to do.
        "minfds": "1",
        "minprocs": "1",
    }
    factory = "supervisor.rpcinterface:make_main_rpcinterface"
    config["rpcinterface:supervisor"] = {"supervisor.rpcinterface_factory": factory}
    for name in names:
        own = POSTGRES if name == "postgres" else {}
        command = f"../../.venv/airflow/bin/python -m local_stack run {name}"
        log = f"../logs/{name}.log"
        config[f"program:{name}"] = {**PROGRAM, **own, "command": command, "stdout_logfile": log}
    path = root / "data" / "run" / "supervisord.conf"
    for folder in (path.parent, root / "data" / "logs"):
        folder.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        config.write(file)
    return path


def start(root: Path, names: Iterable[str], environment: Mapping[str, str] = os.environ) -> None:
    """Start supervisor in the background, without a program yet.

    Raises
    ------
    StackError
        If it does not start, with what it said.
    """
    limits.raise_limits()
    config = _write_config(root, names)
    out = root / "data" / "logs" / "supervisord.out"
    with out.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "-c", config.name],
            cwd=config.parent,
            env={**surroundings.of_person(environment), "PYTHONPATH": python_path(root)},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    wait_until(lambda: is_running(root) or process.poll() is not None, START_TIMEOUT_S, poll_s=0.05)
    if not is_running(root):
        raise StackError(f"Supervisor did not start. {_what_it_said(out)}")


def _what_it_said(out: Path) -> str:
    """Return supervisor's own errors, or all it printed, without its hint at its options."""
    lines = [line for line in out.read_text(errors="replace").splitlines() if not line.startswith("For help")]
    errors = [line for line in lines if line.startswith("Error")]
    return "\n".join([f"It said, in {out}:", *(errors or lines or ["nothing"])])


def rpc(root: Path) -> Any:
    """Return supervisor's remote interface."""
    transport = SupervisorTransport(None, None, f"unix://{socket_path(root)}")
    return xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport).supervisor


def is_running(root: Path) -> bool:
    """Return whether the supervisor of this project answers."""
    try:
        rpc(root).getState()
    except (OSError, HTTPException, xmlrpc.client.Error):
        return False
    return True


def states(root: Path) -> dict[str, dict[str, Any]]:
    """Return what supervisor tells of each program: statename, pid, start, now, ..."""
    return {info["name"]: info for info in rpc(root).getAllProcessInfo()}


def start_program(root: Path, name: str) -> None:
    """Start a program unless it runs; do not wait for it to be ready."""
    if states(root)[name]["statename"] not in ("RUNNING", "STARTING"):
        rpc(root).startProcess(name, False)


def _working_folder(root: Path) -> Path:
    """Return the folder that every program runs in: what marks a process as the stack's, whatever it calls itself."""
    return root / "data" / "run"


def processes(root: Path) -> list[psutil.Process]:
    """Return the processes of this project's programs, wherever they came from."""
    folders = {str(path.resolve()) for path in (_working_folder(root), root / "data" / "postgres")}
    ours = []
    for process in psutil.process_iter():
        try:
            # A person who looks around in that folder has a terminal.
            if process.cwd() in folders and process.terminal() is None and not has_ended(process):
                ours.append(process)
        except psutil.Error:
            continue  # another user's, or just gone
    return ours


def end_predecessor(root: Path, name: str) -> None:
    """End what an earlier process of a program left behind when it was killed, such as the scheduler's workers.

    Supervisor gives each process a group of its own, which children stay in.
    """
    path = _working_folder(root) / f"{name}.pid"
    if path.exists():
        group = int(path.read_text())
        for process in processes(root):
            with suppress(ProcessLookupError, psutil.NoSuchProcess):
                if os.getpgid(process.pid) == group != os.getpid():
                    process.kill()
    path.write_text(str(os.getpid()))


def has_ended(process: psutil.Process) -> bool:
    """Return whether a process is gone, or waits only for its parent, a `make demo` that still goes, to take note."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def stop(root: Path) -> int:
    """End everything, supervisor first, and return how many processes had to be ended by hand."""
    if is_running(root):
        supervisor = psutil.Process(rpc(root).getPID())
        # All at once, while shutdown takes one after the other; PostgreSQL last, because the others are still at work.
        for name in states(root).keys() - {"postgres"}:
            with suppress(xmlrpc.client.Fault):
                rpc(root).stopProcess(name, False)
        rpc(root).shutdown()
        wait_until(lambda: has_ended(supervisor), STOP_TIMEOUT_S)
    stubborn = processes(root)
    for process in stubborn:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _, alive = psutil.wait_procs(stubborn, timeout=10)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=10)
    socket_path(root).unlink(missing_ok=True)
    return len(stubborn)
