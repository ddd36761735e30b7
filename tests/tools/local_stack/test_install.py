import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from local_stack.configuration.settings import ROOT

pytestmark = pytest.mark.slow

SCRIPT = ROOT / "scripts" / "install.py"
LOCK = f"no-such-package-of-austin-crime==1.0 --hash=sha256:{'0' * 64}\n"


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("install", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", project(tmp_path))
    return module


def project(folder: Path) -> Path:
    """A project whose environments need one package that nobody has cached."""
    (folder / "scripts").mkdir()
    (folder / "requirements").mkdir()
    shutil.copy(SCRIPT, folder / "scripts")
    for name in ("local", "dev", "superset", "prefect", "prefect-dev"):
        (folder / "requirements" / f"{name}.lock").write_text(LOCK)
    return folder


def run(folder: Path, *profiles: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(folder / "scripts" / "install.py"), *profiles]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})


def test_a_package_index_that_cannot_be_reached_is_one_clear_sentence(tmp_path: Path) -> None:
    nowhere = "http://127.0.0.1:1/simple"

    answer = run(
        project(tmp_path), "local", UV_DEFAULT_INDEX=nowhere, PIP_INDEX_URL=nowhere, UV_HTTP_RETRIES="0"
    )

    assert answer.returncode == 1
    assert answer.stderr.startswith(
        "The package index cannot be reached: check the network, or set PIP_INDEX_URL"
    )


def test_a_lock_without_hashes_is_not_installed(tmp_path: Path) -> None:
    folder = project(tmp_path)
    (folder / "requirements" / "local.lock").write_text("no-such-package-of-austin-crime==1.0\n")

    answer = run(folder, "local")

    assert answer.returncode == 1
    assert "--require-hashes" in answer.stderr


def test_a_python_that_is_not_the_right_one_is_one_clear_sentence(tmp_path: Path) -> None:
    answer = run(project(tmp_path), "local", PYTHON="/bin/echo")

    assert answer.returncode == 1
    assert (
        answer.stderr
        == "PYTHON=/bin/echo is not Python 3.11 or 3.12: set it to one that is, or leave it out.\n"
    )


def test_no_fitting_python_at_all_is_one_clear_sentence(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHON", raising=False)
    monkeypatch.setattr(install, "PYTHONS", ((3, 99),))

    with pytest.raises(
        install.InstallError, match=r"^Python 3.11 or 3.12 is needed; python3 is 3\.1\d and neither"
    ):
        install.find_python()


def test_a_full_disk_is_one_clear_sentence(install: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "FREE_BYTES", 10**18)

    with pytest.raises(
        install.InstallError, match=r"GB free and 1000000000\.0 GB are needed: make room first"
    ):
        install.check_folder()


@pytest.fixture
def read_only(install: ModuleType, tmp_path: Path) -> Iterator[ModuleType]:
    """Be in a project that one may not write to: root may write everywhere, so it becomes nobody in particular."""
    tmp_path.chmod(0o555)
    if os.geteuid() != 0:
        yield install
        return
    os.setresuid(65534, 65534, 0)
    yield install
    os.setresuid(0, 0, 0)


def test_a_folder_that_cannot_be_written_to_is_one_clear_sentence(read_only: ModuleType) -> None:
    with pytest.raises(read_only.InstallError, match="cannot be written to: clone the project"):
        read_only.check_folder()


def test_an_unknown_profile_is_refused(tmp_path: Path) -> None:
    answer = run(project(tmp_path), "airflow")

    assert (
        answer.stderr
        == "Expected profiles out of local, dev, superset, prefect, prefect-dev, benchmark, docs; got airflow.\n"
    )


def test_nothing_is_done_until_a_lock_changes(install: ModuleType) -> None:
    stamp = install.stamp("local")
    stamp.parent.mkdir(parents=True)
    stamp.write_text(install.digest("local"))
    assert install.is_installed("local")

    (install.ROOT / "requirements" / "local.lock").write_text("changed==1\n")

    assert not install.is_installed("local")


def test_what_tests_need_contains_what_the_stack_needs_but_not_the_other_way_round(
    install: ModuleType,
) -> None:
    stamp = install.stamp("dev")
    stamp.parent.mkdir(parents=True)

    stamp.write_text(install.digest("dev"))
    assert install.is_installed("local")

    stamp.write_text(install.digest("local"))
    assert not install.is_installed("dev")


def test_uv_is_told_the_index_that_pip_is_set_to(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example/simple")
    assert install.environment()["UV_DEFAULT_INDEX"] == "https://index.example/simple"

    monkeypatch.setenv("UV_INDEX_URL", "https://own.example/simple")
    assert "UV_DEFAULT_INDEX" not in install.environment()


def test_what_would_install_elsewhere_is_left_out(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_TARGET", "/elsewhere")
    monkeypatch.setenv("PYTHONHOME", "/elsewhere")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example")

    assert install.environment().keys() & {"PIP_TARGET", "PYTHONHOME", "HTTPS_PROXY"} == {"HTTPS_PROXY"}
