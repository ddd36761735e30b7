"""Serve a store: in a thread for tests, or until the program is ended."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from sample_portal.data.store import Store
from sample_portal.errors import PortalFault
from sample_portal.http.app import make_app

HOST = "127.0.0.1"
_SHUTDOWN_S = 3
_START_S = 20
_BACKLOG = 128


class Server(uvicorn.Server):
    """A server that says when it listens, and how."""

    on_listening: Callable[[], None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        if self.on_listening:
            self.on_listening()


def reserve(host: str, port: int) -> socket.socket:
    """Take a port, 0 for any; nothing is answered before the server starts. PortalFault if it is taken."""
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
    except OSError as error:
        taken.close()
        raise PortalFault(
            f"Port {port} on {host} cannot be had ({error.strerror}): give another --port."
        ) from error
    return taken


def serve(
    store: Store, taken: socket.socket, app_tokens: tuple[str, ...], on_listening: Callable[[], None]
) -> None:
    """Serve a store until the program is ended by a signal."""
    server = _make_server(store, app_tokens)
    server.on_listening = on_listening
    server.run(sockets=[taken])


@contextmanager
def running(store: Store, port: int = 0, app_tokens: tuple[str, ...] = ()) -> Iterator[str]:
    """Serve a store in a thread while the context lasts, and yield the base address."""
    taken = reserve(HOST, port)
    server, listens = _make_server(store, app_tokens), threading.Event()
    server.on_listening = listens.set
    thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]}, daemon=True)
    thread.start()
    try:
        if not listens.wait(_START_S):
            raise PortalFault(f"The sample portal did not start within {_START_S} s.")
        yield f"http://{HOST}:{taken.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(_START_S)
        taken.close()


def _make_server(store: Store, app_tokens: tuple[str, ...]) -> Server:
    """Return a server that is not running yet."""
    options: dict[str, Any] = {
        "log_level": "warning",
        "access_log": False,
        "lifespan": "off",
        "server_header": False,
    }
    app = _with_transport(make_app(store, app_tokens))
    return Server(uvicorn.Config(app, timeout_graceful_shutdown=_SHUTDOWN_S, backlog=_BACKLOG, **options))


def _with_transport(app: ASGIApp) -> ASGIApp:
    """Return an application whose requests know their connection, for answers that the server cannot send."""

    async def known(scope: Scope, receive: Receive, send: Send) -> None:
        cycle = getattr(send, "__self__", None)
        await app({**scope, "transport": getattr(cycle, "transport", None)}, receive, send)

    return known
