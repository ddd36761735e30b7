"""What the stack is to be: the environment over .env over defaults, and all that follows from it."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlsplit, urlunsplit

from austin_crime import config
from local_stack.configuration import container_secrets, dotenv, rules, variables
from local_stack.errors import StackError
from local_stack.provisioning import postgres

ROOT = config.ROOT
HOST = postgres.HOST
DEFAULT_REPORTS = 100_000
Source = Literal["sample", "live"]


@dataclass(frozen=True)
class Settings:
    """The settings of one stack.

    Parameters
    ----------
    values
        Every variable that is declared, of the environment, .env or by default.
    others
        The other lines of .env, handed to every process.
    source
        Which portal: the sample portal or the city's.
    reports
        Size of the sample portal.
    hosts
        Where servers are that are not on this machine's loopback: in containers, each has a name.
    """

    root: Path
    values: Mapping[str, str]
    others: Mapping[str, str]
    source: Source = "sample"
    reports: int = DEFAULT_REPORTS
    hosts: Mapping[str, str] = field(default_factory=dict)

    @property
    def data_dir(self) -> Path:
        """Folder of everything the stack writes."""
        return self.root / "data"

    def port(self, server: str) -> int:
        """Return the port of postgres, portal, airflow, superset or prefect."""
        return int(self.values[rules.port_variable(server)])

    def address(self, server: str) -> str:
        """Return the URL of portal, airflow, superset or prefect."""
        return f"http://{self.host(server)}:{self.port(server)}"

    def host(self, server: str) -> str:
        """Return the host of postgres, portal, airflow, superset or prefect."""
        return self.hosts.get(server, HOST)

    @property
    def server(self) -> postgres.Server:
        """The local PostgreSQL."""
        prefixes = {"postgres": "POSTGRES", "airflow": "AIRFLOW_DB", "superset": "SUPERSET_DB"}
        prefixes |= {postgres.OWNER: "OWNER", postgres.READER: "READER"}
        passwords = {role: self.values[f"AUSTIN_CRIME_{part}_PASSWORD"] for role, part in prefixes.items()}
        return postgres.Server(self.port("postgres"), passwords, self.host("postgres"))

    @property
    def has_own_warehouse(self) -> bool:
        """Whether the warehouse is a database that the user named, perhaps on another machine."""
        return bool(self.values["AUSTIN_CRIME_WAREHOUSE_URL"])

    @property
    def warehouse(self) -> str:
        """Name of the database that holds this source's reports on the local server."""
        return f"warehouse_{self.source}"

    @property
    def warehouse_url(self) -> str:
        """The warehouse's address with the owner's login."""
        if self.has_own_warehouse:
            return self.values["AUSTIN_CRIME_WAREHOUSE_URL"]
        return self.server.owner_url(self.warehouse)

    @property
    def reader_url(self) -> str:
        """The warehouse's address with the reader's login."""
        if self.has_own_warehouse and self.values["AUSTIN_CRIME_READER_URL"]:
            return self.values["AUSTIN_CRIME_READER_URL"].replace("postgresql+psycopg2://", "postgresql://")
        parts = urlsplit(self.warehouse_url)
        password = quote(self.values["AUSTIN_CRIME_READER_PASSWORD"], safe="")
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit(parts._replace(netloc=f"{postgres.READER}:{password}@{host}"))

    @property
    def source_url(self) -> str:
        """The portal's address."""
        return self.address("portal") if self.source == "sample" else config.source_url(self.values)

    @property
    def landing_url(self) -> str:
        """Where batches are kept as received."""
        if self.values["AUSTIN_CRIME_LANDING_URL"]:
            return config.landing_url(self.values)
        return str(self.data_dir / "landing" / self.source)

    @property
    def edition_dir(self) -> Path:
        """Where the public edition is written to and served from."""
        return config.edition_dir(self.values) or self.data_dir / "edition" / self.source


def prepare(
    source: Source, reports: int | None, root: Path = ROOT, environment: Mapping[str, str] = os.environ
) -> tuple[Settings, list[str]]:
    """Return the settings for a start, and what was done to .env, in sentences.

    Raises
    ------
    StackError
        If .env is damaged.
    SettingError
        If a setting cannot be used.
    """
    done = dotenv.ensure(root / ".env")
    container_secrets.write_files(root)
    settings = resolve(root, environment, source, reports or last(root).get("reports", DEFAULT_REPORTS))
    check(settings)
    return settings, done


def check(settings: Settings) -> None:
    """Raise SettingError for the first setting that cannot be used."""
    variables.check(settings.values)
    config.check_landing(settings.landing_url)


def running(root: Path = ROOT, environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings that the stack was last started with.

    Raises
    ------
    StackError
        If it was never started.
    SettingError
        If a setting that changed since cannot be used.
    """
    start = last(root)
    if not start:
        raise StackError("The stack was never started here: run `make demo` or `make up`.")
    settings = resolve(root, start["overrides"] | dict(environment), start["source"], start["reports"])
    check(settings)
    return settings


def resolve(root: Path, environment: Mapping[str, str], source: Source, reports: int) -> Settings:
    """Lay the environment over .env over the defaults; an empty variable counts as not set."""
    lines = dotenv.read(root / ".env", environment)
    others = {name: value for name, value in lines.items() if name not in variables.NAMES}
    return Settings(root, variables.with_defaults({**lines, **environment}), others, source, reports)


def remember(settings: Settings, fingerprint: str, environment: Mapping[str, str] = os.environ) -> None:
    """Write down what the stack is started with, so that later commands find it without the same environment."""
    overrides = {name: environment[name] for name in settings.values if environment.get(name)}
    path = settings.data_dir / "run" / "start.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    content: dict[str, Any] = {"source": settings.source, "reports": settings.reports}
    content |= {"overrides": overrides, "fingerprint": fingerprint}
    path.write_text(json.dumps(content, indent=2))


def last(root: Path) -> dict[str, Any]:
    """Return what remember wrote, or an empty dict."""
    path = root / "data" / "run" / "start.json"
    try:
        content: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    except ValueError as error:
        raise StackError(f"{path} is damaged: remove it, then run `make down` and start again.") from error
    return content
