import json
import re
from pathlib import Path

import pytest
import yaml

from local_stack.configuration import dotenv
from local_stack.configuration.settings import ROOT
from local_stack.errors import StackError

EXAMPLE = ROOT / ".env.example"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    dotenv.ensure(tmp_path / ".env", EXAMPLE)
    return tmp_path / ".env"


def test_the_first_start_makes_a_file_that_only_its_owner_can_read(path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600


def test_every_secret_is_long_and_different(path: Path) -> None:
    values = dotenv.read(path)

    assert set(values) == {name for name, default, _ in dotenv.entries(EXAMPLE) if default is None}
    assert len(set(values.values())) == len(values)
    assert min(map(len, values.values())) >= 16


def test_two_machines_have_different_secrets(path: Path, tmp_path: Path) -> None:
    dotenv.ensure(tmp_path / "other", EXAMPLE)

    assert not set(dotenv.read(path).values()) & set(dotenv.read(tmp_path / "other").values())


def test_airflow_accepts_the_fernet_key(path: Path) -> None:
    fernet = pytest.importorskip("cryptography.fernet")

    assert fernet.Fernet(dotenv.read(path)["AIRFLOW__CORE__FERNET_KEY"])


def test_a_second_start_changes_nothing(path: Path) -> None:
    before = path.read_bytes()

    assert dotenv.ensure(path, EXAMPLE) == []
    assert path.read_bytes() == before


def test_rights_that_are_too_wide_are_taken_away_and_told(path: Path) -> None:
    path.chmod(0o644)

    done = dotenv.ensure(path, EXAMPLE)

    assert path.stat().st_mode & 0o777 == 0o600
    assert "mode 600" in done[0]


def test_a_secret_that_an_older_file_lacks_is_added_and_the_others_stay(path: Path) -> None:
    before = dotenv.read(path)
    path.write_text(re.sub(r"SUPERSET_VIEWER_PASSWORD=.*\n", "", path.read_text()) + "MINE=1")

    done = dotenv.ensure(path, EXAMPLE)

    after = dotenv.read(path)
    assert after.pop("SUPERSET_VIEWER_PASSWORD")
    assert after.pop("MINE") == "1"
    assert after.items() <= before.items()
    assert done == ["added to .env: SUPERSET_VIEWER_PASSWORD"]


@pytest.mark.parametrize("line", ["no equals sign", "=value", "<<<<<<< HEAD", "NA ME=value"])
def test_a_line_that_is_not_name_and_value_is_named(path: Path, line: str) -> None:
    lines = len(path.read_text().splitlines())
    path.write_text(f"{path.read_text()}{line}\n")

    with pytest.raises(StackError, match=rf"line {lines + 1} is not NAME=value.*make clean"):
        dotenv.ensure(path, EXAMPLE)


def test_an_emptied_secret_is_named(path: Path) -> None:
    path.write_text(re.sub(r"SUPERSET_SECRET_KEY=.*", "SUPERSET_SECRET_KEY=", path.read_text()))

    with pytest.raises(StackError, match="SUPERSET_SECRET_KEY is empty"):
        dotenv.ensure(path, EXAMPLE)


def test_a_file_that_is_not_text_is_called_damaged(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(StackError, match="damaged"):
        dotenv.ensure(path, EXAMPLE)


def test_quotes_comments_and_export_are_read_as_a_shell_would(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# comment\n\nA='one'\nexport B=\"two words\"\nC=x=y\n")

    assert dotenv.read(tmp_path / ".env") == {"A": "one", "B": "two words", "C": "x=y"}


def test_containers_read_these_files_and_only_their_owner_enters_the_folder(path: Path) -> None:
    dotenv.write_secret_files(path.parent)
    folder, values = path.parent / "secrets", dotenv.read(path)

    named = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())["secrets"]
    assert {secret["file"] for secret in named.values()} == {
        f"./secrets/{file.name}" for file in folder.iterdir()
    }
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "postgres_password").read_text() == values["AUSTIN_CRIME_POSTGRES_PASSWORD"]
    assert (folder / "redis_password").read_text() == values["AUSTIN_CRIME_REDIS_PASSWORD"]
    assert json.loads((folder / "airflow_logins.json").read_text()) == {
        "admin": values["AIRFLOW_ADMIN_PASSWORD"]
    }


def test_files_for_containers_follow_a_changed_password(path: Path) -> None:
    dotenv.write_secret_files(path.parent)
    path.write_text(
        path.read_text().replace("AUSTIN_CRIME_REDIS_PASSWORD=", "AUSTIN_CRIME_REDIS_PASSWORD=changed")
    )

    dotenv.write_secret_files(path.parent)

    assert (path.parent / "secrets" / "redis_password").read_text().startswith("changed")
