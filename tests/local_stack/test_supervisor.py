import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from local_stack.configuration.paths import python_path
from local_stack.configuration.settings import Settings, remember
from local_stack.errors import StackError
from local_stack.processes import start, supervisor

PROGRAMS = ("postgres", "portal")
PATIENCE_S = 60


@pytest.fixture
def stack(settings: Settings) -> Iterator[Settings]:
    """PostgreSQL and the sample portal under supervisor."""
    remember(settings, "fingerprint", dict(settings.values))
    supervisor.start(settings.root, PROGRAMS)
    try:
        start.start_postgres(settings)
        start.start(settings, *PROGRAMS)
        yield settings
    finally:
        supervisor.stop(settings.root)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.1)


def pid(root: Path, name: str) -> int:
    return int(supervisor.states(root)[name]["pid"])


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_that_crashed_is_started_again(stack: Settings, name: str) -> None:
    before = pid(stack.root, name)

    psutil.Process(before).kill()

    wait_for(lambda: pid(stack.root, name) not in (0, before))
    start.start(stack, name)


def test_what_was_committed_survives_a_crash_of_the_server(stack: Settings) -> None:
    url, _ = stack.server.create_warehouse("survivor")
    with psycopg.connect(url) as connection:
        connection.execute("create table kept as select 1 as n")

    before = pid(stack.root, "postgres")
    psutil.Process(before).kill()
    wait_for(lambda: pid(stack.root, "postgres") not in (0, before))
    start.start(stack, "postgres")

    with psycopg.connect(url) as connection:
        assert connection.execute("select n from kept").fetchone() == (1,)


def test_stopping_leaves_no_process_behind(stack: Settings) -> None:
    processes = supervisor.processes(stack.root)
    assert {process.name() for process in processes} >= {"postgres"}

    assert supervisor.stop(stack.root) == 0

    assert all(supervisor.has_ended(process) for process in processes)
    assert supervisor.processes(stack.root) == []
    assert not supervisor.is_running(stack.root)


def test_stopping_ends_what_a_killed_supervisor_left_behind(stack: Settings) -> None:
    leader = psutil.Process(supervisor.rpc(stack.root).getPID())
    children = leader.children(recursive=True)
    leader.kill()
    leader.wait(10)

    assert supervisor.stop(stack.root) > 0

    assert all(supervisor.has_ended(process) for process in children)


def test_a_program_that_cannot_start_is_told_with_the_end_of_its_log(stack: Settings) -> None:
    supervisor.rpc(stack.root).stopProcess("portal")
    blocker = subprocess.Popen(
        [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(stack.port("portal"))],
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: len(psutil.Process(blocker.pid).net_connections()) > 0)

        with pytest.raises(StackError, match=r"portal (ended|is not ready)[\s\S]*data/logs/portal.log"):
            start.start(stack, "portal")
    finally:
        blocker.kill()
        blocker.wait()


def test_the_configuration_holds_no_secret(stack: Settings) -> None:
    text = (stack.root / "data" / "run" / "supervisord.conf").read_text()

    assert not any(
        value and value in text for name, value in stack.values.items() if "PASSWORD" in name or "KEY" in name
    )


def test_a_folder_whose_path_is_too_long_for_a_socket_gets_it_elsewhere(tmp_path: Path) -> None:
    root = tmp_path / ("long" * 30)

    path = supervisor.socket_path(root)

    assert len(os.fsencode(path)) <= supervisor.SOCKET_PATH_BYTES
    assert path.parent.stat().st_mode & 0o777 == 0o700
    path.parent.rmdir()


@pytest.mark.parametrize("command", ["status", "load"])
def test_a_command_that_needs_the_stack_says_how_to_start_it(settings: Settings, command: str) -> None:
    environment = {**os.environ, "PYTHONPATH": python_path(settings.root)}

    answer = subprocess.run(
        [sys.executable, "-m", "local_stack", command],
        capture_output=True,
        text=True,
        env=environment,
        cwd=settings.root,
    )

    assert answer.returncode == 1
    assert answer.stderr.strip() == "The stack is not running: start it with `make up`."
