"""Pages that say no: nobody registers, and who may not open a page reads it in a sentence instead of in JSON."""

from flask import Flask, Response, abort, request
from flask_login import current_user

# Lists whose every link or button leads to a page of people who make charts.
FOR_MAKERS = ("/superset/welcome", "/chart/list", "/tablemodelview/list")

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Not for this login</title></head>
<body style="font: 16px/1.5 sans-serif; max-width: 34em; margin: 15vh auto; padding: 0 1em">
<h1>Not for this login</h1>
<p>Your login reads dashboards. To ask questions of your own in SQL Lab, log in as <b>analyst</b>.</p>
<p><a href="/">Back to the dashboards</a> or <a href="/logout/">log in as somebody else</a></p></body></html>
"""


def install(app: Flask) -> None:
    """Refuse to register, and show refusals to people as a page."""

    @app.before_request
    def refuse_to_register() -> None:
        # Superset serves the form even where the setting forbids to register.
        if request.path.rstrip("/").startswith("/register"):
            abort(404)

    @app.before_request
    def refuse_lists_to_readers() -> None:
        # Superset's own can be imported when it runs, and this file is read before.
        from superset import security_manager

        is_list = request.path.rstrip("/") in FOR_MAKERS and current_user.is_authenticated
        if is_list and not security_manager.can_access("can_explore", "Superset"):
            abort(403)

    @app.after_request
    def show_refusal(response: Response) -> Response:
        is_page = request.accept_mimetypes.best == "text/html" and not request.path.startswith("/api/")
        if response.status_code == 403 and is_page:
            response.set_data(PAGE)
            response.content_type = "text/html; charset=utf-8"
        return response
