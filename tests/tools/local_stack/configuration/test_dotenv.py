import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from dotenv import dotenv_values

from austin_crime.config import ROOT
from austin_crime.errors import SettingError
from local_stack.configuration import container_secrets, dotenv, variables
from local_stack.configuration.paths import python_path
from local_stack.errors import StackError

# Lines whose value Docker Compose, python-dotenv and we read alike.
ALIKE = {
    "A=plain": "plain",
    "  A = blanks around  ": "blanks around",
    "export A=exported": "exported",
    "A='single $quoted # x'": "single $quoted # x",
    'A="double # quoted"': "double # quoted",
    "A=value # comment": "value",
    "A='value' # comment": "value",
    'A="value"   ': "value",
    "A=no#comment": "no#comment",
    "A=x=y": "x=y",
    "A=": "",
    "A=''": "",
    'A="it\'s"': "it's",
    'A="a \\"quote\\""': 'a "quote"',
    'A="two\\nlines"': "two\nlines",
    "A=carriage return\r": "carriage return",
    "A=${ABOVE}/landing": "above/landing",
    "A=${OUTSIDE}/landing": "outside/landing",
    "A=${NEITHER:-else}": "else",
    "A=é": "é",
}
# Lines that one of them reads in another way, or not at all.
IN_TWO_WAYS = (
    "A=pass$word",
    'A="pass$word"',
    "A=5$",
    "A= # comment",
    "A=value\t# comment",
    "A='not closed",
    "A='closed' twice'",
    'A="closed"and more',
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    dotenv.ensure(tmp_path / ".env")
    return tmp_path / ".env"


def write(folder: Path, *lines: str) -> Path:
    (folder / ".env").write_bytes("\n".join(["ABOVE=above", *lines, ""]).encode())
    return folder / ".env"


@pytest.mark.parametrize("line", ALIKE)
def test_a_value_is_read_as_python_dotenv_reads_it(tmp_path: Path, line: str, monkeypatch) -> None:
    monkeypatch.setenv("OUTSIDE", "outside")
    path = write(tmp_path, line)

    assert dotenv.read(path)["A"] == ALIKE[line]
    if "$quoted" not in line:
        assert dotenv_values(path)["A"] == ALIKE[line]


def test_a_value_is_read_as_docker_compose_reads_it(tmp_path: Path) -> None:
    if (
        not shutil.which("docker")
        or subprocess.run(["docker", "compose", "version"], capture_output=True).returncode
    ):
        pytest.skip("no Docker Compose: install it to have .env read by it")
    lines = {
        f"V{number}{line.strip().removeprefix('export ')[1:]}": line for number, line in enumerate(ALIKE)
    }
    path = write(tmp_path, *lines)
    services = {
        "x": {"image": "x", "environment": {f"V{number}": f"${{V{number}}}" for number in range(len(ALIKE))}}
    }
    (tmp_path / "compose.yaml").write_text(yaml.safe_dump({"services": services}))

    done = subprocess.run(
        [
            "docker",
            "compose",
            "--env-file",
            path,
            "-f",
            tmp_path / "compose.yaml",
            "config",
            "--format",
            "json",
        ],
        env={**os.environ, "OUTSIDE": "outside"},
        capture_output=True,
        text=True,
        check=True,
    )

    values = json.loads(done.stdout)["services"]["x"]["environment"]
    assert {name: value.replace("$$", "$") for name, value in values.items()} == {
        f"V{number}": value for number, value in enumerate(ALIKE.values())
    }


@pytest.mark.parametrize("line", IN_TWO_WAYS)
def test_a_line_that_can_be_read_in_two_ways_is_refused_without_showing_its_value(
    tmp_path: Path, line: str
) -> None:
    with pytest.raises(StackError, match=r"^Line 2 of .*\.env, A: ") as refusal:
        dotenv.read(write(tmp_path, line), {})

    assert "pass" not in str(refusal.value)
    assert "word" not in str(refusal.value)


def test_a_byte_order_mark_and_windows_line_ends_are_read(path: Path) -> None:
    values = dotenv.read(path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))

    assert dotenv.read(path) == values
    assert dotenv.ensure(path) == []


def test_the_first_start_makes_a_file_that_only_its_owner_can_read(path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600


def test_every_secret_is_long_and_different(path: Path) -> None:
    values = dotenv.read(path)

    assert set(values) == {variable.name for variable in variables.VARIABLES if variable.is_secret}
    assert len(set(values.values())) == len(values)
    assert min(map(len, values.values())) >= 16


def test_two_machines_have_different_secrets(path: Path, tmp_path: Path) -> None:
    dotenv.ensure(tmp_path / "other")

    assert not set(dotenv.read(path).values()) & set(dotenv.read(tmp_path / "other").values())


def test_airflow_accepts_the_fernet_key(path: Path) -> None:
    fernet = pytest.importorskip("cryptography.fernet")

    assert fernet.Fernet(dotenv.read(path)["AIRFLOW__CORE__FERNET_KEY"])


def test_a_second_start_changes_nothing(path: Path) -> None:
    before = path.read_bytes()

    assert dotenv.ensure(path) == []
    assert path.read_bytes() == before


def test_rights_that_are_too_wide_are_taken_away_and_told(path: Path) -> None:
    path.chmod(0o644)

    done = dotenv.ensure(path)

    assert path.stat().st_mode & 0o777 == 0o600
    assert "mode 600" in done[0]


def test_a_secret_that_an_older_file_lacks_is_added_and_the_others_stay(path: Path) -> None:
    before = dotenv.read(path)
    path.write_text(re.sub(r"SUPERSET_VIEWER_PASSWORD=.*\n", "", path.read_text()) + "MINE=1")

    done = dotenv.ensure(path)

    after = dotenv.read(path)
    assert after.pop("SUPERSET_VIEWER_PASSWORD")
    assert after.pop("MINE") == "1"
    assert after.items() <= before.items()
    assert done == ["added to .env: SUPERSET_VIEWER_PASSWORD"]


@pytest.mark.parametrize("line", ["no equals sign", "=value", "<<<<<<< HEAD", "NA ME=value"])
def test_a_line_that_is_not_name_and_value_is_named(path: Path, line: str) -> None:
    lines = len(path.read_text().splitlines())
    path.write_text(f"{path.read_text()}{line}\n")

    with pytest.raises(StackError, match=rf"^Line {lines + 1} of .* is not NAME=value: mend it.$"):
        dotenv.ensure(path)


def test_an_emptied_secret_is_named(path: Path) -> None:
    path.write_text(re.sub(r"SUPERSET_SECRET_KEY=.*", "SUPERSET_SECRET_KEY=", path.read_text()))

    with pytest.raises(StackError, match="no value for SUPERSET_SECRET_KEY"):
        dotenv.ensure(path)


def test_a_file_that_is_not_text_in_utf_8_is_said_to_be_that(path: Path) -> None:
    path.write_text(path.read_text(), encoding="utf-16")

    with pytest.raises(StackError, match="is not text in UTF-8: save it as UTF-8"):
        dotenv.ensure(path)


def test_containers_read_these_files_and_only_their_owner_enters_the_folder(path: Path) -> None:
    container_secrets.write_files(path.parent)
    folder, values = path.parent / "secrets", dotenv.read(path)

    named = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())["secrets"]
    assert {secret["file"] for secret in named.values()} == {
        f"./secrets/{file.name}" for file in folder.iterdir()
    }
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "postgres_password").read_text() == values["AUSTIN_CRIME_POSTGRES_PASSWORD"]
    assert (folder / "redis_password").read_text() == values["AUSTIN_CRIME_REDIS_PASSWORD"]
    assert json.loads((folder / "airflow_logins.json").read_text()) == {
        "admin": values["AIRFLOW_ADMIN_PASSWORD"],
        "viewer": values["AIRFLOW_VIEWER_PASSWORD"],
    }


def test_files_for_containers_follow_a_changed_password(path: Path) -> None:
    container_secrets.write_files(path.parent)
    path.write_text(
        path.read_text().replace("AUSTIN_CRIME_REDIS_PASSWORD=", "AUSTIN_CRIME_REDIS_PASSWORD=changed")
    )

    container_secrets.write_files(path.parent)

    assert (path.parent / "secrets" / "redis_password").read_text().startswith("changed")


def test_a_password_that_containers_cannot_put_into_an_address_is_refused_and_not_shown() -> None:
    with pytest.raises(SettingError, match=r"^AUSTIN_CRIME_OWNER_PASSWORD: containers expect") as refusal:
        container_secrets.check_for_containers({"AUSTIN_CRIME_OWNER_PASSWORD": "se@cret"})

    assert "cret" not in str(refusal.value)


def test_secrets_are_made_by_a_python_without_any_package(tmp_path: Path) -> None:
    for name in ("include", "tools"):
        (tmp_path / name).mkdir()
    shutil.copytree(ROOT / "include" / "austin_crime", tmp_path / "include" / "austin_crime")
    shutil.copytree(ROOT / "tools" / "local_stack", tmp_path / "tools" / "local_stack")

    done = subprocess.run(
        [
            sys._base_executable,
            "-I",
            "-S",
            "-c",
            "import runpy, sys; sys.path[:0] = sys.argv[1].split(':');"
            " runpy.run_module('local_stack.configuration.container_secrets', run_name='__main__')",
            python_path(tmp_path),
        ],
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "secrets" / "postgres_password").exists()
