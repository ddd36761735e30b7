"""deploy/kubernetes gives each process what docker-compose.yaml gives it, by keys that the charts have. No cluster is needed."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from local_stack.configuration import dotenv
from local_stack.configuration.settings import ROOT

FOLDER = ROOT / "deploy" / "kubernetes"
PAGE = (ROOT / "docs" / "kubernetes.md").read_text()
CHARTS = yaml.safe_load((Path(__file__).parent / "chart_keys.yaml").read_text())
VALUES = {chart: yaml.safe_load((FOLDER / f"{chart}-values.yaml").read_text()) for chart in CHARTS}
OBJECTS = list(yaml.safe_load_all((FOLDER / "project.yaml").read_text()))
DEPLOYMENTS = {item["metadata"]["name"]: item for item in OBJECTS if item["kind"] == "Deployment"}
# What the chart of Airflow sets itself, and the value that it takes it from.
SET_BY_CHART = {
    "AIRFLOW_HOME": ("airflowHome",),
    "AIRFLOW__CORE__EXECUTOR": ("executor",),
    "AIRFLOW__CORE__FERNET_KEY": ("fernetKeySecretName",),
    "AIRFLOW__API__SECRET_KEY": ("apiSecretKeySecretName",),
    "AIRFLOW__API_AUTH__JWT_SECRET": ("jwtSecretName",),
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": ("data", "metadataSecretName"),
    "AIRFLOW__CELERY__RESULT_BACKEND": ("data", "resultBackendSecretName"),
    "AIRFLOW__CELERY__BROKER_URL": ("data", "brokerUrlSecretName"),
}
# The processes of both, and where their resources are.
AIRFLOW = {
    "airflow-init": ("migrateDatabaseJob",),
    "airflow-apiserver": ("apiServer",),
    "airflow-scheduler": ("scheduler",),
    "airflow-dag-processor": ("dagProcessor",),
    "airflow-triggerer": ("triggerer",),
    "airflow-worker": ("workers", "celery"),
}
SUPERSET = {
    "superset-init": ("init",),
    "superset": ("supersetNode",),
    "superset-worker": ("supersetWorker",),
    "superset-beat": ("supersetCeleryBeat",),
}


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    """Return the services of docker-compose.yaml, anchors resolved, variables not."""
    content: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())[
        "services"
    ]
    return content


def at(values: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        values = values[name]
    return values


def leaves(value: Any, path: str = "") -> Iterator[str]:
    """Yield the dotted path of each value that is not a mapping with something in it."""
    if isinstance(value, dict) and value:
        for name, below in value.items():
            yield from leaves(below, f"{path}.{name}" if path else name)
    else:
        yield path


def given_by_compose(service: dict[str, Any]) -> set[str]:
    """Return the names of a service's variables."""
    files = [service["env_file"]] if "env_file" in service else []
    return set(service["environment"]).union(*(dotenv.read(ROOT / path) for path in files))


def airflow_environment() -> dict[str, Any]:
    """Return the variables that the values of Airflow's chart give to every process."""
    values = VALUES["airflow"]
    return {
        **{item["name"]: item["value"] for item in values["env"]},
        **{item["envName"]: item for item in values["secret"]},
        **{item["name"]: item["valueFrom"] for item in yaml.safe_load(values["extraEnv"])},
    }


def secret_keys() -> dict[str, set[str]]:
    """Return the keys of each Secret that docs/kubernetes.md has people create."""
    commands = re.findall(
        r"create secret generic (\S+)((?:[^\n]*\\\n)*[^\n]*)", PAGE.replace("$kubectl", "kubectl")
    )
    return {name: set(re.findall(r"--from-(?:literal|file)=([\w.-]+)=?", text)) for name, text in commands}


@pytest.mark.parametrize("chart", CHARTS)
def test_every_value_is_one_that_the_chart_has(chart: str) -> None:
    keys = CHARTS[chart]["keys"]
    unknown = [
        path
        for path in leaves(VALUES[chart])
        if not any(path == key or path.startswith(f"{key}.") for key in keys)
    ]
    unused = [
        key
        for key in keys
        if not any(path == key or path.startswith(f"{key}.") for path in leaves(VALUES[chart]))
    ]

    assert (unknown, unused) == ([], [])
    assert f"version {CHARTS[chart]['version']}" in (FOLDER / f"{chart}-values.yaml").read_text()
    assert f"--version {CHARTS[chart]['version']}" in PAGE


def test_airflow_is_given_every_variable_of_its_containers(services: dict[str, dict[str, Any]]) -> None:
    expected = given_by_compose(services["airflow-worker"])
    given = airflow_environment()

    by_chart = {name for name, path in SET_BY_CHART.items() if at(VALUES["airflow"], path)}
    assert expected - set(given) - by_chart == set()
    assert set(given) - expected == set()
    assert by_chart == set(SET_BY_CHART)
    assert not by_chart & set(given)


def test_superset_is_given_every_variable_of_its_containers(services: dict[str, dict[str, Any]]) -> None:
    expected = given_by_compose(services["superset-init"])
    given = set(VALUES["superset"]["extraEnv"]) | secret_keys()[VALUES["superset"]["envFromSecret"]]

    assert given == expected


@pytest.mark.parametrize("chart", CHARTS)
def test_shared_settings_have_the_same_values(chart: str) -> None:
    given = airflow_environment() if chart == "airflow" else VALUES["superset"]["extraEnv"]

    shared = dotenv.read(ROOT / "settings" / f"{chart}.env")
    assert {name: given[name] for name in shared} == shared


def test_the_other_processes_are_given_theirs(services: dict[str, dict[str, Any]]) -> None:
    container = DEPLOYMENTS["reader-limit"]["spec"]["template"]["spec"]["containers"][0]

    assert {item["name"] for item in container["env"]} == given_by_compose(services["reader-limit"])
    assert container["command"] == services["reader-limit"]["command"]


def test_every_secret_that_is_named_is_one_that_people_are_told_to_create() -> None:
    named = {(item["secretName"], item["secretKey"]) for item in VALUES["airflow"]["secret"]}
    for deployment in DEPLOYMENTS.values():
        for item in deployment["spec"]["template"]["spec"]["containers"][0]["env"]:
            reference = item["valueFrom"]["secretKeyRef"]
            named.add((reference["name"], reference["key"]))
    fixed = {
        ("fernetKeySecretName",): "fernet-key",
        ("apiSecretKeySecretName",): "api-secret-key",
        ("jwtSecretName",): "jwt-secret",
        ("data", "metadataSecretName"): "connection",
        ("data", "resultBackendSecretName"): "connection",
        ("data", "brokerUrlSecretName"): "connection",
    }
    named |= {(at(VALUES["airflow"], path), key) for path, key in fixed.items()}
    created = {(name, key) for name, keys in secret_keys().items() for key in keys}
    logins = VALUES["airflow"]["apiServer"]["extraVolumes"][0]["secret"]["secretName"]

    assert named - created == set()
    assert (logins, "airflow_logins.json") in created
    optional = [item["valueFrom"]["secretKeyRef"] for item in yaml.safe_load(VALUES["airflow"]["extraEnv"])]
    assert all(item["optional"] and f"`{item['key']}`" in PAGE for item in optional)


def test_no_file_holds_a_password() -> None:
    for path in FOLDER.iterdir():
        assert not re.search(r"://[^\s/@$]*:[^\s/@$]+@", path.read_text()), path
    assert [item["kind"] for item in OBJECTS if item["kind"] == "Secret"] == []


def test_memory_is_limited_as_in_containers(services: dict[str, dict[str, Any]]) -> None:
    limits = {
        **{name: at(VALUES["airflow"], path)["resources"] for name, path in AIRFLOW.items()},
        **{name: at(VALUES["superset"], path)["resources"] for name, path in SUPERSET.items()},
        **{
            name: item["spec"]["template"]["spec"]["containers"][0]["resources"]
            for name, item in DEPLOYMENTS.items()
        },
    }
    for name, resources in limits.items():
        in_containers = services[name]["deploy"]["resources"]["limits"]["memory"].upper() + "i"
        assert resources["limits"]["memory"] == in_containers, name
        assert set(resources["requests"]) == {"cpu", "memory"}, name


def test_no_pod_runs_as_root_or_writes_to_its_image() -> None:
    pods = [VALUES["airflow"]["securityContexts"]["pod"]]
    containers = [VALUES["airflow"]["securityContexts"]["containers"]]
    for path in SUPERSET.values():
        pods.append(
            at(VALUES["superset"], path)["podSecurityContext"]
            | {"runAsUser": VALUES["superset"]["runAsUser"]}
        )
        containers.append(at(VALUES["superset"], path)["containerSecurityContext"])
    for item in DEPLOYMENTS.values():
        pods.append(item["spec"]["template"]["spec"]["securityContext"])
        containers.append(item["spec"]["template"]["spec"]["containers"][0]["securityContext"])

    assert all(pod["runAsNonRoot"] and pod["runAsUser"] > 0 for pod in pods)
    assert all(
        container
        == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        for container in containers
    )


def test_processes_start_as_in_containers(services: dict[str, dict[str, Any]]) -> None:
    for name in ("airflow-scheduler", "airflow-dag-processor", "airflow-triggerer", "airflow-worker"):
        assert at(VALUES["airflow"], AIRFLOW[name])["args"] == services[name]["command"], name
    for name, path in SUPERSET.items():
        assert at(VALUES["superset"], path)["command"] == services[name]["command"], name
