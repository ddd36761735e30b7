"""Every setting of the project, declared once: .env.example is written from this, and a start judges all of them by it."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from austin_crime import config
from austin_crime.config import Environment
from austin_crime.errors import SettingError
from local_stack.configuration import rules

# Logins of Airflow; settings/airflow.env gives each its role.
AIRFLOW_LOGINS = ("admin", "viewer")
SERVERS = ("postgres", "portal", "airflow", "superset", "prefect")


@dataclass(frozen=True)
class Variable:
    """A setting.

    Parameters
    ----------
    comment
        What it is for, in sentences.
    default
        Its value where it is not set.
    example
        What .env.example shows instead of the default.
    is_secret
        Whether the first start makes a random value for it.
    receivers
        Whose processes are given it as it is: pipeline, airflow, superset.
    check
        Reads it out of all settings, and raises SettingError if it cannot be used.
    """

    name: str
    comment: str
    default: str = ""
    example: str = ""
    is_secret: bool = False
    receivers: tuple[str, ...] = ()
    check: Callable[[Environment], object] | None = None


@dataclass(frozen=True)
class Section:
    """Settings under one heading of .env.example."""

    title: str
    variables: tuple[Variable, ...]


def _port(server: str, default: str, comment: str) -> Variable:
    name = rules.port_variable(server)
    check = rules.matching(name, rules.is_port, "a port, a number from 1 to 65535")
    return Variable(name, comment, default=default, check=check)


def _secret(name: str, comment: str, *receivers: str) -> Variable:
    return Variable(name, comment, is_secret=True, receivers=receivers)


def _connection(name: str, comment: str, example: str) -> Variable:
    check = rules.matching(
        name,
        rules.is_connection,
        "a connection of Airflow in JSON, with a conn_type and a host",
        shows_value=False,
    )
    return Variable(name, comment, example=f"'{example}'", receivers=("airflow",), check=check)


def _of_store(name: str, comment: str, check: Callable[[Environment], object] | None = None) -> Variable:
    return Variable(name, comment, receivers=("pipeline",), check=check)


SECTIONS = (
    Section(
        "The portal and the warehouse",
        (
            Variable(
                "AUSTIN_CRIME_SOURCE_URL",
                "The portal's URL. SOURCE=sample uses the sample portal instead; make flow reads it from the environment only.",
                default=config.DEFAULT_SOURCE_URL,
                check=config.source_url,
            ),
            Variable(
                "AUSTIN_CRIME_APP_TOKEN",
                "Socrata app token, optional: with one, the portal allows more requests.",
                receivers=("pipeline",),
                check=config.app_token,
            ),
            Variable(
                "AUSTIN_CRIME_WAREHOUSE_URL",
                "A warehouse of your own, PostgreSQL 15 or newer, with the login of the owner of the database. Unset, the local"
                " server is used, with one database for the sample portal and one for the city's.",
                example="postgresql://owner:password@host:5432/database",
                check=lambda values: (
                    values.get("AUSTIN_CRIME_WAREHOUSE_URL") and config.warehouse_url(values)
                ),
            ),
            Variable(
                "AUSTIN_CRIME_LANDING_URL",
                "Where batches are kept as received: a folder, file:///folder or s3://bucket/prefix. A relative folder begins in"
                " the project's. Default: below data/landing, in containers a volume.",
                check=config.landing_url,
            ),
            Variable(
                "AUSTIN_CRIME_EDITION_DIR",
                "The folder that the public edition is written to with every publish, and that Superset serves it from. A relative"
                " folder begins in the project's. Default: below data/edition, in containers a volume.",
                check=config.edition_dir,
            ),
            _of_store("AWS_ACCESS_KEY_ID", "The login for a landing at s3://...", rules.login_of_store),
            _of_store("AWS_SECRET_ACCESS_KEY", "Its secret key."),
            _of_store("AWS_SESSION_TOKEN", "Its session token, if the login is temporary."),
            _of_store("AWS_DEFAULT_REGION", "The store's region."),
            _of_store(
                "AWS_ENDPOINT_URL",
                "The URL of an S3-compatible store, such as https://s3.example.org.",
                rules.matching(
                    "AWS_ENDPOINT_URL",
                    lambda value: re.fullmatch(r"https?://[^\s/?#@]+/?", value),
                    "http:// or https:// and a host, such as https://s3.example.org",
                ),
            ),
            Variable(
                "AUSTIN_CRIME_PORTAL_WAIT_S",
                "Seconds before the first retry of a busy portal; doubles each time, unless the portal says how long.",
                default="1",
                receivers=("pipeline",),
                check=config.portal_wait_s,
            ),
        ),
    ),
    Section(
        "What austin_crime_maintenance and make backup keep",
        (
            Variable(
                "AUSTIN_CRIME_KEEP_DAYS",
                "Days that files as received, details of loads, and Airflow's and Prefect's runs and logs are kept. What a replay"
                " needs is always kept.",
                default="90",
                receivers=("pipeline",),
                check=config.keep_days,
            ),
            Variable(
                "AUSTIN_CRIME_KEEP_CHANGES_DAYS",
                "Days that ops.crime_changes keeps what each load added, edited and removed. Unset: forever.",
                example="3650",
                receivers=("pipeline",),
                check=config.keep_changes_days,
            ),
            Variable(
                "AUSTIN_CRIME_KEEP_BACKUPS",
                "How many backups of the warehouse are kept.",
                default="4",
                receivers=("pipeline",),
                check=config.keep_backups,
            ),
            Variable(
                "AUSTIN_CRIME_BACKUP_URL",
                "Where backups are written: a folder, file:///folder or s3://bucket/prefix, not within the landing. Default: beside"
                " the landing, with -backups behind its name.",
                example="data/landing/live-backups",
                receivers=("pipeline",),
                check=lambda values: values.get("AUSTIN_CRIME_BACKUP_URL") and config.backup_url(values),
            ),
            Variable(
                "AUSTIN_CRIME_POSTGRES_PROGRAMS",
                "Folder of pg_dump, pg_restore and psql in the major version of the warehouse's server. Default: the local server's,"
                " then those on the PATH.",
                example="/usr/lib/postgresql/17/bin",
                check=config.postgres_programs,
            ),
        ),
    ),
    Section(
        "Ports, all on 127.0.0.1",
        (
            _port("postgres", "5442", "PostgreSQL, the warehouse."),
            _port("portal", "8099", "The sample portal."),
            _port("airflow", "8080", "Airflow: pages and API."),
            _port("superset", "8088", "Superset: pages and API."),
            _port("prefect", "4200", "Prefect: pages and API, with make prefect."),
        ),
    ),
    Section(
        "Containers only",
        (
            Variable(
                "AUSTIN_CRIME_SOURCE",
                "Which warehouse and landing: live, the city's, or sample; settings/sample.env sets it together with the"
                " portal's address.",
                example="live",
                check=rules.matching(
                    "AUSTIN_CRIME_SOURCE", ("live", "sample").__contains__, "live or sample"
                ),
            ),
            Variable(
                "AUSTIN_CRIME_BIND_ADDRESS",
                "The only address that ports are published on.",
                example="127.0.0.1",
                check=rules.matching(
                    "AUSTIN_CRIME_BIND_ADDRESS", rules.is_address, "an IP address such as 127.0.0.1"
                ),
            ),
            _secret("AUSTIN_CRIME_REDIS_PASSWORD", "Password of Redis."),
        ),
    ),
    Section(
        "Passwords of PostgreSQL's roles; the first is fixed when data/postgres is created, the others set at each start",
        (
            _secret(
                "AUSTIN_CRIME_POSTGRES_PASSWORD", "The superuser postgres, which creates roles and databases."
            ),
            _secret("AUSTIN_CRIME_OWNER_PASSWORD", "The role austin_crime_owner: the pipeline."),
            _secret(
                "AUSTIN_CRIME_READER_PASSWORD",
                "The role austin_crime_reader: Superset, and all read-only access. Also used with a warehouse of your own.",
            ),
            _secret("AUSTIN_CRIME_AIRFLOW_DB_PASSWORD", "The role airflow: Airflow's metadata."),
            _secret("AUSTIN_CRIME_SUPERSET_DB_PASSWORD", "The role superset: Superset's metadata."),
        ),
    ),
    Section(
        "Airflow",
        (
            _secret("AIRFLOW_ADMIN_PASSWORD", "Password of the login admin: everything."),
            _secret(
                "AIRFLOW_VIEWER_PASSWORD",
                "Password of the login viewer: read-only.",
            ),
            Variable(
                "AIRFLOW__CORE__FERNET_KEY",
                "Encrypts what Airflow stores; the same for all its processes.",
                is_secret=True,
                receivers=("airflow",),
                check=rules.matching(
                    "AIRFLOW__CORE__FERNET_KEY",
                    rules.is_fernet_key,
                    "32 bytes in URL-safe base64",
                    shows_value=False,
                ),
            ),
            _secret(
                "AIRFLOW__API_AUTH__JWT_SECRET",
                "Signs the tokens of Airflow's API and of its tasks; the same for all its processes.",
                "airflow",
            ),
            _secret("AIRFLOW__API__SECRET_KEY", "Signs the sessions of Airflow's pages.", "airflow"),
            Variable(
                "AIRFLOW__API__BASE_URL",
                "The URL at which people open Airflow, for the links in messages. Default: its port on 127.0.0.1.",
                example="https://airflow.example.org",
                receivers=("airflow",),
                check=rules.matching(
                    "AIRFLOW__API__BASE_URL",
                    lambda value: re.fullmatch(r"https?://[^\s?#@]+", value),
                    "http:// or https:// and a host, such as https://airflow.example.org",
                ),
            ),
            _connection(
                "AIRFLOW_CONN_AUSTIN_CRIME_SMTP",
                "The mail server by which people are told of failed loads and late data, and whom to tell, as a connection of"
                " Airflow in JSON. Optional; docs/runbook.md has more.",
                '{"conn_type": "smtp", "host": "smtp.example.org", "port": 465, "login": "me", "password": "...",'
                ' "extra": {"from_email": "airflow@example.org", "to": "ann@example.org, bob@example.org"}}',
            ),
            _connection(
                "AIRFLOW_CONN_AUSTIN_CRIME_WEBHOOK",
                "The incoming webhook of Slack, Teams or another chat for the same alerts. Optional.",
                '{"conn_type": "http", "host": "https://hooks.slack.com/services/..."}',
            ),
            Variable(
                "AIRFLOW__METRICS__OTEL_ON",
                "True sends Airflow's metrics (runs, tasks, durations) to an OpenTelemetry collector.",
                default="False",
                receivers=("airflow",),
                check=rules.matching(
                    "AIRFLOW__METRICS__OTEL_ON", ("True", "False").__contains__, "True or False"
                ),
            ),
            Variable(
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                "Where that collector listens for HTTP.",
                default="http://localhost:4318",
                receivers=("airflow",),
                check=rules.matching(
                    "OTEL_EXPORTER_OTLP_ENDPOINT",
                    lambda value: re.fullmatch(r"https?://[^\s?#@]+", value),
                    "http:// or https:// and a host, such as http://localhost:4318",
                ),
            ),
            Variable(
                "AIRFLOW__OPENLINEAGE__TRANSPORT",
                "Where OpenLineage events go (the tables each task reads and writes), in JSON. Optional; docs/runbook.md has more.",
                example="""'{"type": "http", "url": "http://localhost:5000"}'""",
                receivers=("airflow",),
                check=rules.matching(
                    "AIRFLOW__OPENLINEAGE__TRANSPORT",
                    rules.is_transport,
                    'a transport of OpenLineage in JSON, such as {"type": "http", "url": "http://localhost:5000"}',
                    shows_value=False,
                ),
            ),
        ),
    ),
    Section(
        "Superset",
        (
            _secret("SUPERSET_SECRET_KEY", "Signs sessions and encrypts what Superset stores.", "superset"),
            _secret("SUPERSET_ADMIN_PASSWORD", "Password of the login admin: everything.", "superset"),
            _secret(
                "SUPERSET_ANALYST_PASSWORD",
                "Password of the login analyst: dashboards, charts of their own, SQL Lab.",
                "superset",
            ),
            _secret(
                "SUPERSET_VIEWER_PASSWORD",
                "Password of the login viewer: dashboards, read-only.",
                "superset",
            ),
            _secret(
                "AUSTIN_CRIME_SUPERSET_REFRESH_PASSWORD",
                "Password of the pipeline's login, which refreshes the charts and fetches reports: read-only.",
                "superset",
                "pipeline",
            ),
            Variable(
                "AUSTIN_CRIME_SUPERSET_REFRESH_USER",
                "Name of that login.",
                default="refresh",
                receivers=("superset", "pipeline"),
                check=rules.matching(
                    "AUSTIN_CRIME_SUPERSET_REFRESH_USER",
                    lambda value: re.fullmatch(r"[\w.-]+", value),
                    "a name of letters, digits, ., - and _",
                ),
            ),
            Variable(
                "SUPERSET_ANONYMOUS_READING",
                "yes lets people read the dashboards and the public edition at /edition/ without a login; no asks for one.",
                default="no",
                receivers=("superset",),
                check=rules.matching("SUPERSET_ANONYMOUS_READING", ("yes", "no").__contains__, "yes or no"),
            ),
        ),
    ),
    Section(
        "Set by the stack for its processes; needed only to run a part by hand, or with your own warehouse",
        (
            Variable(
                "AUSTIN_CRIME_SUPERSET_URL",
                "Superset's address for the pipeline; without it no charts are refreshed.",
                example="http://127.0.0.1:8088",
                check=config.superset_url,
            ),
            Variable(
                "AUSTIN_CRIME_READER_URL",
                "The warehouse for Superset, with the reader's login.",
                example="postgresql+psycopg2://austin_crime_reader:password@127.0.0.1:5442/warehouse_sample",
                check=rules.matching(
                    "AUSTIN_CRIME_READER_URL",
                    lambda value: config.is_database_url(value, "postgresql+psycopg2"),
                    "postgresql+psycopg2://austin_crime_reader:password@host:port/database",
                ),
            ),
            Variable(
                "SUPERSET_METADATA_URL",
                "Superset's metadata database.",
                example="postgresql+psycopg2://superset:password@127.0.0.1:5442/superset",
            ),
            Variable("SUPERSET_HOME", "Folder of Superset's caches.", example="data/superset"),
            Variable(
                "SUPERSET_REDIS_URL",
                "Redis for Superset's workers and caches, in containers; without a database's number.",
                example="redis://:password@redis:6379",
            ),
        ),
    ),
    Section(
        "Tests: read from the environment only",
        (
            Variable(
                "AUSTIN_CRIME_REAL_DATA",
                "Folder with real files of the portal; without it the tests that need them skip.",
            ),
            Variable("CHROMIUM", "A Chromium for the browser tests, if it is not found by itself."),
        ),
    ),
)
VARIABLES = tuple(variable for section in SECTIONS for variable in section.variables)
NAMES = frozenset(variable.name for variable in VARIABLES)


def received_by(receiver: str) -> list[str]:
    """Return the names of the variables that the processes of one kind are given as they are."""
    return [variable.name for variable in VARIABLES if receiver in variable.receivers]


def with_defaults(given: Mapping[str, str]) -> dict[str, str]:
    """Return every variable's value: what is given, unless it is empty, else its default; others are left out."""
    return {variable.name: given.get(variable.name) or variable.default for variable in VARIABLES}


def airflow_logins(values: Mapping[str, str]) -> str:
    """Return the file that Airflow's simple auth manager reads passwords from."""
    return json.dumps({login: values[f"AIRFLOW_{login.upper()}_PASSWORD"] for login in AIRFLOW_LOGINS})


def check(values: Environment) -> None:
    """Judge every setting before anything starts; SettingError for the first that cannot be used."""
    for variable in VARIABLES:
        if variable.check:
            variable.check(values)
    by_port: dict[int, str] = {}
    for name in map(rules.port_variable, SERVERS):
        other = by_port.setdefault(int(values[name]), name)
        if other != name:
            raise SettingError(f"{other} and {name} are both {values[name]}: expected two ports.")
