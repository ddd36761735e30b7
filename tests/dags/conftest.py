"""A running api-server with the pages, on a loaded warehouse, and a session for each of its logins."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests
from dotenv import dotenv_values

from austin_crime import nightly, own_servers
from austin_crime.warehouse import migrations
from local_stack.configuration.paths import python_path
from local_stack.provisioning.postgres import free_port
from sample_portal.http import server
from testing.listeners import Hook, Mailbox, listening
from testing.portals import portal_of
from testing.waiting import wait_for

ROOT = Path(__file__).parents[2]
STARTS_S = 240
NUMBERS = count(1)
AIRFLOW_URL = "https://airflow.example/team"
LOGINS = ("admin", "op", "user", "viewer")
# Puts both DAGs into the metadata database.
PARSE = """
from airflow.dag_processing.dagbag import sync_bag_to_db
from airflow.models.dagbundle import DagBundleModel
from airflow.utils.session import create_session
with create_session() as session:
    session.merge(DagBundleModel(name="dags-folder"))
sync_bag_to_db(bag, "dags-folder", None)
"""


@pytest.fixture(scope="module")
def loaded_warehouse(postgres, tmp_path_factory) -> Iterator[SimpleNamespace]:
    """Return the settings of a warehouse with a first load, in which one report is full of HTML."""
    owner_url, reader_url = postgres.create_warehouse(f"warehouse_of_pages_{next(NUMBERS)}")
    landing, store = tmp_path_factory.mktemp("landing"), portal_of(300)
    store.execute("update reports set location_type = '<script>alert(1)</script>&\"'")
    with server.running(store) as url, pytest.MonkeyPatch.context() as patch:
        variables = {
            "AUSTIN_CRIME_WAREHOUSE_URL": owner_url,
            "AUSTIN_CRIME_READER_URL": reader_url.replace("postgresql://", "postgresql+psycopg2://"),
            "AUSTIN_CRIME_LANDING_URL": str(landing),
            "AUSTIN_CRIME_SOURCE_URL": url,
        }
        for name, value in variables.items():
            patch.setenv(name, value)
        migrations.migrate(owner_url)
        nightly.run_nightly("first")
        yield SimpleNamespace(variables=variables, owner_url=owner_url, landing=landing)
    store.close()


@pytest.fixture(scope="module")
def pages_variables(airflow_home, in_airflow, loaded_warehouse) -> dict[str, str]:
    """Return the environment of an api-server with four logins, whose DAGs are known."""
    passwords = airflow_home / "passwords.json"
    passwords.write_text(json.dumps({login: f"password of {login}" for login in LOGINS}))
    variables = loaded_warehouse.variables | {
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{login}:{login}" for login in LOGINS),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        "AIRFLOW__API_AUTH__JWT_SECRET": "only of this test, and long enough to be one",
        "AIRFLOW__API__SECRET_KEY": "only of this test",
    }
    in_airflow(PARSE, **variables)
    return variables


class Page:
    """A browser at Airflow, signed in as one of its logins, or as nobody."""

    def __init__(self, url: str, login: str | None = None) -> None:
        self.url = url
        self.session = own_servers.session()
        self.session.headers["X-Austin-Crime"] = "1"
        if login:
            answer = self.session.post(
                f"{url}/auth/token", json={"username": login, "password": f"password of {login}"}, timeout=60
            )
            answer.raise_for_status()
            # As a browser keeps it.
            self.session.cookies.set("_token", answer.json()["access_token"])

    def get(
        self, path: str, headers: dict[str, str | None] | None = None, **params: object
    ) -> requests.Response:
        """Return the answer to a question to the pages' own API."""
        return self.session.get(
            f"{self.url}/austin-crime/{path}",
            params=params,
            headers=headers,
            timeout=60,
            allow_redirects=False,
        )


@pytest.fixture(scope="module")
def api_server(airflow_home, pages_variables) -> Iterator[str]:
    """Return the address of a running api-server."""
    port = free_port()
    environment = (
        os.environ
        | dotenv_values(ROOT / "settings" / "airflow.env")
        | {
            "AIRFLOW_HOME": str(airflow_home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{airflow_home}/airflow.db",
            "PYTHONPATH": python_path(ROOT),
        }
        | pages_variables
    )
    log = airflow_home / "api-server.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "airflow", "api-server", "--host", "127.0.0.1", "--port", str(port)],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            return own_servers.session().get(f"{url}/api/v2/version", timeout=5).ok
        except requests.RequestException:
            return process.poll() is not None

    try:
        wait_for("The api-server", answers, STARTS_S)
        assert process.poll() is None, log.read_text()[-3000:]
        yield url
    finally:
        process.terminate()
        process.wait(timeout=60)


@pytest.fixture(scope="module")
def signed_in(api_server):
    """Return a function that returns a session of a login, each signed in once."""
    pages: dict[str | None, Page] = {}

    def page(login: str | None) -> Page:
        if login not in pages:
            pages[login] = Page(api_server, login)
        return pages[login]

    return page


@pytest.fixture
def told(monkeypatch):
    """Return who is told: a mailbox and a webhook, which Airflow's connections name."""
    with listening(Mailbox()) as mailbox, listening(Hook()) as hook:
        smtp = {
            "conn_type": "smtp",
            "host": "127.0.0.1",
            "port": mailbox.port,
            "extra": {
                "from_email": "airflow@example.org",
                "to": "ann@example.org, bob@example.org",
                "disable_ssl": True,
                "disable_tls": True,
            },
        }
        monkeypatch.setenv("AIRFLOW_CONN_AUSTIN_CRIME_SMTP", json.dumps(smtp))
        webhook = {"conn_type": "http", "host": f"{hook.url}/services/T0/secret-of-the-hook"}
        monkeypatch.setenv("AIRFLOW_CONN_AUSTIN_CRIME_WEBHOOK", json.dumps(webhook))
        monkeypatch.setenv("AIRFLOW__API__BASE_URL", AIRFLOW_URL)
        yield SimpleNamespace(mailbox=mailbox, hook=hook)


def subjects(told: SimpleNamespace) -> list[str]:
    """Return what was mailed since the last call; that the webhook was sent the same is checked."""
    mailed = [mail["subject"] for _, mail in told.mailbox.mails]
    assert [json.loads(post)["text"].partition("\n")[0] for _, post in told.hook.posts] == mailed
    told.mailbox.mails.clear()
    told.hook.posts.clear()
    return mailed
