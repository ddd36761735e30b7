"""Ask the portal over HTTP: one judgement of its answers for every client of ours."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import tenacity
import urllib3

from austin_crime import config

log = logging.getLogger(__name__)

# SOURCE: https://dev.socrata.com/docs/response-codes.html; 202 means "still processing, ask again".
BUSY_STATUSES = frozenset({202, 408, 429, 500, 502, 503, 504})


# What a body that breaks off, or is not packed as its header says, raises in requests and below it.
BROKEN_BODY = (
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
    requests.ConnectionError,
    requests.Timeout,
    urllib3.exceptions.HTTPError,
)

_on_answer: ContextVar[Callable[[], None]] = ContextVar("on_answer", default=lambda: None)
# App tokens that the portal has refused, warned of once.
_rejected_tokens: set[str] = set()


class PortalBusy(Exception):
    """The portal asks for patience; the same request may succeed later."""

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class PortalStale(PortalBusy):
    """A replica answered that it is out of date: its answer must not be read as "no news"."""


class TokenRejected(Exception):
    """The portal refuses the app token; the same request works without one."""


class PortalAnswer(Exception):
    """The portal answered something that asking again does not change."""


def judge_answer(response: requests.Response) -> None:
    """Raise what the status and headers of an answer mean; return for one that can be read.

    Raises
    ------
    PortalBusy, PortalStale, TokenRejected, PortalAnswer
        With the address, the status and the beginning of the body.
    """
    status = response.status_code
    if status == 200:
        if response.headers.get("X-SODA2-Data-Out-Of-Date", "false").lower() == "true":
            raise PortalStale(
                f"{response.url}: this replica of the portal is out of date; ask again in some minutes."
            )
        return
    said = f"{response.url}: expected status 200, came {status}: {response.text[:300]!r}"
    if status in BUSY_STATUSES:
        raise PortalBusy(said, retry_after_s(response))
    if status == 403 and "app_token" in response.text and "X-App-Token" in response.request.headers:
        raise TokenRejected(said)
    hint = (
        "The query does not fit the dataset; its columns may have changed while we read: trigger a new run."
        if status == 400
        else "Look at the address in a browser; the dataset may have been moved or made private."
    )
    raise PortalAnswer(f"{said}. {hint}")


def retry_after_s(response: requests.Response) -> float | None:
    """Return the header Retry-After in seconds, given as seconds or as an HTTP date; None if absent or neither."""
    value = response.headers.get("Retry-After", "")
    try:
        return max(0.0, float(value))
    except ValueError:
        pass  # not a number: a date
    try:
        until, said_at = parsedate_to_datetime(value), parsedate_to_datetime(response.headers.get("Date", ""))
        return max(0.0, (until - said_at).total_seconds())
    except (TypeError, ValueError):
        return None


def headers() -> dict[str, str]:
    """Return the headers of every request: who asks, and the app token unless the portal has refused it."""
    token = config.app_token()
    known = {"X-App-Token": token} if token and token not in _rejected_tokens else {}
    # The landing keeps gzip as it came, and no other packing.
    return {"User-Agent": "austin-crime-warehouse", "Accept-Encoding": "gzip", **known}


def is_token_rejected() -> bool:
    """Whether the portal has refused the app token."""
    return config.app_token() in _rejected_tokens


def leave_token_out() -> None:
    """Ask without the app token from now on: the portal has refused it to another process, which warned of it."""
    token = config.app_token()
    if token:
        _rejected_tokens.add(token)


def do_without_token() -> None:
    """Warn that the portal rejects the app token, once, and ask without it from now on."""
    token = config.app_token()
    if token and token not in _rejected_tokens:
        _rejected_tokens.add(token)
        log.warning("the portal rejects AUSTIN_CRIME_APP_TOKEN; asking without it")


def wait_s(state: tenacity.RetryCallState) -> float:
    """Return how long to wait before the next try: as Retry-After says, else longer from try to try; both with jitter."""
    error = state.outcome.exception() if state.outcome else None
    told = getattr(error, "retry_after_s", None)
    if told is not None:
        jitter = tenacity.wait_random(0, config.portal_wait_s())(state)
        return float(min(told, config.LONGEST_WAIT_S) + jitter)
    return tenacity.wait_exponential_jitter(
        multiplier=config.portal_wait_s(), jitter=config.portal_wait_s(), max=config.LONGEST_WAIT_S
    )(state)


def note_wait(state: tenacity.RetryCallState) -> None:
    """Log why and how long the portal is waited for, and give a sign of life."""
    tenacity.before_sleep_log(log, logging.WARNING)(state)
    _on_answer.get()()


# Decorates what asks the portal: tries again while it is busy, then raises its last error.
patient = tenacity.retry(
    retry=tenacity.retry_if_exception_type(PortalBusy),
    stop=lambda state: state.attempt_number >= config.PORTAL_TRIES,
    wait=wait_s,
    before_sleep=note_wait,
    reraise=True,
)


@contextmanager
def on_every_answer(call: Callable[[], None]) -> Iterator[None]:
    """Have something called at each answer of the portal while the context lasts, such as a sign of life."""
    token = _on_answer.set(call)
    try:
        yield
    finally:
        _on_answer.reset(token)


def get(path: str, params: dict[str, str] | None = None, *, stream: bool = False) -> requests.Response:
    """Ask the portal once; a rejected app token is warned of and done without.

    Parameters
    ----------
    path
        Beginning with a slash.
    params
        SoQL clauses such as ``$select``.
    stream
        Leave the body to be read in pieces.
    """
    response = send(path, params, stream)
    try:
        judge_answer(response)
    except TokenRejected:
        do_without_token()
        response = send(path, params, stream)
        judge_answer(response)
    return response


def send(path: str, params: dict[str, str] | None, stream: bool) -> requests.Response:
    """Send a request, and tell of its answer; PortalBusy if there is none."""
    address = config.source_url() + path
    timeout = (config.CONNECT_TIMEOUT_S, config.QUERY_TIMEOUT_S)
    try:
        response = requests.get(address, params=params, headers=headers(), timeout=timeout, stream=stream)
    except BROKEN_BODY as error:
        raise PortalBusy(f"{address}: no whole answer came ({error}).") from error
    _on_answer.get()()
    return response


@patient
def get_json(path: str, params: dict[str, str] | None = None) -> Any:
    """Ask the portal for JSON and return it read; PortalBusy if the body is none."""
    response = get(path, params)
    try:
        return response.json()
    except requests.JSONDecodeError as error:
        raise PortalBusy(f"{response.url}: expected JSON, came {response.text[:200]!r}") from error


def query(select: str, **clauses: str) -> list[dict[str, str]]:
    """Ask the dataset a SoQL query, ``query("count(*)", where="...", group="...", order="...")``."""
    params = {"$select": select, **{f"${name}": clause for name, clause in clauses.items()}}
    rows: list[dict[str, str]] = get_json(f"/resource/{config.DATASET_ID}.json", params)
    return rows
