"""The portal as an application: its addresses, the layers that a request passes, and its refusals."""

import secrets
from typing import Any

import duckdb
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sample_portal import errors
from sample_portal.data.store import Store
from sample_portal.faults.middleware import DATA_PATHS, Misbehave, Rewrite
from sample_portal.http import control, page, resources

_FASTEST = 1


def make_app(store: Store, app_tokens: tuple[str, ...] = ()) -> Starlette:
    """Return the application that serves a store.

    Parameters
    ----------
    app_tokens
        Tokens that are accepted; any other is refused, and none at all is fine.
    """
    app = Starlette(
        routes=[
            Route("/", _home),
            Route("/healthz", _health),
            Route("/resource/{name}", resources.resource),
            Route("/api/views/{name}", resources.view),
            Route("/api/views/{dataset_id}/columns.json", resources.view_columns),
            Route("/api/views/{dataset_id}/rows.csv", resources.export),
            *control.ROUTES,
        ],
        middleware=[
            Middleware(_CountRequests, store=store),
            Middleware(Misbehave, faults=store.faults),
            Middleware(GZipMiddleware, minimum_size=1, compresslevel=_FASTEST),
            Middleware(Rewrite),
        ],
        exception_handlers={errors.Refused: _refuse, duckdb.Error: _query_failed, 404: _not_found},
    )
    app.state.store = store
    app.state.app_tokens = frozenset(app_tokens)
    return app


class _CountRequests:
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


def _home(request: Request) -> Response:
    """Say what this is, with examples to click."""
    return HTMLResponse(page.home(request.app.state.store, str(request.base_url).rstrip("/")))


def _health(request: Request) -> Response:
    """Answer once there are reports to serve."""
    request.app.state.store.execute("select 1 from reports limit 1")
    return PlainTextResponse("ok")


def _refuse(_: Request, refused: Exception) -> Response:
    """Send a refusal."""
    status, body = (refused.status, refused.body) if isinstance(refused, errors.Refused) else (500, "")
    return Response(
        body, status, {"Content-Type": resources.JSON_TYPE, "X-Socrata-RequestId": secrets.token_hex(12)}
    )


def _query_failed(request: Request, failed: Exception) -> Response:
    """Answer a query that fits the columns and not their values."""
    message = str(failed).splitlines()[0]
    return _refuse(request, errors.front_error(400, "query.execution.failed", message))


def _not_found(request: Request, _: Any) -> Response:
    """Answer an address that does not exist."""
    return _refuse(request, errors.front_error(404, "not_found", f"Cannot find {request.url.path}"))
