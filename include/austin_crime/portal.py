"""Ask the portal over HTTP: one judgement of its answers for every client of ours."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from austin_crime import config

log = logging.getLogger(__name__)

# SOURCE: https://dev.socrata.com/docs/response-codes.html; 202 means "still processing, ask again".
BUSY_STATUSES = frozenset({202, 408, 429, 500, 502, 503, 504})


_on_answer: ContextVar[Callable[[], None]] = ContextVar("on_answer", default=lambda: None)


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
    raise PortalAnswer(
        f"{said}. Look at the address in a browser; the dataset may have been moved or made private."
    )


def retry_after_s(response: requests.Response) -> float | None:
    """Return the header Retry-After in seconds, given as seconds or as an HTTP date; None if absent."""
    value = response.headers.get("Retry-After")
    if value is None:
        return None
    if value.isdigit():
        return float(value)
    said_at = parsedate_to_datetime(response.headers["Date"]) if "Date" in response.headers else None
    return max(0.0, (parsedate_to_datetime(value) - said_at).total_seconds()) if said_at else None


def headers() -> dict[str, str]:
    """Return the headers of every request: who asks, and the app token if there is one."""
    token = config.app_token()
    return {"User-Agent": "austin-crime-warehouse", **({"X-App-Token": token} if token else {})}


@contextmanager
def on_every_answer(call: Callable[[], None]) -> Iterator[None]:
    """Have something called at each answer of the portal while the context lasts, such as a sign of life."""
    token = _on_answer.set(call)
    try:
        yield
    finally:
        _on_answer.reset(token)


def get(path: str, params: dict[str, str] | None = None, *, stream: bool = False) -> requests.Response:
    """Ask the portal; a rejected app token is warned of and done without.

    Parameters
    ----------
    path
        Beginning with a slash.
    params
        SoQL clauses such as ``$select``.
    stream
        Leave the body to be read in pieces.
    """
    response = send(path, params, headers(), stream)
    try:
        judge_answer(response)
    except TokenRejected:
        log.warning("the portal rejects AUSTIN_CRIME_APP_TOKEN; asking without it")
        without_token = {name: value for name, value in headers().items() if name != "X-App-Token"}
        response = send(path, params, without_token, stream)
        judge_answer(response)
    return response


def send(
    path: str, params: dict[str, str] | None, with_headers: dict[str, str], stream: bool
) -> requests.Response:
    """Send a request, and tell of its answer."""
    timeout = (config.CONNECT_TIMEOUT_S, config.QUERY_TIMEOUT_S)
    response = requests.get(
        config.source_url() + path, params=params, headers=with_headers, timeout=timeout, stream=stream
    )
    _on_answer.get()()
    return response


def get_json(path: str, params: dict[str, str] | None = None) -> Any:
    """Ask the portal for JSON and return it read; PortalAnswer if the body is none."""
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
