"""Names, limits and paths; the only reader of the environment in the pipeline.

Each function reads the environment when it is called. It also accepts another mapping, so that the local stack can check the
settings of a process before it starts it.
"""

import os
import re
from collections.abc import Mapping
from datetime import time
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from austin_crime.errors import SettingError

DATASET_ID = "fdj4-gpfu"
BOUNDARIES_ID = "w3v2-cj58"
DAG_ID = "austin_crime_nightly"
RESET_DAG_ID = "austin_crime_reset"
WATCH_DAG_ID = "austin_crime_watch"
REPORT_DAG_ID = "austin_crime_report"
MAINTENANCE_DAG_ID = "austin_crime_maintenance"
TIME_ZONE = "America/Chicago"
# When the nightly load starts, Austin time; a load that waits for a decision ends shortly before.
NIGHTLY_AT = time(3, 30)
DECISION_ENDS_BEFORE_S = 10 * 60

DEFAULT_SOURCE_URL = "https://data.austintexas.gov"

# The project's folder.
ROOT = Path(__file__).parents[2]
SQL_DIR = Path(__file__).parents[1] / "sql"
# The first is built from the reports; most of the others are built from the first.
AGGREGATES = (
    "crimes_per_month",
    "crimes_per_year",
    "crimes_per_hour",
    "top_crimes",
    "crimes_per_area",
    "crime_groups",
    "crimes_per_day",
    "crimes_per_month_and_group",
    "crimes_per_weekday_hour",
    "crimes_per_report_lag",
    "crime_counts",
)
# For the pipeline's own sessions: enough to sort and group 2.6 million reports in memory.
WORK_MEMORY = "128MB"

BATCH_ROWS = 100_000
MAX_RANGES_PER_BATCH = 12
# Batches at a time within one process: one is read or cleaned while PostgreSQL ingests the other.
WORKERS = 2
MAX_SETTLE_ROUNDS = 3
ABANDONED_AFTER_S = 30 * 60
CONNECT_TIMEOUT_S = 30
# The portal's own limit for a query; large group-bys take minutes there.
QUERY_TIMEOUT_S = 600
# Tries of one request to a busy portal before the step fails; the wait doubles from try to try.
PORTAL_TRIES = 5
# Retries of a failed step by the orchestrator: the first after FIRST_RETRY_S, each later one after RETRY_BACKOFF times as long,
# LONGEST_WAIT_S at most; with jitter, so that the tasks of one run do not all retry at once.
RETRIES = 3
FIRST_RETRY_S = 30
RETRY_BACKOFF = 2.0
RETRY_JITTER_S = 15
# How long a load waits for a portal that is down before it begins.
SOURCE_PATIENCE_S = 60 * 60
# Two updates of the portal can overlap: late stamps, up to this long before the newest stamp, are counted in every load.
LATE_STAMP_S = 2 * 24 * 60 * 60
# How far the portal's clock may be ahead of ours.
CLOCK_TOLERANCE_S = 24 * 60 * 60
# The longest wait before a retry, whatever Retry-After says.
LONGEST_WAIT_S = 600

Environment = Mapping[str, str]


def check(environment: Environment = os.environ) -> None:
    """Read every setting of the pipeline; SettingError for the first that cannot be used. Contacts no server."""
    source_url(environment)
    app_token(environment)
    portal_wait_s(environment)
    warehouse_url(environment)
    check_landing(landing_url(environment))
    edition_dir(environment)
    keep_days(environment)
    keep_changes_days(environment)
    keep_backups(environment)
    if environment.get("AUSTIN_CRIME_BACKUP_URL"):
        backup_url(environment)
    postgres_programs(environment)
    if superset_url(environment):
        superset_login(environment)


def source_url(environment: Environment = os.environ) -> str:
    """Return the portal's address, ``http(s)://host[:port]``, without a slash at the end."""
    name, value = "AUSTIN_CRIME_SOURCE_URL", environment.get("AUSTIN_CRIME_SOURCE_URL") or DEFAULT_SOURCE_URL
    parts = _split(value)
    is_bare = parts and parts.path in ("", "/") and not re.search(r"[?#@]", value)
    if not parts or not is_bare or not _is_web_server(parts):
        raise refused(
            name,
            f"http:// or https:// and a host, without path, query or login, such as {DEFAULT_SOURCE_URL}",
            value,
        )
    return value.rstrip("/")


def app_token(environment: Environment = os.environ) -> str | None:
    """Return the Socrata app token, or None: it is optional."""
    token = environment.get("AUSTIN_CRIME_APP_TOKEN") or None
    if token and not re.fullmatch(r"[!-~]+", token):
        expected = "a token of letters, digits and signs"
        raise refused("AUSTIN_CRIME_APP_TOKEN", expected, "one with blanks or other characters", quoted=False)
    return token


def portal_wait_s(environment: Environment = os.environ) -> float:
    """Return the first wait for a busy portal, in seconds; it doubles from try to try."""
    value = environment.get("AUSTIN_CRIME_PORTAL_WAIT_S") or "1"
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]*)?|\.[0-9]+", value) or float(value) > LONGEST_WAIT_S:
        raise refused("AUSTIN_CRIME_PORTAL_WAIT_S", f"seconds, a number from 0 to {LONGEST_WAIT_S}", value)
    return float(value)


def warehouse_url(environment: Environment = os.environ) -> str:
    """Return the warehouse's address with the owner's login, ``postgresql://user:password@host:port/database``."""
    name, expected = "AUSTIN_CRIME_WAREHOUSE_URL", "postgresql://user:password@host:port/database"
    value = environment.get(name)
    if not value:
        raise SettingError(f"{name} is not set: expected {expected}.")
    if not is_database_url(value, "postgresql"):
        raise refused(
            name, f"{expected}, signs such as @, / and # in the password as %40, %2F and %23", value
        )
    return value


def reader_url(environment: Environment = os.environ) -> str:
    """Return the warehouse's address with the reader's login; a driver named in it, ``+psycopg2``, is left out."""
    name = "AUSTIN_CRIME_READER_URL"
    expected = "postgresql://austin_crime_reader:password@host:port/database"
    value = environment.get(name)
    if not value:
        raise SettingError(
            f"{name} is not set: expected {expected}. Airflow's pages read the warehouse by it."
        )
    scheme, separator, rest = value.partition("://")
    address = f"{scheme.partition('+')[0]}{separator}{rest}"
    if not is_database_url(address, "postgresql"):
        raise refused(name, expected, value)
    return address


def is_database_url(value: str, scheme: str) -> bool:
    """Whether a URL names a PostgreSQL database; it may list several hosts."""
    parts = _split(value)
    if not parts or parts.scheme != scheme or len(parts.path) < 2 or "/" in parts.path[1:]:
        return False
    if parts.fragment or re.search(r"%(?![0-9A-Fa-f]{2})", value):
        return False
    hosts = parts.netloc.rpartition("@")[2].split(",")
    return all(re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]*)(:[0-9]{1,5})?", host) for host in hosts)


def landing_url(environment: Environment = os.environ) -> str:
    """Return where batches are kept as received: an absolute path, or ``s3://bucket/prefix``.

    ``~`` is the home of the user who runs this; a relative path starts in the project's folder.
    """
    name = "AUSTIN_CRIME_LANDING_URL"
    value = environment.get(name)
    return _storage(name, value) if value else str(ROOT / "data" / "landing")


def backup_url(environment: Environment = os.environ) -> str:
    """Return where backups of the warehouse are kept: an absolute path, or ``s3://bucket/prefix``; by default beside the landing.

    Raises
    ------
    SettingError
        If it is within the landing, which can be emptied on purpose, or the landing is a bucket that has nothing beside it.
    """
    name, landing = "AUSTIN_CRIME_BACKUP_URL", landing_url(environment)
    value = environment.get(name)
    url = _storage(name, value) if value else f"{landing}-backups"
    if not value and re.fullmatch(r"s3://[^/]+", landing):
        raise SettingError(
            f"{name} is not set: expected s3://bucket/prefix, as the landing is all of {landing}."
        )
    if f"{url}/".startswith(f"{landing}/"):
        raise refused(
            name, f"a place that is not within the landing {landing}, such as {landing}-backups", url
        )
    return url


def _storage(name: str, value: str) -> str:
    """Return a folder or object store that a setting names; SettingError if it names neither."""
    expected = "a folder, file:///folder or s3://bucket/prefix"
    if "://" not in value:
        path = Path(os.path.expanduser(value))  # noqa: PTH111 (Path.expanduser raises for an unknown user)
        if value != value.strip() or str(path).startswith("~") or re.match(r"(file|s3):", value):
            raise refused(name, expected, value)
        return os.path.normpath(ROOT / path)
    parts = _split(value)
    if parts and parts.scheme == "file" and parts.netloc in ("", "localhost") and len(parts.path) > 1:
        return os.path.normpath(value.partition("://")[2].removeprefix("localhost"))
    if parts and parts.scheme == "s3" and re.fullmatch(r"[\w.-]+", parts.netloc):
        return f"s3://{value.partition('://')[2].rstrip('/')}"
    raise refused(name, expected, value)


def keep_days(environment: Environment = os.environ) -> int:
    """Return for how many days maintenance keeps files as received, details of loads, and logs."""
    return _count("AUSTIN_CRIME_KEEP_DAYS", environment, "90", "days")


def keep_changes_days(environment: Environment = os.environ) -> int | None:
    """Return for how many days maintenance keeps what each load changed in reports; None means for ever."""
    name = "AUSTIN_CRIME_KEEP_CHANGES_DAYS"
    return _count(name, environment, "", "days") if environment.get(name) else None


def keep_backups(environment: Environment = os.environ) -> int:
    """Return how many backups of the warehouse are kept."""
    return _count("AUSTIN_CRIME_KEEP_BACKUPS", environment, "4", "backups")


def _count(name: str, environment: Environment, default: str, unit: str) -> int:
    """Return a setting that is a whole number from 1 to 99999."""
    value = environment.get(name) or default
    if not re.fullmatch("[0-9]{1,5}", value) or int(value) == 0:
        raise refused(name, f"a number of {unit} from 1 to 99999", value)
    return int(value)


def postgres_programs(environment: Environment = os.environ) -> Path | None:
    """Return the folder with pg_dump, pg_restore and psql, or None for those that the system finds."""
    name, value = "AUSTIN_CRIME_POSTGRES_PROGRAMS", environment.get("AUSTIN_CRIME_POSTGRES_PROGRAMS")
    if not value:
        return None
    if not Path(value).is_absolute() or not Path(value).is_dir():
        raise refused(name, "an existing folder by its whole path, such as /usr/lib/postgresql/17/bin", value)
    return Path(value)


def check_landing(url: str) -> None:
    """Raise SettingError if a landing on disk is not, and cannot become, a writable folder."""
    if "://" in url:
        return
    path = Path(url)
    existing = next(folder for folder in (path, *path.parents) if folder.exists() or folder.is_symlink())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        raise SettingError(
            f"AUSTIN_CRIME_LANDING_URL is {url!r}: expected a writable folder, and {existing} is not one."
        )


def edition_dir(environment: Environment = os.environ) -> Path | None:
    """Return the folder that the public edition is written to, or None if none is to be written.

    A relative path starts in the project's folder.
    """
    name, value = "AUSTIN_CRIME_EDITION_DIR", environment.get("AUSTIN_CRIME_EDITION_DIR")
    if not value:
        return None
    path = Path(os.path.expanduser(value))  # noqa: PTH111 (Path.expanduser raises for an unknown user)
    if value != value.strip() or "://" in value or str(path).startswith("~"):
        raise refused(name, "a folder", value)
    return Path(os.path.normpath(ROOT / path))


def superset_url(environment: Environment = os.environ) -> str | None:
    """Return Superset's address, or None if there is no Superset to refresh."""
    name, value = "AUSTIN_CRIME_SUPERSET_URL", environment.get("AUSTIN_CRIME_SUPERSET_URL")
    if not value:
        return None
    parts = _split(value)
    if not parts or re.search(r"[?#@]", value) or not _is_web_server(parts):
        raise refused(
            name,
            "http:// or https:// and a host, without query or login, such as http://127.0.0.1:8088",
            value,
        )
    return value.rstrip("/")


def superset_login(environment: Environment = os.environ) -> tuple[str, str]:
    """Return user and password of the login that may refresh Superset's charts and read its dashboards, and nothing else."""
    names = ("AUSTIN_CRIME_SUPERSET_REFRESH_USER", "AUSTIN_CRIME_SUPERSET_REFRESH_PASSWORD")
    for name in names:
        if not environment.get(name):
            raise SettingError(
                f"{name} is not set: expected the login for the Superset of AUSTIN_CRIME_SUPERSET_URL."
            )
    return environment[names[0]], environment[names[1]]


def certificates(environment: Environment = os.environ) -> str | bool:
    """Return the file or folder of certificates to trust, or True for those bundled with requests."""
    return environment.get("REQUESTS_CA_BUNDLE") or environment.get("CURL_CA_BUNDLE") or True


def refused(name: str, expected: str, value: str, *, quoted: bool = True) -> SettingError:
    """Return the error for a value that cannot be used, its secrets masked."""
    return SettingError(f"{name} is {repr(_masked(value)) if quoted else value}: expected {expected}.")


def _masked(value: str) -> str:
    """Return a value without what may be a secret in it: a login, a query, a password by name."""
    without_login = re.sub(r"(?s)^(\w+:/*)?.*@", r"\1***@", value)
    without_port = re.sub(r"(//[^:/@]*:)(?![0-9]+([/,?]|$))[^@/]*", r"\1***", without_login)
    without_query = re.sub(r"(?s)\?.*", "?***", without_port)
    return re.sub(r"(?i)((?:password|token|secret|key)\w*\s*=\s*)('[^']*'|\S+)", r"\1***", without_query)


def _split(value: str) -> SplitResult | None:
    """Return the parts of a URL; None if it has blanks or characters outside ASCII, or is not a URL."""
    if not re.fullmatch(r"[!-~]+", value):
        return None
    try:
        return urlsplit(value)
    except ValueError:
        return None


def _is_web_server(parts: SplitResult) -> bool:
    """Whether a URL begins with http:// or https:// and a host, and has a valid port if it has one."""
    try:
        is_port = parts.port is None or parts.port > 0
    except ValueError:
        return False
    host = parts.hostname or ""
    is_host = re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?", host) or parts.netloc.startswith("[")
    return parts.scheme in ("http", "https") and bool(is_host) and is_port and not parts.netloc.endswith(":")
