"""What comes before everything else in containers: roles, databases and their schemas.

The one-shot service airflow-init runs ``python -m local_stack.provisioning.containers``; a second run changes nothing that is right.
"""

import logging
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import cast

from local_stack.configuration.settings import DEFAULT_REPORTS, ROOT, Settings, Source
from local_stack.errors import StackError
from local_stack.provisioning import airflow_database as metadata
from local_stack.provisioning import warehouse

log = logging.getLogger("airflow-init")

# Names and ports of the services in docker-compose.yaml.
HOSTS = {"postgres": "postgres", "portal": "sample-portal"}
PORTS = {"AUSTIN_CRIME_POSTGRES_PORT": "5432", "AUSTIN_CRIME_PORTAL_PORT": "8099"}


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings as docker-compose.yaml hands them on; AUSTIN_CRIME_WAREHOUSE_URL is empty if it is the local one."""
    return Settings(
        root=ROOT,
        values={**environment, **PORTS},
        others={},
        source=cast(Source, environment["AUSTIN_CRIME_SOURCE"]),
        reports=int(environment.get("REPORTS") or DEFAULT_REPORTS),
        hosts=HOSTS,
    )


def run(name: str, command: list[str]) -> None:
    """Run a command that has to succeed."""
    log.info("%s", name)
    subprocess.run(command, check=True)


def main() -> int:
    """Make and migrate what is missing; tell what is wrong in a sentence instead of a traceback."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    settings = read_settings(os.environ)
    try:
        settings.server.create_roles()
        for name in ("airflow", "superset"):
            settings.server.create_database(name, name)
        log.info("warehouse: %s", warehouse.prepare(settings) or "ready")
        log.info("Airflow's database: %s", metadata.migrate_airflow(settings, run) or "ready")
    except (StackError, subprocess.CalledProcessError) as error:
        log.error("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
