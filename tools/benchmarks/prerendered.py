"""Answers kept on disk: the first request of an address is rendered, later ones are sent as they were."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

CHUNK_BYTES = 1 << 20


class PreRendered:
    """Keeps the good answers of an application, headers and gzip body, and sends them again.

    Parameters
    ----------
    folder
        Where they are kept.
    version
        Tells the version of the data: an answer is good for one.
    """

    def __init__(self, app: ASGIApp, folder: Path, version: Callable[[], int]) -> None:
        self.app = app
        self.folder = folder
        self.version = version
        self.request_count = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        self.request_count += 1
        headers = dict(scope["headers"])
        if scope["method"] != "GET" or b"if-none-match" in headers or b"if-modified-since" in headers:
            await self.app(scope, receive, send)
            return
        body = self.folder / name(scope, self.version())
        if start_of(body).exists():
            await send_kept(body, send)
        else:
            await self.render(body, scope, receive, send)

    async def render(self, body: Path, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer and keep what is sent; it counts as kept once the start of the answer is written, at the end."""
        start: Message = {}
        with body.open("wb") as file:

            async def send_and_keep(message: Message) -> None:
                nonlocal start
                if message["type"] == "http.response.start":
                    start = message
                else:
                    file.write(message.get("body", b""))
                await send(message)

            await self.app(scope, receive, send_and_keep)
        if start.get("status") == 200:
            pairs = [(key.decode("latin-1"), value.decode("latin-1")) for key, value in start["headers"]]
            start_of(body).write_text(json.dumps(pairs))


def name(scope: Scope, version: int) -> str:
    """Return the name of an answer's file: one for an address, in whatever order and spelling its parameters come."""
    parameters = sorted(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    takes_gzip = b"gzip" in dict(scope["headers"]).get(b"accept-encoding", b"")
    asked = json.dumps([scope["path"], parameters, takes_gzip, version])
    return hashlib.sha256(asked.encode()).hexdigest()[:32]


def start_of(body: Path) -> Path:
    """Return the file of an answer's headers."""
    return body.with_suffix(".headers.json")


async def send_kept(body: Path, send: Send) -> None:
    """Send a kept answer."""
    pairs = json.loads(start_of(body).read_text())
    headers = [(key.encode("latin-1"), value.encode("latin-1")) for key, value in pairs]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    with body.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
