"""Judge the portal's answers: what a status means, whether a body broke off, whether JSON has the expected shape."""

import errno
import json
from collections.abc import Collection, Iterator
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import requests
import urllib3

from austin_crime.errors import PortalAnswer, PortalBusy, PortalStale, TokenRejected

# SOURCE: https://dev.socrata.com/docs/response-codes.html; 202 means "still processing, ask again".
BUSY_STATUSES = frozenset({202, 408, 425, 429, 500, 502, 503, 504})
# Raised by requests and urllib3 if a body breaks off or is not compressed as its header says.
BROKEN_BODY = (
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
    requests.ConnectionError,
    requests.Timeout,
    urllib3.exceptions.HTTPError,
)
BODY_SHOWN = 200
# What a person can do about an answer that cannot be read.
ADVICE = "Trigger a new run, and look at the portal in a browser if it fails again."


def judge(response: requests.Response, what: str) -> None:
    """Raise the error that the status and headers of an answer stand for; return if the answer can be read.

    Raises
    ------
    PortalBusy, PortalStale, TokenRejected, PortalAnswer
        The message has what was requested, the status, the beginning of the body and what to do.
    """
    status = response.status_code
    if status == HTTPStatus.OK:
        if response.headers.get("X-SODA2-Data-Out-Of-Date", "false").lower() == "true":
            raise PortalStale(f"Asked for {what}: this replica of the portal is out of date.")
        return
    text = beginning(response)
    message = f"Asked for {what}, the portal answered with status {status}{_reason_phrase(status)}: {text!r}."
    if status in BUSY_STATUSES:
        raise PortalBusy(message, retry_after_s(response))
    if status in (401, 403) and "X-App-Token" in response.request.headers and _is_about_token(text):
        raise TokenRejected(message)
    raise PortalAnswer(f"{message} {_advice(status, text)}")


def beginning(response: requests.Response) -> str:
    """Return the beginning of a body as text; empty if it breaks off."""
    try:
        return next(response.iter_content(4096), b"").decode("utf-8", "replace")[:BODY_SHOWN].strip()
    except (*BROKEN_BODY, RuntimeError):
        return ""


def _reason_phrase(status: int) -> str:
    try:
        return f" ({HTTPStatus(status).phrase})"
    except ValueError:
        return ""


def _is_about_token(text: str) -> bool:
    return "token" in text.lower()


def _advice(status: int, text: str) -> str:
    """Return what a person can do about an answer that asking again does not change."""
    column = _column_refused(text) if status == HTTPStatus.BAD_REQUEST else None
    if column:
        return (
            f"The metadata name the column {column}, but queries do not accept it: the dataset is being changed. Trigger a new"
            " run later; if the error stays, the column was removed: adapt COLUMNS in contract.py."
        )
    if status == HTTPStatus.BAD_REQUEST:
        return "The query does not fit the dataset; its columns may have changed during the load: trigger a new run."
    if status in (401, 403) and _is_about_token(text):
        return (
            "The portal requires a valid app token: set AUSTIN_CRIME_APP_TOKEN (create a token in the portal's"
            " developer settings) and trigger a new run."
        )
    if status in (401, 403):
        return "The portal requires a login for the dataset: it may have been made private. Look at it in a browser."
    if status in (404, 410):
        return "The portal does not have the dataset: it may have been moved. Check AUSTIN_CRIME_SOURCE_URL, and look at the portal in a browser."
    return "Look at the portal in a browser, and check AUSTIN_CRIME_SOURCE_URL."


def _column_refused(text: str) -> str | None:
    """Return the column that a status 400 names in the shown part of its body, or None."""
    marker = "No such column: "
    return text.split(marker, 1)[1].split(";")[0].strip(" `\"'\\") if marker in text else None


def retry_after_s(response: requests.Response) -> float | None:
    """Return the header Retry-After in seconds, from seconds or an HTTP date; None if it is absent or unreadable."""
    value = response.headers.get("Retry-After", "")
    try:
        return max(0.0, float(value))
    except ValueError:
        pass  # not a number: a date
    try:
        until, sent_at = parsedate_to_datetime(value), parsedate_to_datetime(response.headers.get("Date", ""))
        return max(0.0, (until - sent_at).total_seconds())
    except (TypeError, ValueError):
        return None


def parse_json(response: requests.Response, what: str) -> Any:
    """Return a body parsed as JSON.

    Raises
    ------
    PortalBusy
        If it is not JSON, or an error object, which some servers send with status 200.
    """
    try:
        text = response.content.decode("utf-8-sig", "replace")
        answer = json.loads(text)
    except BROKEN_BODY as error:
        raise PortalBusy(f"Asked for {what}: the answer broke off ({reason(error)}).") from error
    except (ValueError, RecursionError) as error:
        raise PortalBusy(f"Asked for {what}: expected JSON, got {text[:BODY_SHOWN]!r}.") from error
    if _is_error_object(answer):
        raise PortalBusy(f"Asked for {what}, the portal answered with an error: {shown(answer)}.")
    return answer


def _is_error_object(answer: Any) -> bool:
    """Whether JSON is one of the two objects in which Socrata reports errors."""
    return isinstance(answer, dict) and bool(answer.get("error") or answer.get("errorCode"))


def expect_rows(answer: Any, what: str, keys: Collection[str] = ()) -> list[dict[str, Any]]:
    """Return an answer that is an array of objects with certain keys; PortalAnswer if it is not."""
    if not isinstance(answer, list):
        raise PortalAnswer(f"Asked for {what}: expected an array of objects, got {shown(answer)}. {ADVICE}")
    for row in answer:
        if not isinstance(row, dict) or not all(key in row for key in keys):
            named = f" with {', '.join(keys)}" if keys else ""
            raise PortalAnswer(f"Asked for {what}: expected objects{named}, got {shown(row)}. {ADVICE}")
    return answer


def expect_object(answer: Any, what: str, **types: type) -> dict[str, Any]:
    """Return an answer that is an object whose members have certain types; PortalAnswer if it is not."""
    if not isinstance(answer, dict):
        raise PortalAnswer(f"Asked for {what}: expected an object, got {shown(answer)}. {ADVICE}")
    for key, expected in types.items():
        if not isinstance(answer.get(key), expected):
            raise PortalAnswer(
                f"Asked for {what}: expected {key} to be of type {expected.__name__}, got {shown(answer.get(key))}."
                f" {ADVICE}"
            )
    return answer


def shown(answer: Any) -> str:
    """Return the beginning of JSON, for a message."""
    text = json.dumps(answer)
    return text if len(text) <= BODY_SHOWN else text[:BODY_SHOWN] + "…"


def reason(failure: BaseException) -> str:
    """Return in a few words why a request got no answer."""
    for cause in _causes(failure):
        if isinstance(cause, urllib3.exceptions.NameResolutionError):
            return "its host name cannot be resolved (check AUSTIN_CRIME_SOURCE_URL and the network)"
        if isinstance(cause, urllib3.exceptions.ProxyError):
            return "the proxy that HTTPS_PROXY or HTTP_PROXY names does not let us through"
        is_refused = isinstance(cause, urllib3.exceptions.NewConnectionError)  # its class says timeout
        if (
            isinstance(cause, requests.ConnectTimeout | urllib3.exceptions.ConnectTimeoutError)
            and not is_refused
        ):
            return "no connection in time"
        if isinstance(cause, requests.ReadTimeout | urllib3.exceptions.ReadTimeoutError):
            return "no answer in time after connecting"
        if isinstance(cause, OSError) and cause.errno:
            return "connection refused" if cause.errno == errno.ECONNREFUSED else str(cause.strerror)
    return f"{type(failure).__name__}: {str(failure)[:BODY_SHOWN]}"


def _causes(failure: BaseException) -> Iterator[BaseException]:
    """Yield a failure and its causes, however requests and urllib3 wrap them."""
    seen: set[int] = set()
    pending: list[BaseException] = [failure]
    while pending:
        cause = pending.pop(0)
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        wrapped = [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]
        pending += [item for item in wrapped if isinstance(item, BaseException)]
