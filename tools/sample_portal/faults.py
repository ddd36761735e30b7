"""What the portal does wrong on demand, as Socrata's portals were seen to do it.

::

    store.faults.add(Fault("429", times=2, retry_after_s=1))        # the next two requests; times=None: all
    store.faults.add(Fault("cut", path="$order=:id", how="gzip"))   # the next one whose path?query holds this text
    store.faults.add(Fault("503", rate=0.2))                        # a fifth of the requests, the same ones by seed
    held = store.faults.add(Fault("hold"))                          # held.reached, held.release: threading.Event
    store.faults.add(Fault("change", call=lambda: live.pass_week(store)))
    store.faults.clear()

    store.faults.add(Fault("silent", path="newer", how="half"))     # half of the rows, and nothing says so
    store.faults.add(Fault("dates", how="z", times=None, share=0.01, column="rep_date"))

A request meets the first fault that fits; ``fault.met`` counts them. Of an answer whose rows are written in another way
``share`` is the share of rows, drawn by ``seed``, and ``column`` the only column. Kinds that come in several ways
(``how``; the first is the default):

==============  ==============================================================================================
429, 503, 202   ``seconds`` (Retry-After in seconds) or ``date`` (as an HTTP date)
cut             ``chunked``: the connection ends without the last chunk; ``length``: before the Content-Length
                is reached; ``gzip``: the answer ends as it should, the gzip stream in it does not
html            ``200`` or ``503``: the status of the page
stale           ``empty``: no rows; ``before``: the rows as they were when the fault was added; a header says so
silent          ``empty``, ``half`` (the first half of the rows, features or columns) or ``before``; nothing says so
column          400 that names ``column`` as unknown, for queries that name it, whatever the metadata say
token           403 for requests with an app token, as for an unknown one
token_required  ``permission_denied``, ``authentication_required`` (403) or ``401``, for requests without a token
numbers         ``decimal`` 5.0, ``cents`` 5.00, ``zeros`` 05, ``exponent`` 5e0, ``plus`` +5, ``json`` (no quotes)
dates           ``z``, ``offset`` (+00:00), ``local`` (-06:00, not for :updated_at), ``short`` (no zeros at the end
                of the fraction), ``micro`` (six digits), ``day`` (no time where it is midnight), ``blank`` (no T)
shape           ``error`` (an error object with status 200), ``null``, ``text``, ``number``, ``wrapped``, ``listed``
rows            ``object`` (the first row alone), ``pairs``, ``null_rows``, ``lists``; of each row ``renamed`` (its last
                key), ``missing``, ``upper``, ``nested``, ``arrays``, ``nulls``, ``empty_text``
geometry        of a map's features: ``null``, ``missing`` coordinates, ``polygon``, ``collection``, ``point``, ``empty``
map             ``no_features``, ``null_features``, ``no_properties``
metadata        ``no_columns``, ``null_columns``, ``no_column_left``, ``null_column``, ``null_fields``,
                ``null_values``, ``text_times``
spelling        ``blanks`` (around colons), ``tabs``, ``pretty``, ``ascii``, ``order`` (of keys), ``bom``, ``escapes`` (in
                keys), ``twice`` (the first key, first with null)
transfer        gzip: ``members``, ``padded`` (zeros behind it), ``header`` (with every field); Content-Encoding:
                ``x-gzip``, ``upper``, ``deflate``, ``raw_deflate``, ``identity``, ``plain`` (none), ``twice``;
                ``tiny`` (chunks of a few bytes), ``until_close`` (no length, no chunks)
==============  ==============================================================================================

Single values are set in the data: ``live.send_as``.
"""

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote_plus

from starlette.responses import HTMLResponse, Response
from starlette.types import Scope

from sample_portal import answers, errors, packing

PAGE = "<!doctype html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>\n"
JSON_TYPE = "application/json;charset=utf-8"
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
    "transfer": (*packing.CODINGS, "tiny", "until_close"),
}
TOKEN_KINDS = frozenset({"token", "token_required"})
TOKEN_REQUIRED: Mapping[str, errors.Refused] = {
    "permission_denied": errors.front_error(403, "permission_denied", "App token required"),
    "authentication_required": errors.front_error(
        403, "authentication_required", "An app_token is required to use this API"
    ),
    "401": errors.front_error(401, "authentication_required", "You must provide an app token or log in"),
}
# SOURCE: soda-fountain's responses.scala, https://dev.socrata.com/docs/response-codes.html, and answers quoted in public.
REFUSALS: Mapping[str, errors.Refused] = {
    "202": errors.front_error(202, "accepted", "Request processing, retry; when complete you get 200"),
    "408": errors.front_error(408, "request-timeout", "Request timed out"),
    "429": errors.front_error(429, "too-many-requests", "Too many requests"),
    "500": errors.front_error(500, "internal-error", "Internal error"),
    "503": errors.front_error(503, "service-unavailable", "Service unavailable"),
    "token": errors.invalid_token(),
    "private": errors.front_error(403, "permission_denied", "You must be logged in to access this resource"),
}


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
            raise errors.PortalFault(f"There is no fault {self.kind!r}: expected one of {', '.join(WAYS)}.")
        self.how = self.how or WAYS[self.kind][0]
        if self.kind == "column" and not self.column:
            raise errors.PortalFault("Fault column needs the name of a column: column=sector.")
        if self.how not in WAYS[self.kind]:
            raise errors.PortalFault(
                f"Fault {self.kind} has no way {self.how!r}: expected one of {', '.join(WAYS[self.kind])}."
            )

    def fits(self, scope: Scope) -> bool:
        """Whether a request meets the fault; it counts when it does."""
        address = f"{scope['path']}?{scope['query_string'].decode('latin-1')}"
        if self.path not in address and self.path not in unquote_plus(address):
            return False
        if self.kind in TOKEN_KINDS and carries_token(scope, address) != (self.kind == "token"):
            return False
        if self.kind == "column" and self.column not in unquote_plus(address):
            return False
        if self.rate is not None:
            self.seen += 1
            is_met = lot(self.seed, self.seen) < self.rate
        else:
            is_met = self.times is None or self.met < self.times
        self.met += is_met
        return is_met

    def is_drawn(self, place: int) -> bool:
        """Whether the row at a place of an answer is one of its share."""
        return lot(self.seed, place) < self.share

    def told(self) -> dict[str, Any]:
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

    def told(self) -> list[dict[str, Any]]:
        """Return what people want to know of each."""
        with self.lock:
            return [fault.told() for fault in self.faults]


def lot(seed: int, number: int) -> float:
    """Return a number from 0 to 1 that is the same for the same seed and request."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{number}".encode()).digest()[:8]) / 2**64


def carries_token(scope: Scope, address: str) -> bool:
    """Whether a request names an app token."""
    return "$$app_token=" in unquote_plus(address) or any(
        name.lower() == b"x-app-token" for name, _ in scope["headers"]
    )


def refusal(fault: Fault, scope: Scope) -> errors.Refused | None:
    """Return the refusal that a fault gives, if it is one."""
    if fault.kind == "token_required":
        return TOKEN_REQUIRED[fault.how]
    if fault.kind == "column":
        return errors.no_such_column(fault.column, errors.Place(f"SELECT `{fault.column}`", len("SELECT `")))
    if fault.kind == "gone":
        return errors.dataset_missing(scope["path"].split("/")[-1].partition(".")[0])
    return REFUSALS.get(fault.kind)


def instead(fault: Fault, scope: Scope) -> Response | None:
    """Return the answer that a fault gives in place of the portal's; None for one that spoils the portal's own."""
    if refused := refusal(fault, scope):
        return Response(refused.body, refused.status, retry_after(fault), JSON_TYPE)
    if fault.kind == "502":
        return HTMLResponse(PAGE.format("502 Bad Gateway"), 502)
    if fault.kind == "html":
        return HTMLResponse(PAGE.format("We will be back soon"), int(fault.how))
    if fault.kind == "empty":
        return Response(b"", 200, media_type=JSON_TYPE)
    if (fault.kind, fault.how) == ("stale", "empty"):
        return Response("[]\n", 200, {"X-SODA2-Data-Out-Of-Date": "true"}, JSON_TYPE)
    return None


def retry_after(fault: Fault) -> dict[str, str]:
    """Return the header Retry-After if the fault has one."""
    if fault.retry_after_s is None:
        return {}
    if fault.how == "date":
        moment = datetime.now(UTC) + timedelta(seconds=fault.retry_after_s)
        return {"Retry-After": format_datetime(moment, usegmt=True)}
    return {"Retry-After": str(fault.retry_after_s)}
