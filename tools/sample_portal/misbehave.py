"""The layer between server and portal that lets requests meet faults."""

import asyncio
import gzip
import json

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sample_portal import answers, packing
from sample_portal.faults import Fault, Faults, instead

# The paths of the data: what goes wrong goes wrong there, and they are what is counted.
DATA_PATHS = ("/resource/", "/api/")
# A slow body comes in so many pieces.
SLOW_PIECES = 20
LOOK_S = 0.01

Gone = asyncio.Future[None]


class Misbehave:
    """Answers as the portal does, unless a fault is met."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self.app = app
        self.faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or answer it wrongly."""
        is_asked = scope["type"] == "http" and scope["path"].startswith(DATA_PATHS)
        fault = self.faults.meet(scope) if is_asked else None
        if fault is None:
            await self.app(scope, receive, send)
        elif fault.kind == "change":
            await run_in_threadpool(fault.call or (lambda: None))
            await self.app(scope, receive, send)
        elif fault.how == "before":
            marked = out_of_date(send) if fault.kind == "stale" else send
            await self.app({**scope, "is_before": True}, receive, marked)
        elif answer := instead(fault, scope):
            await answer(scope, receive, send)
        elif fault.kind in answers.WAYS:
            await self.rewrite(fault, scope, receive, send)
        elif fault.kind == "transfer":
            await self.transfer(fault, scope, receive, send)
        else:
            await self.spoil(fault, scope, receive, send)

    async def answer(self, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
        """Return how the portal's own answer starts, and its body."""
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self.app(scope, receive, keep)
        return messages[0], b"".join(message.get("body", b"") for message in messages[1:])

    async def rewrite(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what the fault makes of the JSON of the portal's own answer, packed if the client takes gzip."""
        start, body = await self.answer(unpacked(scope), receive)
        headers = MutableHeaders(scope=start)
        if start["status"] == 200 and "json" in headers.get("Content-Type", ""):
            meant = answers.Meant(kinds_of(headers, fault.column), fault.is_drawn)
            text = await run_in_threadpool(answers.rewrite, body.decode(), fault.kind, fault.how, meant)
            body = text.encode()
        if body and takes_gzip(scope):
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(body, compresslevel=1)
        await send(start)
        await send(part(body, more=False))

    async def transfer(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the portal's own answer, packed or cut into pieces in another way."""
        asked = unpacked(scope) if fault.how in packing.CODINGS else scope
        start, body = await self.answer(asked, receive)
        if fault.how in packing.CODINGS:
            coding, pack = packing.CODINGS[fault.how]
            body = pack(body)
            if coding:
                MutableHeaders(scope=start)["Content-Encoding"] = coding
        if fault.how == "until_close":
            await send_until_close(scope, start, body, receive)
            return
        await send(start)
        for piece in packing.tiny_pieces(body) if fault.how == "tiny" else [body]:
            await send(part(piece, more=True))
        await send(part(b"", more=False))

    async def spoil(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the portal's own answer, but not as one expects."""
        start, body = await self.answer(scope, receive)
        if fault.how == "length":
            MutableHeaders(scope=start)["Content-Length"] = str(len(body))
        await send(start)
        gone = asyncio.ensure_future(client_gone(receive))
        try:
            await PARTS[fault.kind](fault, body, send, gone)
        finally:
            gone.cancel()


async def send_cut(fault: Fault, body: bytes, send: Send, _: Gone) -> None:
    """Send half of a body; the server ends the connection of an answer that is not completed."""
    await send(part(body[: len(body) // 2], more=fault.how != "gzip"))


async def send_slowly(fault: Fault, body: bytes, send: Send, gone: Gone) -> None:
    """Send a body in pieces with a pause before each."""
    size = max(len(body) // SLOW_PIECES, 1)
    for start in range(0, len(body), size):
        await asyncio.wait({gone}, timeout=fault.pause_s)
        if gone.done():
            return
        await send(part(body[start : start + size], more=True))
    await send(part(b"", more=False))


async def send_held(fault: Fault, body: bytes, send: Send, gone: Gone) -> None:
    """Send half of a body, and the rest when the fault lets go."""
    await send(part(body[: len(body) // 2], more=True))
    fault.reached.set()
    while not fault.release.is_set() and not gone.done():
        await asyncio.wait({gone}, timeout=LOOK_S)
    await send(part(body[len(body) // 2 :], more=False))


# What the kinds of faults that spoil a body do with it.
PARTS = {"cut": send_cut, "slow": send_slowly, "hold": send_held}


def unpacked(scope: Scope) -> Scope:
    """Return a request that takes no packed body."""
    headers = [(name, value) for name, value in scope["headers"] if name.lower() != b"accept-encoding"]
    return {**scope, "headers": headers}


def takes_gzip(scope: Scope) -> bool:
    """Whether a request takes a body packed with gzip."""
    return "gzip" in Headers(scope=scope).get("Accept-Encoding", "")


def kinds_of(headers: MutableHeaders, column: str) -> dict[str, str]:
    """Return the types of an answer's columns, or of the only one that is meant."""
    names, types = (json.loads(headers.get(f"X-SODA2-{name}", "[]")) for name in ("Fields", "Types"))
    kinds = dict(zip(names, types, strict=True))
    return {name: kind for name, kind in kinds.items() if column in {"", name}}


async def send_until_close(scope: Scope, start: Message, body: bytes, receive: Receive) -> None:
    """Send an answer without a length and without chunks, past the server, which would send chunks; then close."""
    head = [b"HTTP/1.1 %d OK" % start["status"], *(b"%s: %s" % header for header in start["headers"])]
    transport: asyncio.Transport = scope["transport"]
    transport.write(b"\r\n".join([*head, b"Connection: close", b"", body]))
    transport.close()
    await client_gone(receive)


def part(body: bytes, *, more: bool) -> Message:
    """Return a piece of a body as the server takes it."""
    return {"type": "http.response.body", "body": body, "more_body": more}


async def client_gone(receive: Receive) -> None:
    """Return when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def out_of_date(send: Send) -> Send:
    """Return a way to send answers that call themselves out of date."""

    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["X-SODA2-Data-Out-Of-Date"] = "true"
        await send(message)

    return marked
