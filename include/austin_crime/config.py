"""Names, limits and paths; the only reader of the environment in the pipeline."""

import os
from pathlib import Path

DATASET_ID = "fdj4-gpfu"
BOUNDARIES_ID = "w3v2-cj58"
DAG_ID = "austin_crime_nightly"
TIME_ZONE = "America/Chicago"

SQL_DIR = Path(__file__).parents[1] / "sql"
# The first reads the reports; those below it that say so read the first.
AGGREGATES = (
    "crimes_per_month",
    "crimes_per_year",
    "crimes_per_hour",
    "top_crimes",
    "crimes_per_area",
)
# Of the pipeline's own sessions: sorting and grouping 2.6 million reports stays in memory.
WORK_MEMORY = "128MB"

BATCH_ROWS = 100_000
MAX_RANGES_PER_BATCH = 12
# Batches at a time within one process: one is read or cleaned while PostgreSQL takes the other in.
WORKERS = 2
MAX_SETTLE_ROUNDS = 3
ABANDONED_AFTER_S = 30 * 60
CONNECT_TIMEOUT_S = 30
# The portal's own limit for a query; large group-bys take minutes there.
QUERY_TIMEOUT_S = 600
# A busy portal is asked so often before a step fails; the wait doubles from try to try.
PORTAL_TRIES = 5
PORTAL_WAIT_S = float(os.environ.get("AUSTIN_CRIME_PORTAL_WAIT_S", "1"))
# The step is tried again by the orchestrator so often, later: after the first wait, each later one so many times as long,
# none longer than LONGEST_WAIT_S; with jitter, so that the tasks of one run do not all come back at once.
RETRIES = 3
FIRST_RETRY_S = 30
RETRY_BACKOFF = 2.0
RETRY_JITTER_S = 15
# A portal that is down is waited for so long before a load begins.
SOURCE_PATIENCE_S = 60 * 60
# Two updates of the portal can overlap: reports stamped so long before the newest stamp are counted anew.
LATE_STAMP_S = 2 * 24 * 60 * 60
# A portal that asks for more is asked again all the same: a step that sleeps for a day helps nobody.
LONGEST_WAIT_S = 600


def source_url() -> str:
    """Return the portal's address, without a slash at the end."""
    return os.environ.get("AUSTIN_CRIME_SOURCE_URL", "https://data.austintexas.gov").rstrip("/")


def app_token() -> str | None:
    """Return the Socrata app token, or None: it is optional."""
    return os.environ.get("AUSTIN_CRIME_APP_TOKEN") or None


def warehouse_url() -> str:
    """Return the warehouse's address with the owner's login, ``postgresql://user:password@host:port/database``.

    Raises
    ------
    KeyError
        If AUSTIN_CRIME_WAREHOUSE_URL is not set.
    """
    try:
        return os.environ["AUSTIN_CRIME_WAREHOUSE_URL"]
    except KeyError:
        raise KeyError(
            "AUSTIN_CRIME_WAREHOUSE_URL is not set: expected postgresql://user:password@host:port/database"
        ) from None


def landing_url() -> str:
    """Return where batches are kept as received: a folder or a URL, ``file:///...`` or ``s3://bucket/prefix``."""
    return os.environ.get("AUSTIN_CRIME_LANDING_URL") or str(Path(__file__).parents[2] / "data" / "landing")


def superset_url() -> str | None:
    """Return Superset's address, or None where there is no Superset to refresh."""
    return os.environ.get("AUSTIN_CRIME_SUPERSET_URL") or None


def superset_login() -> tuple[str, str]:
    """Return user and password of the login that may refresh Superset's charts and nothing else.

    Raises
    ------
    KeyError
        If a Superset is named but not its login.
    """
    return os.environ["AUSTIN_CRIME_SUPERSET_REFRESH_USER"], os.environ[
        "AUSTIN_CRIME_SUPERSET_REFRESH_PASSWORD"
    ]
