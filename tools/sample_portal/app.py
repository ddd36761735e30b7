"""The portal over HTTP: addresses, headers and bodies as Socrata's."""

import hashlib
import json
import secrets
import zlib
from collections.abc import Iterator
from datetime import UTC
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

import duckdb
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sample_portal import control, errors, metadata, page, render, soql
from sample_portal.datasets import REPORTS_ID, Dataset
from sample_portal.misbehave import DATA_PATHS, Misbehave
from sample_portal.store import Store

JSON_TYPE = "application/json;charset=utf-8"
CSV_TYPE = "text/csv;charset=utf-8"
GEOJSON_TYPE = "application/vnd.geo+json;charset=utf-8"
# Beyond so many characters the portal leaves its headers of names and types away.
HEADER_CHARACTERS = 5000
FASTEST = 1
TOKEN_HEADER, TOKEN_PARAMETER = "X-App-Token", "$$app_token"
SYSTEM_PARAMETER = "$$exclude_system_fields"


def make_app(store: Store, app_tokens: tuple[str, ...] = ()) -> Starlette:
    """Return the application that serves a store.

    Parameters
    ----------
    app_tokens
        Tokens that are accepted; any other is refused, and none at all is fine.
    """
    app = Starlette(
        routes=[
            Route("/", home),
            Route("/healthz", health),
            Route("/resource/{name}", resource),
            Route("/api/views/{name}", view),
            Route("/api/views/{dataset_id}/columns.json", view_columns),
            Route("/api/views/{dataset_id}/rows.csv", export),
            *control.ROUTES,
        ],
        middleware=[Middleware(CountRequests, store=store), Middleware(Misbehave, faults=store.faults)],
        exception_handlers={errors.Refused: refuse, duckdb.Error: query_failed, 404: not_found},
    )
    app.state.store = store
    app.state.app_tokens = frozenset(app_tokens)
    return app


class CountRequests:
    """Counts what is asked of the datasets."""

    def __init__(self, app: ASGIApp, store: Store) -> None:
        self.app = app
        self.store = store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, counted."""
        if scope["type"] == "http" and scope["path"].startswith(DATA_PATHS):
            query = scope["query_string"].decode("latin-1")
            self.store.note_request(f"{scope['path']}?{query}" if query else scope["path"])
        await self.app(scope, receive, send)


def home(request: Request) -> Response:
    """Say what this is, with examples to click."""
    return HTMLResponse(page.home(request.app.state.store, str(request.base_url).rstrip("/")))


def health(request: Request) -> Response:
    """Answer once there are reports to serve."""
    request.app.state.store.execute("select 1 from reports limit 1")
    return PlainTextResponse("ok")


def resource(request: Request) -> Response:
    """Answer a query of a dataset as JSON, CSV or GeoJSON; one that met columns in the middle of a change anew."""
    check_token(request)
    try:
        return answer_query(request)
    except duckdb.Error:
        # Its columns were those before or after a change, the table's the other ones: the lock waits for the change's end.
        store: Store = request.app.state.store
        with store.lock:
            return answer_query(request)


def answer_query(request: Request) -> Response:
    """Answer a query with the columns that the dataset has now; duckdb.Error if its rows do not fit them."""
    dataset_id, _, suffix = request.path_params["name"].partition(".")
    dataset = find(request, dataset_id)
    query = soql.compile_query(dataset, clauses(request))
    if suffix == "csv":
        body, content_type = csv_body(request, query), CSV_TYPE
    elif suffix == "geojson":
        body, content_type = geojson_body(request, query), GEOJSON_TYPE
    elif suffix in {"", "json"}:
        body, content_type = json_body(request, query), JSON_TYPE
    else:
        raise errors.front_error(406, "not-acceptable", f"No such format: {suffix}")
    return answer(request, body, content_type, fields_of(query))


def clauses(request: Request) -> dict[str, str]:
    """Return the parameters of a query without those that are for the servers before the engine."""
    given = dict(request.query_params.items())
    given.pop(TOKEN_PARAMETER, None)
    if (
        given.pop(SYSTEM_PARAMETER, "true").lower() == "false"
        and "$select" not in given
        and "$query" not in given
    ):
        given["$select"] = ":*,*"
    return given


def view(request: Request) -> Response:
    """Answer the metadata of a dataset."""
    check_token(request)
    dataset = find(request, request.path_params["name"].removesuffix(".json"))
    return answer(
        request, iter([json.dumps(metadata.view(request.app.state.store, dataset)) + "\n"]), JSON_TYPE
    )


def view_columns(request: Request) -> Response:
    """Answer the metadata of a dataset's columns."""
    check_token(request)
    dataset = find(request, request.path_params["dataset_id"])
    return answer(request, iter([json.dumps(metadata.columns(dataset)) + "\n"]), JSON_TYPE)


def export(request: Request) -> Response:
    """Answer the whole dataset as CSV for people."""
    check_token(request)
    dataset = find(request, request.path_params["dataset_id"])
    store: Store = request.app.state.store
    sql = render.display_rows(dataset.table, dataset.columns, is_old=store.form == "historic")
    header = ",".join(column.title for column in dataset.columns) + "\n"
    return answer(request, lines(store, sql, header), CSV_TYPE)


def find(request: Request, dataset_id: str) -> Dataset:
    """Return a dataset, or refuse one that does not exist."""
    store: Store = request.app.state.store
    dataset = store.dataset(dataset_id)
    if dataset is None:
        raise errors.dataset_missing(dataset_id)
    if "is_before" in request.scope and dataset_id == REPORTS_ID:
        return store.before
    return dataset


def check_token(request: Request) -> None:
    """Refuse an app token that is not known."""
    token = request.headers.get(TOKEN_HEADER) or request.query_params.get(TOKEN_PARAMETER)
    if token and token not in request.app.state.app_tokens:
        raise errors.invalid_token()


def json_body(request: Request, query: soql.Query) -> Iterator[str]:
    """Yield an array of objects, one a line."""
    yield from enclosed(request.app.state.store, render.json_rows(query), "[", "\n,", "]\n")


def geojson_body(request: Request, query: soql.Query) -> Iterator[str]:
    """Yield a FeatureCollection."""
    crs = '"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:OGC:1.3:CRS84"}}'
    start, end = '{"type":"FeatureCollection","features":[', f"],{crs}}}\n"
    yield from enclosed(request.app.state.store, render.geojson_rows(query), start, "\n,", end)


def csv_body(request: Request, query: soql.Query) -> Iterator[str]:
    """Yield lines of CSV."""
    yield from lines(request.app.state.store, render.csv_rows(query), render.csv_header(query.fields))


def enclosed(store: Store, sql: str, start: str, between: str, end: str) -> Iterator[str]:
    """Yield the rows of a query with something before, between and after them."""
    before = start
    for chunk in store.texts(sql):
        yield before + between.join(chunk)
        before = between
    yield end if before == between else start + end


def lines(store: Store, sql: str, header: str) -> Iterator[str]:
    """Yield a header and the rows of a query, a line each."""
    yield header
    for chunk in store.texts(sql):
        yield "\n".join(chunk) + "\n"


def fields_of(query: soql.Query) -> dict[str, str]:
    """Return the headers that name the columns of an answer and their types, unless they are too long."""
    names = errors.to_json([field.name for field in query.fields])
    types = errors.to_json([field.kind for field in query.fields])
    if len(names) + len(types) >= HEADER_CHARACTERS or not names.isascii():
        return {}
    return {
        "X-SODA2-Fields": names,
        "X-SODA2-Types": types,
        "X-SODA2-Warning": "X-SODA2-Fields and X-SODA2-Types are deprecated. Use the c-values API instead.",
    }


def answer(
    request: Request, body: Iterator[str], content_type: str, more: dict[str, str] | None = None
) -> Response:
    """Answer with a body that comes in pieces; 304 if the client has it already."""
    store: Store = request.app.state.store
    headers = standing_headers(request, store) | (more or {})
    if is_known(request, headers["ETag"], store):
        return Response(status_code=304, headers=headers)
    # What DuckDB refuses it refuses before the first row; after that the status is sent.
    first = next(body)
    pieces: Iterator[bytes] = encoded(first, body)
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
        pieces = packed(pieces)
    return StreamingResponse(pieces, headers={**headers, "Content-Type": content_type})


def is_known(request: Request, tag: str, store: Store) -> bool:
    """Whether the client has an answer already: by its tag, or without one by the time."""
    if "If-None-Match" in request.headers:
        return tag in request.headers["If-None-Match"]
    try:
        since = parsedate_to_datetime(request.headers["If-Modified-Since"])
    except (KeyError, ValueError):
        return False
    return store.rows_updated_at.replace(microsecond=0, tzinfo=UTC) <= since


def standing_headers(request: Request, store: Store) -> dict[str, str]:
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
        "Vary": "Accept, Accept-Encoding",
    }


def encoded(first: str, rest: Iterator[str]) -> Iterator[bytes]:
    """Yield pieces of text as bytes."""
    yield first.encode()
    for piece in rest:
        yield piece.encode()


def packed(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield pieces packed with gzip."""
    packer = zlib.compressobj(level=FASTEST, wbits=zlib.MAX_WBITS | 16)
    for piece in pieces:
        if ready := packer.compress(piece):
            yield ready
    yield packer.flush()


def refuse(_: Request, refused: Exception) -> Response:
    """Send a refusal."""
    status, body = (refused.status, refused.body) if isinstance(refused, errors.Refused) else (500, "")
    return Response(body, status, {"Content-Type": JSON_TYPE, "X-Socrata-RequestId": secrets.token_hex(12)})


def query_failed(request: Request, failed: Exception) -> Response:
    """Answer a query that fits the columns and not their values."""
    message = str(failed).splitlines()[0]
    return refuse(request, errors.front_error(400, "query.execution.failed", message))


def not_found(request: Request, _: Any) -> Response:
    """Answer an address that does not exist."""
    return refuse(request, errors.front_error(404, "not_found", f"Cannot find {request.url.path}"))
