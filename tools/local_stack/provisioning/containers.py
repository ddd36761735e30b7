"""What comes before everything else in containers: roles, databases and their schemas.

The one-shot service airflow-init runs ``python -m local_stack.provisioning.containers``; a second run changes nothing that is right.
"""

import logging
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from typing import cast

from austin_crime import config
from austin_crime.errors import SettingError
from local_stack.configuration import variables
from local_stack.configuration.settings import DEFAULT_REPORTS, ROOT, Settings, Source
from local_stack.errors import StackError
from local_stack.provisioning import airflow_database as metadata
from local_stack.provisioning import warehouse

log = logging.getLogger("airflow-init")

# Names and ports of the services in docker-compose.yaml.
HOSTS = {"postgres": "postgres", "portal": "sample-portal"}
PORTS = {"AUSTIN_CRIME_POSTGRES_PORT": "5432", "AUSTIN_CRIME_PORTAL_PORT": "8099"}


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings as docker-compose.yaml hands them on; AUSTIN_CRIME_WAREHOUSE_URL is empty if it is the local one.

    Raises
    ------
    SettingError
        If one cannot be used.
    """
    values = variables.with_defaults(environment) | PORTS
    variables.check(values)
    _check_for_containers(values)
    reports = environment.get("REPORTS") or str(DEFAULT_REPORTS)
    if not re.fullmatch("[0-9]{1,9}", reports):
        raise config.refused("REPORTS", "a number of reports", reports)
    source = cast(Source, values["AUSTIN_CRIME_SOURCE"] or "live")
    return Settings(root=ROOT, values=values, others={}, source=source, reports=int(reports), hosts=HOSTS)


def _check_for_containers(values: Mapping[str, str]) -> None:
    """Raise SettingError for what is right elsewhere, and would lead nowhere in a container."""
    landing = values["AUSTIN_CRIME_LANDING_URL"]
    if landing and not landing.startswith(("/", "file:///", "s3://")):
        expected = "a folder of a volume by its whole path in the containers, or s3://bucket/prefix"
        raise config.refused("AUSTIN_CRIME_LANDING_URL", expected, landing)
    if values["AUSTIN_CRIME_WAREHOUSE_URL"] and not values["AUSTIN_CRIME_READER_URL"]:
        raise SettingError(
            "AUSTIN_CRIME_READER_URL is not set: expected the address that Superset reads the warehouse of"
            " AUSTIN_CRIME_WAREHOUSE_URL by, postgresql+psycopg2://austin_crime_reader:password@host:port/database."
        )


def run(name: str, command: list[str]) -> None:
    """Run a command that has to succeed."""
    log.info("%s", name)
    subprocess.run(command, check=True)


def main() -> int:
    """Make and migrate what is missing; tell what is wrong in a sentence instead of a traceback."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        settings = read_settings(os.environ)
        settings.server.create_roles()
        for name in ("airflow", "superset"):
            settings.server.create_database(name, name)
        log.info("warehouse: %s", warehouse.prepare(settings) or "ready")
        log.info("Airflow's database: %s", metadata.migrate_airflow(settings, run) or "ready")
    except (StackError, SettingError, subprocess.CalledProcessError) as error:
        log.error("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
