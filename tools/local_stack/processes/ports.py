"""Whether a port can be had, and who has it."""

import socket

import psutil

from local_stack.configuration.settings import HOST
from local_stack.errors import StackError


def check(variable: str, port: int) -> None:
    """Raise StackError, with the variable and the process, if something has the port already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # On macOS one may bind to loopback although somebody listens on all interfaces: ask as well.
        is_taken = probe.connect_ex((HOST, port)) == 0
    if not is_taken:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except PermissionError as error:
                raise StackError(f"Port {port} ({variable}) needs root: choose one above 1023.") from error
            except OSError:
                is_taken = True
    if is_taken:
        raise StackError(
            f"Port {port} ({variable}) is taken by {_owner(port)}: stop that process, or choose another port,"
            f" for example {variable}={port + 100} in .env or before `make`."
        )


def _owner(port: int) -> str:
    """Return the process that listens on a port, as far as one may know."""
    for process in psutil.process_iter(["pid", "name"]):
        try:
            connections = process.net_connections("tcp")
        except psutil.Error:
            continue  # another user's
        if any(each.status == psutil.CONN_LISTEN and each.laddr.port == port for each in connections):
            return f"process {process.pid} ({process.name()})"
    return "another process"
