"""A dashboard as a file at ``/report/<slug>.pdf`` and ``.png``: as the person who asks sees it, drawn by Chromium on the server."""

import fcntl
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import report_browser
from flask import Blueprint, Response, abort, g, redirect, request
from flask_jwt_extended import verify_jwt_in_request
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

log = logging.getLogger(__name__)

TYPES = {"pdf": "application/pdf", "png": "image/png"}


def blueprint(folder: Path) -> Blueprint:
    """Return the blueprint that serves ``/report/<slug>.<kind>``; ``native_filters_key`` names the chosen filters.

    A report takes a browser and ten seconds of a processor, so one is made at a time.

    Parameters
    ----------
    folder
        Where a file says that one is being made; all processes of the server use it.
    """
    pages = Blueprint("report", __name__)

    @pages.route("/report/<slug>.<any(pdf, png):kind>")
    def report(slug: str, kind: str) -> AnyResponse:
        user = current_user if current_user.is_authenticated else _bearer()
        refusal = _refusal(slug, user)
        if refusal is not None:
            return refusal
        programs = report_browser.programs()
        if programs is None:
            return _sorry(
                501, "Reports need Chromium on the server. On Debian: apt install chromium chromium-driver"
            )
        # The address that this server listens on, whatever the proxy before it is called.
        server = f"http://127.0.0.1:{request.environ['SERVER_PORT']}"
        with _alone(folder / "report.lock") as is_alone:
            if not is_alone:
                return _sorry(503, "Another report is being made. Try again in half a minute.")
            try:
                content = report_browser.draw(
                    programs, server, slug, request.args.get("native_filters_key"), _cookies(user), kind
                )
            except report_browser.NotDrawn as failure:
                log.exception("No report of %s", slug)
                return _sorry(502, f"The report could not be made. {failure}")
        headers = {"Content-Disposition": f'inline; filename="{slug}.{kind}"', "Cache-Control": "no-store"}
        return Response(content, mimetype=TYPES[kind], headers=headers)

    return pages


def _bearer() -> Any:
    """Return the login of a program, which sends a token; None without one."""
    verify_jwt_in_request(optional=True)
    return g.user if getattr(g, "user", None) and g.user.is_authenticated else None


def _refusal(slug: str, user: Any) -> AnyResponse | None:
    """Return what to answer to people who may not see the dashboard."""
    # Superset's models can be imported when it runs, and its settings are read before.
    from superset import security_manager
    from superset.exceptions import SupersetSecurityException
    from superset.models.dashboard import Dashboard

    dashboard = Dashboard.get(slug)
    if dashboard is not None and dashboard.slug != slug:
        # By its number, which differs from server to server.
        dashboard = None
    try:
        if dashboard is not None:
            security_manager.raise_for_access(dashboard=dashboard)
    except SupersetSecurityException:
        dashboard = None
    if dashboard is None and user is None:
        return redirect(f"/login/?{urlencode({'next': request.full_path})}")
    if dashboard is None:
        abort(404)
    return None


def _cookies(user: Any) -> dict[str, str]:
    """Return a session of the person's own for the browser; none for people without a login."""
    from superset.extensions import machine_auth_provider_factory

    return machine_auth_provider_factory.instance.get_auth_cookies(user) if user is not None else {}


@contextmanager
def _alone(path: Path) -> Iterator[bool]:
    """Tell whether nobody else is in here, in any process."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _sorry(status: int, sentence: str) -> Response:
    return Response(sentence + "\n", status, {"Cache-Control": "no-store"}, mimetype="text/plain")
