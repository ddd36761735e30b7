"""docker-compose.yaml, looked at without an engine: whole, careful, and of one mind with the stack without containers."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from local_stack.configuration import dotenv, environments, variables
from local_stack.configuration.settings import ROOT, Settings
from local_stack.provisioning import containers, postgres

PROFILES = ("", "sample", "prefect", "sample,prefect")
ONE_SHOT = {"airflow-init", "superset-init", "prefect-init"}
# What Airflow is told in one of the two places only, or otherwise.
ONLY_LOCAL = {"PYTHONPATH", "AIRFLOW__CORE__PARALLELISM", "AUSTIN_CRIME_POSTGRES_PROGRAMS"}
ONLY_CONTAINERS = {
    "AUSTIN_CRIME_APP_TOKEN",
    "AUSTIN_CRIME_BACKUP_URL",
    "AUSTIN_CRIME_KEEP_CHANGES_DAYS",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "AIRFLOW__CELERY__BROKER_URL",
    "AIRFLOW__CELERY__RESULT_BACKEND",
    "AIRFLOW__CELERY__WORKER_CONCURRENCY",
    "AIRFLOW__LOGGING__BASE_LOG_FOLDER",
    "AIRFLOW__LOGGING__DAG_PROCESSOR_LOG_TARGET",
    "AIRFLOW_CONN_AUSTIN_CRIME_SMTP",
    "AIRFLOW_CONN_AUSTIN_CRIME_WEBHOOK",
    "AIRFLOW__OPENLINEAGE__TRANSPORT",
    *(name for name in variables.received_by("pipeline") if name.startswith("AWS_")),
}
# Addresses, folders and who runs tasks.
OTHERWISE = {
    "AUSTIN_CRIME_SOURCE_URL",
    "AUSTIN_CRIME_WAREHOUSE_URL",
    "AUSTIN_CRIME_READER_URL",
    "AUSTIN_CRIME_LANDING_URL",
    "AUSTIN_CRIME_EDITION_DIR",
    "AUSTIN_CRIME_SUPERSET_URL",
    "AIRFLOW_CONN_WAREHOUSE",
    "AIRFLOW_CONN_AIRFLOW_METADATA",
    "AIRFLOW_CONN_AUSTIN_PORTAL",
    "AIRFLOW_HOME",
    "AIRFLOW__API__HOST",
    "AIRFLOW__API__PORT",
    "AIRFLOW__CORE__DAGS_FOLDER",
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL",
    "AIRFLOW__CORE__EXECUTOR",
    "AIRFLOW__CORE__PLUGINS_FOLDER",
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
}


def compose(env_file: Path, *arguments: str, profiles: str = "") -> subprocess.CompletedProcess[str]:
    """Run Compose, which needs no engine for this, with the variables of a file alone."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "DOCKER_CONFIG") if name in os.environ}
    return subprocess.run(
        ["docker", "compose", "--project-directory", ROOT, "--env-file", env_file, *arguments],
        env={**environment, "COMPOSE_PROFILES": profiles},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def has_compose() -> None:
    """Skip, and say so, where there is no Docker Compose."""
    try:
        subprocess.run(["docker", "compose", "version"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no Docker Compose: install it to have docker-compose.yaml looked at")


@pytest.fixture(scope="module")
def env_file(has_compose: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("compose") / ".env"
    dotenv.ensure(path)
    return path


@pytest.fixture(scope="module")
def services(env_file: Path) -> dict[str, dict[str, Any]]:
    """Return every service with its variables filled in."""
    done = compose(env_file, "config", "--format", "json", profiles="sample,prefect")
    assert done.returncode == 0, done.stderr
    content: dict[str, dict[str, Any]] = json.loads(done.stdout)["services"]
    return content


@pytest.fixture(scope="module")
def local(env_file: Path) -> Settings:
    """Return the settings of the stack without containers, with the same secrets."""
    return Settings(ROOT, variables.with_defaults(dotenv.read(env_file)), {}, "live")


@pytest.mark.parametrize("profiles", PROFILES)
def test_compose_accepts_the_file(env_file: Path, profiles: str) -> None:
    done = compose(env_file, "config", "--quiet", profiles=profiles)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.usefixtures("has_compose")
def test_without_secrets_the_start_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()

    done = compose(tmp_path / "empty", "config", "--quiet")

    assert (done.stdout, "is not set. Run `make secrets` first" in done.stderr) == ("", True)


def test_each_secret_alone_is_missed(env_file: Path, tmp_path: Path) -> None:
    for missing in dotenv.read(env_file):
        lines = env_file.read_text().splitlines()
        kept = tmp_path / missing
        kept.write_text("\n".join(line for line in lines if not line.startswith(f"{missing}=")))

        done = compose(kept, "config", "--quiet")

        if re.fullmatch("AIRFLOW_[A-Z]+_PASSWORD", missing):  # is read from its file alone
            continue
        assert f"{missing}" in done.stderr, missing
        assert "Run `make secrets` first" in done.stderr, missing


def test_the_file_itself_holds_no_secret(env_file: Path) -> None:
    example = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())
    told = [
        value
        for service in example["services"].values()
        for value in (service.get("environment") or {}).items()
    ]

    secret = [(name, value) for name, value in told if name.endswith(("PASSWORD", "KEY", "SECRET"))]

    assert secret
    assert all(value is None or str(value).startswith("${") for _, value in secret)


def test_every_service_is_careful(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service.get("read_only", False) == (name != "postgres"), name
        assert service["init"] is True, name
        assert service["logging"]["options"]["max-size"], name
        assert service["deploy"]["resources"]["limits"].keys() == {"memory", "pids"}, name
        assert "stop_grace_period" in service, name
        assert service["restart"] == ("no" if name in ONE_SHOT else "unless-stopped"), name
        assert (name in ONE_SHOT) != ("healthcheck" in service), name
        assert "cap_add" not in service, name
        assert "privileged" not in service, name


def test_no_service_runs_as_root(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        images = service["image"].removeprefix("austin-crime-")
        dockerfile = ROOT / "docker" / images / "Dockerfile"
        user = service.get("user") or dockerfile.read_text().rpartition("\nUSER ")[2].strip()

        assert user not in ("", "root", "0"), name


def test_ports_are_published_on_loopback_and_elsewhere_only_by_request(
    env_file: Path, tmp_path: Path
) -> None:
    wider = tmp_path / ".env"
    wider.write_text(env_file.read_text() + "AUSTIN_CRIME_BIND_ADDRESS=0.0.0.0\n")

    told = {
        path: {
            port["host_ip"]
            for service in json.loads(
                compose(path, "config", "--format", "json", profiles="sample,prefect").stdout
            )["services"].values()
            for port in service.get("ports", [])
        }
        for path in (env_file, wider)
    }

    assert told == {env_file: {"127.0.0.1"}, wider: {"0.0.0.0"}}


def test_whoever_needs_another_service_waits_for_it_to_be_well(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if other in ONE_SHOT else "service_healthy"
            assert how["condition"] == wanted, (name, other)


def test_airflow_is_told_the_same_as_without_containers(
    services: dict[str, dict[str, Any]], local: Settings
) -> None:
    without = environments.airflow(local, {})
    within = services["airflow-scheduler"]["environment"]

    assert set(without) - set(within) == ONLY_LOCAL
    assert set(within) - set(without) <= ONLY_CONTAINERS
    assert {name for name in set(without) & set(within) if without[name] != within[name]} <= OTHERWISE


def test_all_of_airflow_is_told_the_same(services: dict[str, dict[str, Any]]) -> None:
    told = {
        name: service["environment"]
        for name, service in services.items()
        if name.startswith("airflow-") and name != "airflow-init"
    }

    assert len(told) == 5
    assert all(environment == told["airflow-worker"] for environment in told.values())


def test_superset_is_told_the_same_as_without_containers(
    services: dict[str, dict[str, Any]], local: Settings
) -> None:
    without = {name: value for name, value in environments.superset(local).items() if value}
    within = services["superset-init"]["environment"]

    assert set(without) - set(within) <= {"PYTHONPATH", "SUPERSET_CONFIG_PATH", *local.values}
    assert set(within) - set(without) == {"SUPERSET_REDIS_URL"}
    same = {"SUPERSET_SECRET_KEY", "SCARF_ANALYTICS", "GUNICORN_CMD_ARGS", "SUPERSET_ADMIN_PASSWORD"}
    assert {name: within[name] for name in same} == {name: without[name] for name in same}


def test_no_service_is_told_a_secret_that_it_does_not_need(
    services: dict[str, dict[str, Any]], env_file: Path
) -> None:
    secrets = dotenv.read(env_file)
    roles = {name for name in secrets if name.startswith("AUSTIN_CRIME_") and name.endswith("_PASSWORD")}
    allowed = {
        "postgres": set(),
        "redis": set(),
        "sample-portal": set(),
        "reader-limit": {"AUSTIN_CRIME_OWNER_PASSWORD"},
        "airflow-init": set(secrets) - {name for name in secrets if name.startswith("SUPERSET_")},
        "superset-init": set(secrets) - roles
        | {
            "AUSTIN_CRIME_SUPERSET_DB_PASSWORD",
            "AUSTIN_CRIME_READER_PASSWORD",
            "AUSTIN_CRIME_REDIS_PASSWORD",
            "AUSTIN_CRIME_SUPERSET_REFRESH_PASSWORD",
        },
    }
    superset = {
        "SUPERSET_SECRET_KEY",
        "AUSTIN_CRIME_SUPERSET_DB_PASSWORD",
        "AUSTIN_CRIME_READER_PASSWORD",
        "AUSTIN_CRIME_REDIS_PASSWORD",
    }
    airflow = {name for name in secrets if name.startswith("AIRFLOW__")} | {
        "AUSTIN_CRIME_OWNER_PASSWORD",
        "AUSTIN_CRIME_AIRFLOW_DB_PASSWORD",
        "AUSTIN_CRIME_READER_PASSWORD",
        "AUSTIN_CRIME_REDIS_PASSWORD",
        "AUSTIN_CRIME_SUPERSET_REFRESH_PASSWORD",
    }
    prefect = {"AUSTIN_CRIME_OWNER_PASSWORD", "AUSTIN_CRIME_SUPERSET_REFRESH_PASSWORD"}
    for name, service in services.items():
        told = json.dumps([service.get("environment"), service.get("command")])
        kind = name.partition("-")[0]
        expected = allowed.get(
            name, {"airflow": airflow, "superset": superset, "prefect": prefect}.get(kind, set())
        )

        assert {secret for secret, value in secrets.items() if value in told} <= expected, name


def test_postgresql_has_the_settings_of_the_local_stack(services: dict[str, dict[str, Any]]) -> None:
    options = dict(option.removeprefix("--").split("=", 1) for option in services["postgres"]["command"][1:])
    here = {
        name: value
        for name, value in postgres.SETTINGS.items()
        if name not in ("listen_addresses", "unix_socket_directories")
    }

    assert options == here


def test_airflow_takes_the_programs_for_backups_from_the_image_of_the_server() -> None:
    file = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())
    dockerfile = (ROOT / "docker/airflow/Dockerfile").read_text()
    [default] = re.findall(r"^ARG POSTGRES_IMAGE=(.+)$", dockerfile, re.MULTILINE)

    assert file["services"]["postgres"]["image"] == f"${{POSTGRES_IMAGE:-{default}}}"
    assert "POSTGRES_IMAGE" in file["x-build"]["args"]


def test_names_and_ports_of_services_are_those_that_the_first_step_knows(
    services: dict[str, dict[str, Any]], env_file: Path
) -> None:
    assert set(containers.HOSTS.values()) <= set(services)
    assert (
        str(services["sample-portal"]["ports"][0]["target"]) == containers.PORTS["AUSTIN_CRIME_PORTAL_PORT"]
    )
    sample = dotenv.read(ROOT / "settings" / "sample.env")
    read = containers.read_settings({**dotenv.read(env_file), **sample})
    assert read.source_url == sample["AUSTIN_CRIME_SOURCE_URL"]
    assert "@postgres:5432/postgres" in read.server.url(postgres.SUPERUSER, "postgres")


def test_images_are_built_of_the_locks_and_hold_no_secret() -> None:
    listed = (ROOT / ".dockerignore").read_text().splitlines()
    kept = {line[1:] for line in listed if line.startswith("!")}

    assert "*" in listed
    assert not kept & {".env", "secrets", "data", ".git"}
    for dockerfile in (ROOT / "docker").glob("*/Dockerfile"):
        text = dockerfile.read_text()
        assert text.count("FROM ${BASE_IMAGE}") == 2, dockerfile
        assert ".lock" in text, dockerfile
        for copied in [
            line.split()[1] for line in text.splitlines() if line.startswith("COPY ") and "--from" not in line
        ]:
            assert {copied, copied.split("/")[0]} & kept, (dockerfile, copied)
            assert not copied.startswith(("tests", "tools/testing", "tools/benchmarks")), (dockerfile, copied)
