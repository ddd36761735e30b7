"""Superset's start page: there is one dashboard, so it is the first thing to see."""

from flask import redirect
from flask_appbuilder import IndexView, expose
from werkzeug.wrappers import Response

DASHBOARD_PATH = "/superset/dashboard/austin-crime/"


class DashboardFirst(IndexView):
    """The page at ``/``, which people also reach by the logo and after logging in."""

    @expose("/")
    def index(self) -> Response:
        """Redirect to the dashboard, through the login page if needed."""
        return redirect(DASHBOARD_PATH)
