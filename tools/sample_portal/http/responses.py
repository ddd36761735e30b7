"""Answers to good requests: headers, conditional requests, and bodies that come in pieces."""

import hashlib
import secrets
from collections.abc import Iterator
from datetime import UTC
from email.utils import format_datetime, parsedate_to_datetime
from itertools import chain

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from sample_portal import errors
from sample_portal.data.store import Store
from sample_portal.soql.query import Query

# Beyond so many characters the portal leaves its headers of names and types away.
_HEADER_CHARACTERS = 5000


def answer(
    request: Request, body: Iterator[str], content_type: str, more: dict[str, str] | None = None
) -> Response:
    """Answer with a body that comes in pieces; 304 if the client has it already."""
    store: Store = request.app.state.store
    headers = _standing_headers(request, store) | (more or {})
    if _is_known(request, headers["ETag"], store):
        return Response(status_code=304, headers=headers)
    # What DuckDB refuses it refuses before the first row; after that the status is sent.
    first = next(body)
    return StreamingResponse(chain([first], body), headers={**headers, "Content-Type": content_type})


def fields_of(query: Query) -> dict[str, str]:
    """Return the headers that name the columns of an answer and their types, unless they are too long."""
    names = errors.to_json([field.name for field in query.fields])
    types = errors.to_json([field.kind for field in query.fields])
    if len(names) + len(types) >= _HEADER_CHARACTERS or not names.isascii():
        return {}
    return {
        "X-SODA2-Fields": names,
        "X-SODA2-Types": types,
        "X-SODA2-Warning": "X-SODA2-Fields and X-SODA2-Types are deprecated. Use the c-values API instead.",
    }


def _is_known(request: Request, tag: str, store: Store) -> bool:
    """Whether the client has an answer already: by its tag, or without one by the time."""
    if "If-None-Match" in request.headers:
        return tag in request.headers["If-None-Match"]
    try:
        since = parsedate_to_datetime(request.headers["If-Modified-Since"])
    except (KeyError, ValueError):
        return False
    return store.rows_updated_at.replace(microsecond=0, tzinfo=UTC) <= since


def _standing_headers(request: Request, store: Store) -> dict[str, str]:
    """Return the headers of every good answer."""
    told = f"{request.url.path}?{request.url.query} {store.rows_updated_at} {store.change_count}"
    changed_at = store.rows_updated_at.replace(tzinfo=UTC)
    return {
        "ETag": f'W/"{hashlib.sha256(told.encode()).hexdigest()[:24]}"',
        "Last-Modified": format_datetime(changed_at, usegmt=True),
        "X-SODA2-Truth-Last-Modified": format_datetime(changed_at, usegmt=True),
        "X-SODA2-Secondary-Last-Modified": format_datetime(changed_at, usegmt=True),
        "X-SODA2-Data-Out-Of-Date": "false",
        "X-Socrata-RequestId": secrets.token_hex(12),
        "Access-Control-Allow-Origin": "*",
        "Vary": "Accept",
    }
