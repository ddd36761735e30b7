"""The whole stack in a copy of the project, on ports of its own, and a browser."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from local_stack.configuration import dotenv
from local_stack.configuration.paths import python_path
from local_stack.provisioning.postgres import free_port
from testing.browser import chromium, headless
from testing.copies import copy_project

REPORTS = 20_000


@dataclass(frozen=True)
class Stack:
    """Where the stack's pages and its warehouse are, its passwords by variable, and a function that runs a command of its Makefile."""

    root: Path
    airflow: str
    superset: str
    prefect: str
    portal: str
    warehouse: str
    passwords: dict[str, str]
    run: Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Return a headless Chromium; without one, skip and say so."""
    if chromium() is None:
        pytest.skip("no Chromium: install one, or name it in the variable CHROMIUM")
    with headless() as browser:
        yield browser


@pytest.fixture(scope="package")
def stack(browser, tmp_path_factory) -> Iterator[Stack]:
    """Start everything on the sample portal with empty data, as `make up` does, and end it."""
    with running(tmp_path_factory, "up") as started:
        yield started


@pytest.fixture(scope="module")
def loaded(stack) -> None:
    """Have the sample portal's reports in the warehouse."""
    done = stack.run("load")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def prefect(browser, tmp_path_factory) -> Iterator[Stack]:
    """Start Prefect on the sample portal with empty data, as `make prefect` does, and end it."""
    with running(tmp_path_factory, "prefect") as started:
        yield started


@pytest.fixture
def page(browser) -> Iterator[Page]:
    """Return a new page that notes the hosts it asks, what fails and what breaks in the browser."""
    context = browser.new_context(viewport={"width": 1500, "height": 1100}, reduced_motion="reduce")
    page = context.new_page()
    page.hosts, page.breaks = set(), []
    page.on("request", lambda request: page.hosts.add(urlsplit(request.url).hostname))
    page.on("pageerror", lambda error: page.breaks.append(str(error)))
    yield page
    context.close()


# The cookies of those who have signed in, by address and login: signing in takes as long as a test's own part.
SIGNED_IN: dict[tuple[str, str], Sequence[Any]] = {}


def log_in_to_airflow(page: Page, stack: Stack, path: str, login: str = "admin") -> None:
    """Open a page of Airflow, signed in."""
    cookies = SIGNED_IN.get((stack.airflow, login))
    if cookies:
        page.context.add_cookies(cookies)
        page.goto(stack.airflow + path)
        return
    page.goto(stack.airflow + path)
    page.fill('input[name="username"]', login)
    page.fill('input[name="password"]', stack.passwords[f"AIRFLOW_{login.upper()}_PASSWORD"])
    page.click('button[type="submit"]')
    page.wait_for_url(lambda url: "/login" not in url)
    SIGNED_IN[stack.airflow, login] = page.context.cookies(stack.airflow)


def log_in_to_superset(page: Page, stack: Stack, user: str) -> None:
    """Sign in to Superset."""
    cookies = SIGNED_IN.get((stack.superset, user))
    if cookies:
        page.context.add_cookies(cookies)
        return
    page.goto(f"{stack.superset}/login/")
    page.fill("#username", user)
    page.fill("#password", stack.passwords[f"SUPERSET_{user.upper()}_PASSWORD"])
    page.click('button[type="submit"]')
    page.wait_for_url(lambda url: "/login" not in url)
    SIGNED_IN[stack.superset, user] = page.context.cookies(stack.superset)


@contextmanager
def running(tmp_path_factory: pytest.TempPathFactory, command: str) -> Iterator[Stack]:
    """Start what a command starts, in a copy of the project, and end it."""
    stack = new_stack(tmp_path_factory)
    try:
        done = stack.run(command, "--source", "sample", "--reports", str(REPORTS))
        assert done.returncode == 0, done.stdout + done.stderr
        yield stack
    finally:
        stack.run("down")


def new_stack(tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """Return a copy of the project with ports, a home and passwords of its own, in which nothing runs yet."""
    root = copy_project(tmp_path_factory.mktemp("stack") / "project")
    ports = {name: free_port() for name in ("POSTGRES", "PORTAL", "AIRFLOW", "SUPERSET", "PREFECT")}
    own = {name: value for name, value in os.environ.items() if not name.startswith("AUSTIN_CRIME_")}
    environment = own | {"PYTHONPATH": python_path(root), "HOME": str(root.parent)}
    environment |= {f"AUSTIN_CRIME_{name}_PORT": str(port) for name, port in ports.items()}
    dotenv.ensure(root / ".env")
    passwords = dotenv.read(root / ".env")

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "local_stack", *command],
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
        )

    return Stack(
        root=root,
        airflow=f"http://127.0.0.1:{ports['AIRFLOW']}",
        superset=f"http://127.0.0.1:{ports['SUPERSET']}",
        prefect=f"http://127.0.0.1:{ports['PREFECT']}",
        portal=f"http://127.0.0.1:{ports['PORTAL']}",
        warehouse=f"postgresql://austin_crime_owner:{passwords['AUSTIN_CRIME_OWNER_PASSWORD']}"
        f"@127.0.0.1:{ports['POSTGRES']}/warehouse_sample",
        passwords=passwords,
        run=run,
    )
