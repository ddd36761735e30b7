"""One thing that goes wrong, the requests that meet it, and all that goes wrong at a portal."""

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from starlette.datastructures import Headers
from starlette.types import Scope

from sample_portal.errors import PortalFault
from sample_portal.faults import answers, codings

WAYS: Mapping[str, tuple[str, ...]] = {
    "429": ("seconds", "date"),
    "500": ("",),
    "502": ("",),
    "503": ("seconds", "date"),
    "202": ("seconds", "date"),
    "408": ("",),
    "cut": ("chunked", "length", "gzip"),
    "slow": ("",),
    "empty": ("",),
    "html": ("200", "503"),
    "stale": ("empty", "before"),
    "token": ("",),
    "gone": ("",),
    "private": ("",),
    "hold": ("",),
    "change": ("",),
    "column": ("",),
    "token_required": ("permission_denied", "authentication_required", "401"),
    **answers.WAYS,
    "silent": (*answers.WAYS["silent"], "before"),
    "transfer": (*codings.CODINGS, "tiny", "until_close"),
}
_TOKEN_KINDS = frozenset({"token", "token_required"})


@dataclass(eq=False)
class Fault:
    """One thing that goes wrong, and for which requests.

    Parameters
    ----------
    kind
        One of ``WAYS``; ``token`` meets only requests that carry an app token.
    path
        Text that ``path?query`` of the request must hold, with or without its percent signs.
    times
        How many requests meet it; None for all.
    share, column
        Which rows and which column of an answer are written in another way; all by default.
    rate
        Instead of ``times``, the share of requests that meet it, drawn by ``seed``.
    call
        What ``change`` does before the request is answered.
    """

    kind: str
    path: str = ""
    times: int | None = 1
    rate: float | None = None
    retry_after_s: int | None = None
    how: str = ""
    pause_s: float = 0.05
    seed: int = 1
    call: Callable[[], object] | None = None
    share: float = 1.0
    column: str = ""
    met: int = field(default=0, init=False)
    seen: int = field(default=0, init=False, repr=False)
    reached: threading.Event = field(default_factory=threading.Event, init=False, repr=False)
    release: threading.Event = field(default_factory=threading.Event, init=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse a kind or a way that does not exist."""
        if self.kind not in WAYS:
            raise PortalFault(f"There is no fault {self.kind!r}: expected one of {', '.join(WAYS)}.")
        self.how = self.how or WAYS[self.kind][0]
        if self.kind == "column" and not self.column:
            raise PortalFault("Fault column needs the name of a column: column=sector.")
        if self.how not in WAYS[self.kind]:
            raise PortalFault(
                f"Fault {self.kind} has no way {self.how!r}: expected one of {', '.join(WAYS[self.kind])}."
            )

    def fits(self, scope: Scope) -> bool:
        """Whether a request meets the fault; it counts when it does."""
        address = f"{scope['path']}?{scope['query_string'].decode('latin-1')}"
        if self.path not in address and self.path not in unquote_plus(address):
            return False
        if self.kind in _TOKEN_KINDS and _carries_token(scope, address) != (self.kind == "token"):
            return False
        if self.kind == "column" and self.column not in unquote_plus(address):
            return False
        if self.rate is not None:
            self.seen += 1
            is_met = _lot(self.seed, self.seen) < self.rate
        else:
            is_met = self.times is None or self.met < self.times
        self.met += is_met
        return is_met

    def is_drawn(self, place: int) -> bool:
        """Whether the row at a place of an answer is one of its share."""
        return self.share >= 1 or _lot(self.seed, place) < self.share

    def described(self) -> dict[str, Any]:
        """Return what people want to know of it."""
        names = ("kind", "how", "path", "column", "times", "rate", "share", "met")
        return {name: getattr(self, name) for name in names}


class Faults:
    """The faults of a portal, in the order in which they were added.

    Parameters
    ----------
    keep_rows
        Keeps the rows as they are now, for a replica that will be out of date.
    """

    def __init__(self, keep_rows: Callable[[], None]) -> None:
        self.keep_rows = keep_rows
        self.faults: list[Fault] = []
        self.lock = threading.Lock()

    def add(self, fault: Fault) -> Fault:
        """Let requests meet a fault from now on; return it."""
        if fault.how == "before":
            self.keep_rows()
        with self.lock:
            self.faults.append(fault)
        return fault

    def clear(self) -> None:
        """Let nothing go wrong any more, and let go what is held."""
        with self.lock:
            for fault in self.faults:
                fault.release.set()
            self.faults.clear()

    def meet(self, scope: Scope) -> Fault | None:
        """Return the fault that a request meets."""
        with self.lock:
            return next((fault for fault in self.faults if fault.fits(scope)), None)

    def described(self) -> list[dict[str, Any]]:
        """Return what people want to know of each."""
        with self.lock:
            return [fault.described() for fault in self.faults]


def _lot(seed: int, number: int) -> float:
    """Return a number from 0 to 1 that is the same for the same seed and request."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{number}".encode()).digest()[:8]) / 2**64


def _carries_token(scope: Scope, address: str) -> bool:
    """Whether a request names an app token."""
    return "$$app_token=" in unquote_plus(address) or "X-App-Token" in Headers(scope=scope)
