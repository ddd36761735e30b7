"""What each process is told through its environment: all it needs, and no secret of another's."""

import json
import os
import sys
from collections.abc import Mapping

from austin_crime import config
from local_stack.configuration import dotenv, surroundings, variables
from local_stack.configuration.paths import python_path
from local_stack.configuration.settings import HOST, Settings
from local_stack.provisioning import postgres


def _shared(settings: Settings, name: str) -> dict[str, str]:
    """Return what a server is told wherever it runs, here or in a container."""
    return dotenv.read(settings.root / "settings" / f"{name}.env")


def common(settings: Settings, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return what every process gets: what is listed of the surroundings, and the other lines of .env, proxies aside."""
    lines = {name: value for name, value in settings.others.items() if not name.upper().endswith("_PROXY")}
    # On macOS a forked process dies in the system's Objective-C runtime.
    fork_safety = {"OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES"} if sys.platform == "darwin" else {}
    return surroundings.of_machine(environment) | lines | surroundings.OF_OURS | fork_safety


def portal(settings: Settings) -> dict[str, str]:
    """Return the environment of the sample portal."""
    return {"PYTHONPATH": python_path(settings.root)}


def pipeline(settings: Settings, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return what the nightly load needs."""
    return (
        surroundings.of_portal_client({**settings.others, **environment})
        | _given(settings, "pipeline")
        | {
            "PYTHONPATH": python_path(settings.root),
            "AUSTIN_CRIME_SOURCE_URL": settings.source_url,
            "AUSTIN_CRIME_WAREHOUSE_URL": settings.warehouse_url,
            "AUSTIN_CRIME_LANDING_URL": settings.landing_url,
            "AUSTIN_CRIME_EDITION_DIR": str(settings.edition_dir),
            "AUSTIN_CRIME_POSTGRES_PROGRAMS": settings.values["AUSTIN_CRIME_POSTGRES_PROGRAMS"]
            or str(postgres.programs_folder()),
            "AUSTIN_CRIME_SUPERSET_URL": settings.values["AUSTIN_CRIME_SUPERSET_URL"]
            or settings.address("superset"),
        }
    )


def reader_limit(settings: Settings) -> dict[str, str]:
    """Return the environment of what ends the reads that are too long."""
    return {
        "PYTHONPATH": python_path(settings.root),
        "AUSTIN_CRIME_WAREHOUSE_URL": settings.warehouse_url,
    }


def _given(settings: Settings, receiver: str) -> dict[str, str]:
    """Return the settings that one kind of process is given as they are; those that are not set are left out."""
    return {name: settings.values[name] for name in variables.received_by(receiver) if settings.values[name]}


def airflow(settings: Settings, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment of Airflow's processes; they must share all of it."""
    home = settings.data_dir / "airflow"
    database = settings.server.url("airflow", "airflow").replace("postgresql://", "postgresql+psycopg2://")
    return (
        _shared(settings, "airflow")
        | pipeline(settings, environment)
        | _given(settings, "airflow")
        | {
            "AIRFLOW_CONN_WAREHOUSE": settings.warehouse_url,
            # For `airflow db clean`: tasks themselves are kept from Airflow's database.
            "AIRFLOW_CONN_AIRFLOW_METADATA": settings.server.url("airflow", "airflow"),
            "AUSTIN_CRIME_READER_URL": settings.reader_url,
            "AIRFLOW_CONN_AUSTIN_PORTAL": json.dumps({"conn_type": "http", "host": settings.source_url}),
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(settings.root / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(settings.root / "plugins"),
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "4",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": settings.address("airflow") + "/execution/",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
            "AIRFLOW__API__BASE_URL": settings.values["AIRFLOW__API__BASE_URL"]
            or settings.address("airflow"),
            "AIRFLOW__API__HOST": HOST,
            "AIRFLOW__API__PORT": str(settings.port("airflow")),
        }
    )


def prefect_python(settings: Settings) -> str:
    """Return the Python of Prefect's environment."""
    return str(settings.root / ".venv" / "prefect" / "bin" / "python")


def prefect(settings: Settings, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment of a run of the flow, which starts a server for itself unless it is told of one."""
    return pipeline(settings, environment) | {
        # Its database, its settings and what it keeps of errors: nothing in the person's home.
        "PREFECT_HOME": str(settings.data_dir / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_LOGGING_EXTRA_LOGGERS": "austin_crime",
        # A new database takes its time on a small machine.
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    }


def prefect_served(settings: Settings, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment of Prefect's server, and of what works with it."""
    keep_s = config.keep_days(settings.values) * 24 * 60 * 60
    return prefect(settings, environment) | {
        "PREFECT_API_URL": settings.address("prefect") + "/api",
        # Its own service deletes what is old; by default events only.
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(keep_s),
    }


def superset_python(settings: Settings) -> str:
    """Return the Python of Superset's environment."""
    return str(settings.root / ".venv" / "superset" / "bin" / "python")


def superset(settings: Settings) -> dict[str, str]:
    """Return the environment of Superset and of its bootstrap."""
    database = settings.server.url("superset", "superset").replace("postgresql://", "postgresql+psycopg2://")
    reader = settings.reader_url.partition("://")[2]
    return (
        _shared(settings, "superset")
        | _given(settings, "superset")
        | {
            "PYTHONPATH": str(settings.root / "superset"),
            "SUPERSET_CONFIG_PATH": str(settings.root / "superset" / "superset_config.py"),
            "SUPERSET_HOME": str(settings.data_dir / "superset"),
            "SUPERSET_METADATA_URL": database,
            "AUSTIN_CRIME_EDITION_DIR": str(settings.edition_dir),
            "AUSTIN_CRIME_READER_URL": f"postgresql+psycopg2://{reader}",
        }
    )
