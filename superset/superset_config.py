"""Superset's settings: only what differs from the default, each with its why. Secrets come from the environment."""

import os
from pathlib import Path
from typing import Any

import basemap
from flask import redirect
from flask_appbuilder import IndexView, expose
from sqlalchemy.engine.url import URL, make_url
from werkzeug.wrappers import Response

DASHBOARD_PATH = "/superset/dashboard/austin-crime/"


def _required(name: str, meaning: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise SystemExit(f"{name} is not set: Superset needs {meaning}. See .env.example")
    return value


# Signs sessions and encrypts what the metadata database keeps. There is no default: a known key is no key.
SECRET_KEY = _required("SUPERSET_SECRET_KEY", "a long random text, the same at every start")
# Users, charts, dashboards. A server can wait longer for a pooled connection than its peer keeps it: ping first.
SQLALCHEMY_DATABASE_URI = _required("SUPERSET_METADATA_URL", "postgresql+psycopg2://user:password@host:port/database")
SQLALCHEMY_ENGINE_OPTIONS = {"pool_pre_ping": True}
SUPERSET_HOME = Path(_required("SUPERSET_HOME", "a folder it may write its caches to"))
# What dashboards read. The role can only SELECT: nothing in Superset has to keep people from writing.
READER_URL = make_url(
    _required("AUSTIN_CRIME_READER_URL", "postgresql+psycopg2://austin_crime_reader:password@host:port/database")
)


def SQLALCHEMY_CUSTOM_PASSWORD_STORE(url: URL) -> str | None:  # noqa: N802 - Superset's name
    """Return the reader's password, so that no password is stored in Superset; asked for every database."""
    ours = (url.username, url.host, url.port) == (READER_URL.username, READER_URL.host, READER_URL.port)
    return READER_URL.password if ours else url.password


# What people see in the title bar and on the login page.
APP_NAME = "Austin crime warehouse"
# The base map and the colours of the charts are chosen for a light page.
THEME_DARK = None


class DashboardFirst(IndexView):  # type: ignore[misc]
    """The start page: the dashboard."""

    @expose("/")  # type: ignore[misc]
    def index(self) -> Response:
        """Send people to the dashboard, by way of the login page if need be."""
        return redirect(DASHBOARD_PATH)


FAB_INDEX_VIEW = f"{__name__}.DashboardFirst"


def _files(name: str) -> dict[str, Any]:
    return {
        "CACHE_TYPE": "FileSystemCache",
        "CACHE_DIR": str(SUPERSET_HOME / "cache" / name),
        "CACHE_THRESHOLD": 5000,
        "CACHE_DEFAULT_TIMEOUT": 24 * 60 * 60,
    }


# Files, because one machine needs no cache server. The nightly load drops the entries of our datasets through
# /api/v1/cachekey/invalidate. That endpoint deletes from CACHE_CONFIG what DATA_CACHE_CONFIG wrote, and only keys
# that the metadata database knows: so both must be one cache, and keys must be stored.
CACHE_CONFIG = DATA_CACHE_CONFIG = _files("data")
STORE_CACHE_KEYS_IN_METADATA_DB = True
FILTER_STATE_CACHE_CONFIG = _files("filters") | {"CACHE_DEFAULT_TIMEOUT": 90 * 24 * 60 * 60}
EXPLORE_FORM_DATA_CACHE_CONFIG = _files("explore") | {"CACHE_DEFAULT_TIMEOUT": 7 * 24 * 60 * 60}

# A mistyped query must not bring millions of rows to a browser.
ROW_LIMIT = 10_000
SQL_MAX_ROW = 100_000

# Guessing passwords is slow: off by default outside "production".
RATELIMIT_ENABLED = True
RATELIMIT_STORAGE_URI = "memory://"
AUTH_RATE_LIMIT = "10 per minute"

# Nothing is asked of another host: no map, font, picture or telemetry server is allowed, and the base map is ours.
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    # Served on loopback or behind a proxy that ends TLS: a redirect to https would lead nowhere.
    "force_https": False,
    "session_cookie_secure": False,
}
SCARF_ANALYTICS = False
BLUEPRINTS = [basemap.blueprint(READER_URL)]
DECKGL_BASE_MAP = [["tile:///basemap/{z}/{x}/{y}.png", "Council districts"]]
