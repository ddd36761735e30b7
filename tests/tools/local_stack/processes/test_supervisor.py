import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from austin_crime.warehouse import reader_limit
from local_stack import __main__
from local_stack.configuration.paths import python_path
from local_stack.configuration.settings import ROOT, Settings, remember
from local_stack.errors import StackError
from local_stack.processes import start, supervisor
from sample_portal.data import generate
from testing.waiting import wait_for

pytestmark = pytest.mark.slow

PROGRAMS = ("postgres", "portal")
PATIENCE_S = 60


@pytest.fixture
def stack(settings: Settings) -> Iterator[Settings]:
    """PostgreSQL and the sample portal under supervisor."""
    remember(settings, "fingerprint", dict(settings.values))
    supervisor.start(settings.root, (*PROGRAMS, "reader-limit"))
    try:
        start.start_postgres(settings)
        start.start(settings, *PROGRAMS)
        yield settings
    finally:
        supervisor.stop(settings.root)


def pid(root: Path, name: str) -> int:
    return int(supervisor.states(root)[name]["pid"])


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_that_crashed_is_started_again(stack: Settings, name: str) -> None:
    before = pid(stack.root, name)

    psutil.Process(before).kill()

    wait_for("The program's new process", lambda: pid(stack.root, name) not in (0, before), PATIENCE_S)
    start.start(stack, name)


def test_what_was_committed_survives_a_crash_of_the_server(stack: Settings) -> None:
    url, _ = stack.server.create_warehouse("survivor")
    with psycopg.connect(url) as connection:
        connection.execute("create table kept as select 1 as n")

    before = pid(stack.root, "postgres")
    psutil.Process(before).kill()
    wait_for("The program's new process", lambda: pid(stack.root, "postgres") not in (0, before), PATIENCE_S)
    start.start(stack, "postgres")

    with psycopg.connect(url) as connection:
        assert connection.execute("select n from kept").fetchone() == (1,)


def test_while_the_stack_runs_a_process_looks_for_reads_that_are_too_long(stack: Settings) -> None:
    stack.server.create_warehouse(stack.warehouse)
    assert not reader_limit.is_watching(stack.warehouse_url)

    start.start(stack, "reader-limit")

    assert reader_limit.is_watching(stack.warehouse_url)


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
        wait_for("The port's owner", lambda: psutil.Process(blocker.pid).net_connections(), PATIENCE_S)

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


@pytest.mark.parametrize("what", ["files", "processes"])
def test_a_limit_that_is_too_low_is_named_with_its_number_and_what_to_do(what: str) -> None:
    name, command = {"files": ("NOFILE", "ulimit -n"), "processes": ("NPROC", "ulimit -u")}[what]
    code = (
        f"import resource; resource.setrlimit(resource.RLIMIT_{name}, (100, 100))\n"
        "from local_stack.processes import limits\nlimits.raise_limits()"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=paths())

    assert re.search(
        rf"{what} is 100 here \({command}\): at least \d+ are needed. Raise it with `{command}", done.stderr
    )


def test_a_limit_that_may_be_raised_is_raised() -> None:
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (100, 4096))\n"
        "from local_stack.processes import limits\nlimits.raise_limits()\n"
        "print(resource.getrlimit(resource.RLIMIT_NOFILE))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=paths())

    assert done.stdout.strip() == "(1024, 4096)", done.stderr


def test_what_supervisor_says_of_a_failed_start_is_told_without_its_hint_at_options(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "PROGRAM", supervisor.PROGRAM | {"startsecs": "soon"})

    with pytest.raises(StackError, match=r"(?s)Supervisor did not start\..*Error: .*soon") as refusal:
        supervisor.start(settings.root, PROGRAMS)

    assert "For help" not in str(refusal.value)


def paths() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": python_path(ROOT)}


def run_command(settings: Settings, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **variables, "PYTHONPATH": python_path(settings.root)}
    return subprocess.run(
        [sys.executable, "-m", "local_stack", *command],
        capture_output=True,
        text=True,
        env=environment,
        cwd=settings.root,
    )


@pytest.mark.parametrize("command", ["status", "load", "assets-export", "assets-import"])
def test_a_command_that_needs_the_stack_says_how_to_start_it(settings: Settings, command: str) -> None:
    answer = run_command(settings, command)

    assert answer.returncode == 1
    assert answer.stderr.strip() == "The stack is not running: start it with `make up`."


@pytest.mark.parametrize("command", ["demo", "up", "flow", "prefect"])
def test_a_command_refuses_a_wrong_setting_in_one_sentence_and_starts_nothing(
    settings: Settings, command: str
) -> None:
    answer = run_command(settings, command, AUSTIN_CRIME_SOURCE_URL="data.austintexas.gov")

    assert answer.returncode == 1
    assert answer.stderr.strip().startswith(
        "AUSTIN_CRIME_SOURCE_URL is 'data.austintexas.gov': expected http://"
    )
    assert len(answer.stderr.strip().splitlines()) == 1
    assert not supervisor.is_running(settings.root)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("demo", "--reports", "many"), "REPORTS is 'many': expected a number from 1000 to 2615000."),
        (("demo", "--reports", "5"), "REPORTS is '5': expected a number from 1000 to 2615000."),
        (("up", "--source", "city"), "SOURCE is 'city': expected sample or live."),
    ],
)
def test_a_word_that_make_hands_on_is_refused_in_a_sentence(
    settings: Settings, words: tuple[str, ...], sentence: str
) -> None:
    answer = run_command(settings, *words)

    assert (answer.returncode, answer.stderr.strip()) == (1, sentence)


def test_the_command_line_knows_how_many_reports_the_sample_portal_makes() -> None:
    assert (__main__.FEWEST_REPORTS, __main__.MOST_REPORTS) == (
        generate.FEWEST_REPORTS,
        generate.MOST_REPORTS,
    )
