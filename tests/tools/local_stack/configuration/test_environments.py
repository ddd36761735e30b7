"""What processes are given of settings and surroundings."""

import netrc
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import requests
import yaml

from austin_crime.config import ROOT
from local_stack.configuration import environments, surroundings, variables
from local_stack.configuration.paths import python_path
from local_stack.configuration.settings import Settings

# Of other installations on the person's machine, and of Python and PostgreSQL themselves.
OF_OTHERS = {
    "SUPERSET_CONFIG": "nonsense",
    "FLASK_APP": "nonsense",
    "FLASK_DEBUG": "1",
    "GUNICORN_CMD_ARGS": "--bind=0.0.0.0:1",
    "AIRFLOW_HOME": "/elsewhere",
    "AIRFLOW__CORE__EXECUTOR": "nonsense",
    "AIRFLOW__CORE__PLUGINS_FOLDER": "/elsewhere",
    "AIRFLOW_CONN_WAREHOUSE": "postgresql://elsewhere/x",
    "AIRFLOW_CONN_AUSTIN_PORTAL": "http://elsewhere",
    "PREFECT_API_URL": "https://elsewhere.example/api",
    "PREFECT_API_KEY": "key",
    "PREFECT_PROFILE": "nonsense",
    "DBT_PROFILES_DIR": "/elsewhere",
    "PYTHONHOME": "/elsewhere",
    "PYTHONSTARTUP": "/elsewhere",
    "PYTHONWARNINGS": "error",
    "PGOPTIONS": "-c search_path=elsewhere",
    "PGHOST": "elsewhere",
    "PGHOSTADDR": "192.0.2.1",
    "PGSERVICE": "elsewhere",
    "PGCLIENTENCODING": "LATIN1",
    "PGSSLMODE": "require",
    "CELERY_BROKER_URL": "redis://elsewhere",
    "ALL_PROXY": "socks5h://127.0.0.1:9",
}
PROXIES = {
    "HTTP_PROXY": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
    "NO_PROXY": "intra.example,[::1]",
}
MACHINE = {
    "PATH": os.environ["PATH"],
    "HOME": "/home/me",
    "LC_ALL": "C.UTF-8",
    "TZ": "Asia/Tokyo",
    "SSL_CERT_FILE": "/x",
}
PERSON = OF_OTHERS | PROXIES | MACHINE | {"AWS_PROFILE": "mine"}


def given(settings: Settings, process: str) -> dict[str, str]:
    """Return the whole environment of a process as a person with all of that starts it."""
    own = {
        "airflow": lambda: environments.airflow(settings, PERSON),
        "prefect": lambda: environments.prefect_served(settings, PERSON),
        "superset": lambda: environments.superset(settings),
        "portal": lambda: environments.portal(settings),
    }
    return environments.common(settings, PERSON) | own[process]()


@pytest.mark.parametrize("process", ["airflow", "prefect", "superset", "portal"])
def test_what_other_installations_are_told_has_no_effect_on_ours(settings: Settings, process: str) -> None:
    environment = given(settings, process)

    assert [name for name, value in OF_OTHERS.items() if environment.get(name) == value] == []
    assert environment.items() >= MACHINE.items()


@pytest.mark.parametrize("process", ["airflow", "prefect"])
def test_only_what_loads_is_told_of_proxies_and_never_for_ourselves(settings: Settings, process: str) -> None:
    environment = given(settings, process)

    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        assert environment[name] == "http://127.0.0.1:9"
    for name in ("no_proxy", "NO_PROXY"):
        assert environment[name] == "127.0.0.1,localhost,intra.example"
    assert environment["AWS_PROFILE"] == "mine"
    assert environment["NETRC"] == os.devnull


@pytest.mark.parametrize("process", ["superset", "portal"])
def test_what_does_not_load_is_told_of_no_proxy_and_no_store(settings: Settings, process: str) -> None:
    environment = given(settings, process)

    assert {name for name in environment if name.lower().endswith("_proxy")} == {"no_proxy", "NO_PROXY"}
    assert "AWS_PROFILE" not in environment


def test_a_proxy_in_the_file_reaches_only_what_loads(settings: Settings) -> None:
    from_file = replace(settings, others={"HTTPS_PROXY": "http://proxy.example:3128", "MINE": "1"})

    loading = environments.common(from_file, {}) | environments.airflow(from_file, {})

    assert loading["https_proxy"] == "http://proxy.example:3128"
    assert loading["MINE"] == "1"
    assert "HTTPS_PROXY" not in environments.common(from_file, {})


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1080", "nonsense://x", "x"])
def test_a_proxy_that_clients_fail_on_is_left_out(proxy: str) -> None:
    assert "http_proxy" not in surroundings.of_portal_client({"http_proxy": proxy})


def test_the_command_line_forgets_what_is_not_for_us_and_keeps_settings() -> None:
    environment = PERSON | {"AUSTIN_CRIME_AIRFLOW_PORT": "9001", "PIP_INDEX_URL": "https://index.example"}

    surroundings.keep_own(environment)

    assert set(environment) & set(OF_OTHERS) == {"ALL_PROXY"}
    assert environment["AUSTIN_CRIME_AIRFLOW_PORT"] == "9001"
    assert environment["PIP_INDEX_URL"] == "https://index.example"


@pytest.mark.parametrize("process", ["airflow", "prefect"])
def test_every_setting_of_the_pipeline_reaches_the_processes_that_load(
    settings: Settings, process: str
) -> None:
    names = variables.received_by("pipeline")
    # Numbers, because some are read before they are handed on.
    told = {name: str(number) for number, name in enumerate(names, start=1)}
    values = dict(settings.values) | told

    assert given(replace(settings, values=values), process).items() >= told.items()


def test_every_setting_of_the_pipeline_is_handed_on_to_containers() -> None:
    file = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())

    assert set(variables.received_by("pipeline")) <= set(file["x-pipeline-environment"])


def test_a_wait_in_the_file_reaches_the_flow_and_airflow(project: Path) -> None:
    from local_stack.configuration.settings import prepare

    prepare("sample", None, project, {})
    with (project / ".env").open("a") as file:
        file.write("AUSTIN_CRIME_PORTAL_WAIT_S=20 # of a slow portal\n")

    current, _ = prepare("sample", None, project, {})

    for environment in (environments.prefect(current, {}), environments.airflow(current, {})):
        assert environment["AUSTIN_CRIME_PORTAL_WAIT_S"] == "20"


@pytest.mark.parametrize("value", ["", "public"])
def test_superset_serves_the_edition_from_where_a_load_writes_it(settings: Settings, value: str) -> None:
    current = replace(settings, values={**settings.values, "AUSTIN_CRIME_EDITION_DIR": value})
    told = {
        process(current)["AUSTIN_CRIME_EDITION_DIR"]
        for process in (environments.airflow, environments.prefect, environments.superset)
    }

    assert len(told) == 1
    assert Path(told.pop()).is_absolute()


def test_superset_is_told_no_password_but_its_own_and_the_readers(settings: Settings) -> None:
    values = "\n".join(
        (environments.common(settings, dict(settings.values)) | environments.superset(settings)).values()
    )

    for name in ("AUSTIN_CRIME_OWNER_PASSWORD", "AUSTIN_CRIME_POSTGRES_PASSWORD", "AIRFLOW_ADMIN_PASSWORD"):
        assert settings.values[name] not in values


def test_airflows_pages_read_with_the_readers_login(settings: Settings) -> None:
    assert environments.airflow(settings)["AUSTIN_CRIME_READER_URL"] == settings.reader_url
    assert "austin_crime_reader:" in settings.reader_url


def test_airflow_is_told_no_password_of_superset_but_the_refreshing_login(settings: Settings) -> None:
    values = "\n".join(
        (environments.common(settings, dict(settings.values)) | environments.airflow(settings)).values()
    )

    for name in ("SUPERSET_ADMIN_PASSWORD", "SUPERSET_SECRET_KEY", "AUSTIN_CRIME_SUPERSET_DB_PASSWORD"):
        assert settings.values[name] not in values
    assert settings.values["AUSTIN_CRIME_SUPERSET_REFRESH_PASSWORD"] in values


def test_whom_to_tell_reaches_airflow_and_nobody_else(settings: Settings) -> None:
    given_names = ("AIRFLOW_CONN_AUSTIN_CRIME_SMTP", "AIRFLOW_CONN_AUSTIN_CRIME_WEBHOOK")
    values = {**settings.values, **{name: f"value of {name}" for name in given_names}}
    current = replace(settings, values=values)

    assert given(current, "airflow").items() >= {(name, f"value of {name}") for name in given_names}
    assert not set(given_names) & (given(current, "superset").keys() | given(current, "prefect").keys())
    assert (
        given(current, "airflow")["AIRFLOW__API__BASE_URL"] == f"http://127.0.0.1:{settings.port('airflow')}"
    )


def test_prefect_keeps_its_things_in_the_project(settings: Settings) -> None:
    environment = given(settings, "prefect")

    assert environment["PREFECT_HOME"] == str(settings.data_dir / "prefect")
    assert environment["PREFECT_API_URL"] == f"http://127.0.0.1:{settings.port('prefect')}/api"


class Echo(BaseHTTPRequestHandler):
    """Answers with the login that came."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write((self.headers.get("Authorization") or "no login").encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server_of_ours() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def netrc_home(tmp_path: Path) -> Path:
    """A home whose netrc has a login for everybody."""
    path = tmp_path / ".netrc"
    path.write_text("default login me password secret\n")
    path.chmod(0o600)
    assert netrc.netrc(path).authenticators("127.0.0.1")
    return tmp_path


def test_our_own_clients_use_no_proxy_and_no_netrc(
    server_of_ours: str, netrc_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from austin_crime import own_servers

    monkeypatch.setenv("HOME", str(netrc_home))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with pytest.raises(requests.ConnectionError):
        requests.get(server_of_ours, timeout=5)

    assert own_servers.session().get(server_of_ours, timeout=5).text == "no login"


def test_other_peoples_clients_in_our_processes_use_none_for_us_either(
    server_of_ours: str, netrc_home: Path, settings: Settings
) -> None:
    person = os.environ | PROXIES | {"HOME": str(netrc_home)}
    code = f"import requests; print(requests.get({server_of_ours!r}, timeout=5).text)"

    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environments.common(settings, person) | environments.airflow(settings, person),
        capture_output=True,
        text=True,
    )

    assert done.stdout.strip() == "no login", done.stderr


def test_make_hands_on_whom_to_tell_and_no_other_connection(tmp_path: Path) -> None:
    (tmp_path / "show.mk").write_text(f"include {ROOT / 'Makefile'}\nshow:\n\t@env\n")
    told = {"AIRFLOW_CONN_AUSTIN_CRIME_SMTP": "{}", "AIRFLOW_CONN_AUSTIN_CRIME_WEBHOOK": "{}"}

    done = subprocess.run(
        ["make", "--no-print-directory", "-f", tmp_path / "show.mk", "show"],
        env={**os.environ, **told, "AIRFLOW_CONN_WAREHOUSE": "of another Airflow"},
        capture_output=True,
        text=True,
    )

    lines = done.stdout.splitlines()
    assert sorted(line for line in lines if line.startswith("AIRFLOW_CONN_")) == [
        "AIRFLOW_CONN_AUSTIN_CRIME_SMTP={}",
        "AIRFLOW_CONN_AUSTIN_CRIME_WEBHOOK={}",
    ]


def test_make_works_with_pythons_own_variables_set() -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "logs", "SERVICE=nonsense"],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONHOME": "/nonsense",
            "PYTHONWARNINGS": "error",
            "PYTHONPATH": python_path(ROOT),
        },
        capture_output=True,
        text=True,
    )

    assert "There is no log 'nonsense'" in done.stderr
