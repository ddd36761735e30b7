"""Superset's settings: only what differs from the default, each with its why. Secrets come from the environment."""

import base64
import os
from pathlib import Path
from typing import Any

import anonymous
import basemap
import edition
import permissions
import reading
import refusals
import report
import stop_button
from cachelib.redis import RedisCache
from celery.schedules import crontab
from flask import Flask
from jinja2 import ChoiceLoader, FileSystemLoader
from redis import Redis
from sqlalchemy.engine.url import URL, make_url
from superset import config


def _required(name: str, meaning: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise SystemExit(f"{name} is not set: Superset needs {meaning}. Set it as in .env.example.")
    return value


# Signs sessions and encrypts what the metadata database keeps. There is no default: a public key would be useless.
SECRET_KEY = _required("SUPERSET_SECRET_KEY", "a long random text, the same at every start")
# Users, charts, dashboards. A server can wait longer for a pooled connection than its peer keeps it: ping first.
SQLALCHEMY_DATABASE_URI = _required(
    "SUPERSET_METADATA_URL", "postgresql+psycopg2://user:password@host:port/database"
)
SQLALCHEMY_ENGINE_OPTIONS = {"pool_pre_ping": True}
SUPERSET_HOME = Path(_required("SUPERSET_HOME", "a folder it may write its caches to"))
# What dashboards read. The role can only SELECT: nothing in Superset has to keep people from writing.
READER_URL = make_url(
    _required(
        "AUSTIN_CRIME_READER_URL", "postgresql+psycopg2://austin_crime_reader:password@host:port/database"
    )
)


def SQLALCHEMY_CUSTOM_PASSWORD_STORE(url: URL) -> str | None:
    """Return the reader's password, so that no password is stored in Superset; asked for every database."""
    ours = (url.username, url.host, url.port) == (READER_URL.username, READER_URL.host, READER_URL.port)
    return READER_URL.password if ours else url.password


# What people see in the title bar, on the login page and in the tab.
APP_NAME = "Austin crime warehouse"


def _mark(color: str) -> str:
    """Return our mark, a map pin above bars, with the name, as an address of its own."""
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 150 28"><g fill="{color}">'
        '<rect x="1" y="16" width="5" height="11"/><rect x="8" y="10" width="5" height="17"/>'
        '<rect x="15" y="19" width="5" height="8"/><path d="M10.500 0a4 4 0 0 1 4 4c0 2-4 5-4 5s-4-3-4-5a4 4 0 0 1 4-4z"/>'
        '<text x="28" y="21" font-family="Inter, Helvetica, Arial, sans-serif" font-size="18" font-weight="600" textLength="118">'
        "Austin crime</text></g></svg>"
    )
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


# Superset has copied its own name and mark into the theme before it read ours. The text is softer than black and white, because
# pies paint what they put together ("Other") in the color of the text.
_BRAND = {
    "brandAppName": APP_NAME,
    "brandLogoAlt": APP_NAME,
    "brandLogoHref": "/",
    "brandLogoMargin": "18px 0",
}
# Where a drawing has little room, long names break, and fewer ticks stand on an axis.
_LEGEND: dict[str, Any] = {"legend": {"selector": False}}
_NARROW_BARS = {
    "yAxis": {"axisLabel": {"width": 170, "overflow": "break", "lineHeight": 13}},
    "xAxis": {"axisLabel": {"hideOverlap": True}, "splitNumber": 2},
}
_NARROW_MIXED: dict[str, Any] = {"legend": {"type": "plain"}, "grid": {"top": 80}}
_NARROW_PIE = {"series": [{"center": ["50%", "36%"], "radius": ["20%", "36%"]}]}
_DRAWINGS: dict[str, dict[str, Any]] = {
    "echarts_timeseries_bar": _LEGEND | {"media": [{"query": {"maxWidth": 500}, "option": _NARROW_BARS}]},
    "echarts_timeseries_line": _LEGEND,
    "pie": {
        "legend": {"selector": False, "type": "plain"},
        "media": [{"query": {"maxWidth": 560}, "option": _NARROW_PIE}],
    },
    "mixed_timeseries": _LEGEND | {"media": [{"query": {"maxWidth": 500}, "option": _NARROW_MIXED}]},
}
THEME_DEFAULT = config.THEME_DEFAULT | {
    "token": config.THEME_DEFAULT["token"]
    | _BRAND
    | {
        "brandLogoUrl": _mark("#0b5c8f"),
        "colorText": "#46525c",
        "colorPrimary": "#0b6fa4",
        "colorLink": "#0b6fa4",
    },
    "echartsOptionsOverridesByChartType": _DRAWINGS,
}
# A legend that a phone makes anew would keep the dark text of a light page.
_LIGHT_TEXT = {"textStyle": {"color": "#c8d0d6"}}
_LIGHT_DRAWINGS = _DRAWINGS | {
    "mixed_timeseries": {
        "legend": _LEGEND["legend"] | _LIGHT_TEXT,
        "media": [
            {
                "query": {"maxWidth": 500},
                "option": _NARROW_MIXED | {"legend": _NARROW_MIXED["legend"] | _LIGHT_TEXT},
            }
        ],
    },
}
THEME_DARK = config.THEME_DARK | {
    "token": config.THEME_DARK["token"]
    | _BRAND
    | {
        "brandLogoUrl": _mark("#8cc8ea"),
        "colorText": "#aeb8c0",
        "colorPrimary": "#4fa9d8",
        "colorLink": "#6cbbe6",
    },
    "echartsOptionsOverridesByChartType": _LIGHT_DRAWINGS,
}
FAVICONS = [{"href": _mark("#0b5c8f")}]
# After logging in, and where the logo leads.
FAB_INDEX_VIEW = "start_page.DashboardFirst"


# Where there are workers, the queue and what all processes share are in Redis: "redis://:password@host:6379", without a
# database's number. One machine needs neither.
REDIS_URL = os.environ.get("SUPERSET_REDIS_URL")
QUEUE_DB, RESULTS_DB, CACHE_DB, LIMITS_DB = 1, 2, 3, 4

# The nightly load drops the entries of our datasets through /api/v1/cachekey/invalidate. That endpoint deletes from
# CACHE_CONFIG what DATA_CACHE_CONFIG wrote, and only keys that the metadata database knows: so both must be one cache, and
# keys must be stored.
_IN_REDIS = {
    "CACHE_TYPE": "RedisCache",
    "CACHE_REDIS_URL": f"{REDIS_URL}/{CACHE_DB}",
    "CACHE_KEY_PREFIX": "data_",
}
_IN_FILES = {
    "CACHE_TYPE": "FileSystemCache",
    "CACHE_DIR": str(SUPERSET_HOME / "cache" / "data"),
    "CACHE_THRESHOLD": 5000,
}
CACHE_CONFIG = DATA_CACHE_CONFIG = {
    "CACHE_DEFAULT_TIMEOUT": 24 * 60 * 60,
    **(_IN_REDIS if REDIS_URL else _IN_FILES),
}
STORE_CACHE_KEYS_IN_METADATA_DB = True

# How long queries and logs of actions are kept.
RETENTION_DAYS = 90

if REDIS_URL:
    # Where a worker stores the results of SQL Lab's queries.
    RESULTS_BACKEND = RedisCache(Redis.from_url(f"{REDIS_URL}/{RESULTS_DB}"), key_prefix="results_")

    class CELERY_CONFIG(config.CeleryConfig):
        """The queue of SQL Lab, and a schedule that deletes old queries and logs, which would keep growing."""

        broker_url = result_backend = f"{REDIS_URL}/{QUEUE_DB}"
        beat_schedule = {  # noqa: RUF012 (Celery's own form)
            name: {
                "task": name,
                "schedule": crontab(minute=0, hour=2),
                "kwargs": {"retention_period_days": RETENTION_DAYS},
            }
            for name in ("prune_query", "prune_logs")
        }


# A mistyped query must not send millions of rows to a browser; a file may have a hundred thousand.
ROW_LIMIT = 10_000
SQL_MAX_ROW = 100_000
FEATURE_FLAGS = {
    "ALLOW_FULL_CSV_EXPORT": True,
    # A dataset must know the chosen time, to tell whether a year is cut by it.
    "ENABLE_TEMPLATE_PROCESSING": True,
}

# Marks have a contrast of at least 3:1 on a light and on a dark page, and differ for people who see colors differently.
EXTRA_CATEGORICAL_COLOR_SCHEMES = [
    {
        "id": "austin",
        "label": "Austin crime",
        "description": "Seven colors that can be told apart",
        "isDefault": True,
        "colors": ["#0072B2", "#C25E00", "#00856A", "#B0528F", "#8A6D00", "#7A5AC2", "#8A949C"],
    }
]
EXTRA_SEQUENTIAL_COLOR_SCHEMES = [
    {
        "id": "austin_blues",
        "label": "Austin blues",
        "description": "From few to many",
        "isDiverging": False,
        "isDefault": True,
        "colors": ["#D6E9F5", "#9CCBE8", "#5AA5D6", "#1F7FC0", "#0062AB", "#00407F"],
    }
]

# A chart may be drawn of a person's own query; lists offer the schemas that can be read.
CUSTOM_SECURITY_MANAGER = permissions.SecurityManager
# Statements that read, in SQL Lab and in charts.
SQL_QUERY_MUTATOR = reading.require_reading
# The default runs a program of PostgreSQL's that is not installed (ecpg), and shows an error under every query.
SQL_VALIDATORS_BY_ENGINE: dict[str, str] = {}

# Guessing passwords is slow; by default there are limits in "production" only. One for all requests would hit a
# dashboard, which asks for a hundred files and tiles at once.
RATELIMIT_ENABLED = True
RATELIMIT_STORAGE_URI = f"{REDIS_URL}/{LIMITS_DB}" if REDIS_URL else "memory://"
RATELIMIT_APPLICATION = None
AUTH_RATE_LIMIT = "20 per minute"

# No other host is contacted: no map, font, picture or telemetry server is allowed, and the base map is our own.
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
# Without a login nothing is shown, unless the switch says that everybody reads: the dashboards as a role that only
# reads, and the public edition, which the pipeline writes.
if anonymous.is_allowed():
    AUTH_ROLE_PUBLIC = anonymous.ROLE
EDITION_DIR = Path(__file__).parents[1] / (os.environ.get("AUSTIN_CRIME_EDITION_DIR") or "data/edition")
# A browser that has a file of the edition is told so, compressed or not.
COMPRESS_STREAMING_ENDPOINT_CONDITIONAL = ["static", "edition.file"]
BLUEPRINTS = [
    basemap.blueprint(READER_URL),
    edition.blueprint(EDITION_DIR, is_public=anonymous.is_allowed()),
    report.blueprint(SUPERSET_HOME),
]
DECKGL_BASE_MAP = [["tile:///basemap/{z}/{x}/{y}.png", "Council districts"]]


def FLASK_APP_MUTATOR(app: Flask) -> None:
    """Let our templates take precedence over Superset's of the same name, the button stop queries, and refusals be pages."""
    stop_button.install()
    refusals.install(app)
    ours = FileSystemLoader(Path(__file__).parent / "templates")
    app.jinja_loader = ChoiceLoader([ours, *([app.jinja_loader] if app.jinja_loader else [])])


# Otherwise Alembic would replace the log settings of the process that migrates.
ALEMBIC_SKIP_LOG_CONFIG = True
