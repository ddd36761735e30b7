"""Ways to send a body other than in one go."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from itertools import cycle, islice

from starlette.types import Message, Receive, Send

from sample_portal.faults.fault import Fault

# A slow body comes in so many pieces, a body in tiny chunks in pieces of these sizes in turn.
_SLOW_PIECES = 20
_TINY_BYTES = (1, 2, 3, 5, 7, 11, 13)
_LOOK_S = 0.01

Gone = asyncio.Future[None]


async def client_gone(receive: Receive) -> None:
    """Return when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def part(body: bytes, *, more: bool) -> Message:
    """Return a piece of a body as the server takes it."""
    return {"type": "http.response.body", "body": body, "more_body": more}


def write_until_close(transport: asyncio.Transport, start: Message, body: bytes) -> None:
    """Send an answer without a length and without chunks, past the server, which would send chunks; then close."""
    head = [b"HTTP/1.1 %d OK" % start["status"], *(b"%s: %s" % header for header in start["headers"])]
    transport.write(b"\r\n".join([*head, b"Connection: close", b"", body]))
    transport.close()


async def send_whole(_: Fault, body: bytes, send: Send, __: Gone) -> None:
    """Send a body in one go."""
    await send(part(body, more=False))


async def _send_cut(fault: Fault, body: bytes, send: Send, _: Gone) -> None:
    """Send half of a body; the server ends the connection of an answer that is not completed."""
    await send(part(body[: len(body) // 2], more=fault.how != "gzip"))


async def _send_slowly(fault: Fault, body: bytes, send: Send, gone: Gone) -> None:
    """Send a body in pieces with a pause before each."""
    size = max(len(body) // _SLOW_PIECES, 1)
    for start in range(0, len(body), size):
        await asyncio.wait({gone}, timeout=fault.pause_s)
        if gone.done():
            return
        await send(part(body[start : start + size], more=True))
    await send(part(b"", more=False))


async def _send_held(fault: Fault, body: bytes, send: Send, gone: Gone) -> None:
    """Send half of a body, and the rest when the fault lets go."""
    await send(part(body[: len(body) // 2], more=True))
    fault.reached.set()
    while not fault.release.is_set() and not gone.done():
        await asyncio.wait({gone}, timeout=_LOOK_S)
    await send(part(body[len(body) // 2 :], more=False))


async def _send_in_tiny_chunks(_: Fault, body: bytes, send: Send, __: Gone) -> None:
    """Send a body in chunks of a few bytes."""
    rest = iter(body)
    for size in cycle(_TINY_BYTES):
        piece = bytes(islice(rest, size))
        await send(part(piece, more=bool(piece)))
        if not piece:
            return


# By kind of fault, or by its way.
DELIVERIES: Mapping[str, Callable[[Fault, bytes, Send, Gone], Awaitable[None]]] = {
    "cut": _send_cut,
    "slow": _send_slowly,
    "hold": _send_held,
    "tiny": _send_in_tiny_chunks,
}
