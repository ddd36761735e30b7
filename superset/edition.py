"""The public edition at ``/edition/``: the page and files that the pipeline wrote, behind the switch of anonymous reading."""

import mimetypes
from pathlib import Path

from flask import Blueprint, Response, abort, redirect, send_from_directory, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

# Where the pipeline lets the newest edition stand; it never changes an edition that stands there.
CURRENT, PAGE = "current", "index.html"
mimetypes.add_type("application/vnd.apache.parquet", ".parquet")
# A new edition comes once a night at most, and shows within a minute.
FRESH_S = 60
# No script, no other host; the page's own style.
POLICY = {
    "default-src": "'none'",
    "style-src": "'unsafe-inline'",
    "img-src": "data:",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'self'",
}
NOT_YET = (
    "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'><title>No edition yet</title>"
    "<h1>There is no edition yet</h1><p>The nightly load writes it when it publishes: start the DAG austin_crime_nightly, or run"
    " <code>make load</code>.</p></html>"
)


def blueprint(folder: Path, *, is_public: bool) -> Blueprint:
    """Return the blueprint that serves ``/edition/`` and ``/edition/<file>``.

    Parameters
    ----------
    folder
        Where the pipeline writes editions to; it need not be there yet.
    is_public
        Whether no login is needed.
    """
    pages = Blueprint("edition", __name__)

    @pages.before_request
    def require_login() -> AnyResponse | None:
        if is_public or current_user.is_authenticated:
            return None
        return redirect(f"/login/?next={url_for('edition.file')}")

    @pages.route("/edition/", defaults={"name": PAGE})
    @pages.route("/edition/<name>")
    def file(name: str) -> Response:
        # Looked up once, so that what is sent is of one edition.
        edition = (folder / CURRENT).resolve()
        names = {path.name for path in edition.iterdir()} if edition.is_dir() else set()
        if name == PAGE and PAGE not in names:
            return Response(NOT_YET, 404, {"Cache-Control": "no-store"})
        if name not in names:
            abort(404)
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        answer = send_from_directory(edition, name, mimetype=kind, max_age=FRESH_S)
        if not is_public:
            answer.cache_control.public = False
            answer.cache_control.private = True
        return answer

    # Talisman reads this in place of Superset's own policy.
    vars(file)["talisman_view_options"] = {"content_security_policy": POLICY}
    return pages
