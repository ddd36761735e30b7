"""The layers between server and portal that let requests meet faults.

``Misbehave`` finds the fault that a request meets and does what concerns the answer as it travels; ``Rewrite``, below the
layer that packs bodies, does what concerns the JSON.
"""

import asyncio
import json

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sample_portal.faults import answers, codings, refusals
from sample_portal.faults.delivery import DELIVERIES, client_gone, part, send_whole, write_until_close
from sample_portal.faults.fault import Fault, Faults

# The paths of the data: what goes wrong goes wrong there, and they are what is counted.
DATA_PATHS = ("/resource/", "/api/")


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
            marked = _out_of_date(send) if fault.kind == "stale" else send
            await self.app({**scope, "is_before": True}, receive, marked)
        elif answer := refusals.instead(fault, scope):
            await answer(scope, receive, send)
        elif fault.kind in answers.WAYS:
            await self.app({**scope, "fault": fault}, receive, send)
        else:
            await self._spoil(fault, scope, receive, send)

    async def _spoil(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the portal's own answer, but not as one expects."""
        is_repacked = fault.how in codings.CODINGS
        start, body = await _whole_answer(self.app, _unpacked(scope) if is_repacked else scope, receive)
        headers = MutableHeaders(scope=start)
        if is_repacked:
            coding, pack = codings.CODINGS[fault.how]
            headers.update({"Content-Encoding": coding} if coding else {})
            body = pack(body)
        if fault.how == "length":
            headers["Content-Length"] = str(len(body))
        gone = asyncio.ensure_future(client_gone(receive))
        try:
            if fault.how == "until_close":
                write_until_close(scope["transport"], start, body)
                await gone
            else:
                await send(start)
                deliver = DELIVERIES.get(fault.kind) or DELIVERIES.get(fault.how, send_whole)
                await deliver(fault, body, send, gone)
        finally:
            gone.cancel()


class Rewrite:
    """Answers with what a fault makes of the JSON of the portal's own answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, in other words if it has met such a fault."""
        fault: Fault | None = scope.get("fault")
        if fault is None:
            await self.app(scope, receive, send)
            return
        start, body = await _whole_answer(self.app, scope, receive)
        headers = MutableHeaders(scope=start)
        if start["status"] == 200 and "json" in headers.get("Content-Type", ""):
            meant = answers.Meant(_kinds_of(headers, fault.column), fault.is_drawn)
            text = await run_in_threadpool(answers.rewrite, body.decode(), fault.kind, fault.how, meant)
            body = text.encode()
        await send(start)
        await send(part(body, more=False))


async def _whole_answer(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
    """Return how an application's answer starts, and its body."""
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, keep)
    return messages[0], b"".join(message.get("body", b"") for message in messages[1:])


def _unpacked(scope: Scope) -> Scope:
    """Return a request that takes no packed body."""
    headers = [(name, value) for name, value in scope["headers"] if name.lower() != b"accept-encoding"]
    return {**scope, "headers": headers}


def _kinds_of(headers: MutableHeaders, column: str) -> dict[str, str]:
    """Return the types of an answer's columns, or of the only one that is meant."""
    names, types = (json.loads(headers.get(f"X-SODA2-{name}", "[]")) for name in ("Fields", "Types"))
    kinds = dict(zip(names, types, strict=True))
    return {name: kind for name, kind in kinds.items() if column in {"", name}}


def _out_of_date(send: Send) -> Send:
    """Return a way to send answers that call themselves out of date."""

    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["X-SODA2-Data-Out-Of-Date"] = "true"
        await send(message)

    return marked
