"""The layer between server and portal that lets requests meet faults."""

import asyncio

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
        elif fault.kind == "stale" and fault.how == "before":
            await self.app({**scope, "is_before": True}, receive, out_of_date(send))
        elif answer := instead(fault, scope):
            await answer(scope, receive, send)
        else:
            await self.spoil(fault, scope, receive, send)

    async def spoil(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the portal's own answer, but not as one expects."""
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self.app(scope, receive, keep)
        start, body = messages[0], b"".join(message.get("body", b"") for message in messages[1:])
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
