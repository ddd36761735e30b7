"""Install the environments the project runs in: ``python3 scripts/install.py local superset``.

Profiles: local (Airflow and the servers beside it), dev (the same with what tests need), superset, prefect, prefect-dev
(the same with what tests need), benchmark (what the project is measured against), docs (what makes a site of docs/). A second run does nothing until a lock
changes. It needs nothing but Python; an error is one sentence that says what is missing.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Each profile is the environment's name and, where one environment has several, what it contains.
PROFILES = {
    "local": "airflow",
    "dev": "airflow",
    "superset": "superset",
    "prefect": "prefect",
    "prefect-dev": "prefect",
    "benchmark": "benchmark",
    "docs": "docs",
}
# What tests need contains what runs.
LARGER = {"local": "dev", "prefect": "prefect-dev"}
PYTHONS = ((3, 12), (3, 11))
# Variables that would make Python, pip or uv install to another place, or not start at all.
ELSEWHERE = frozenset(
    [
        "PYTHONHOME",
        "PYTHONPATH",
        "VIRTUAL_ENV",
        "PIP_USER",
        "PIP_TARGET",
        "PIP_PREFIX",
        "PIP_ROOT",
        "PIP_REQUIRE_VIRTUALENV",
        "UV_SYSTEM_PYTHON",
        "UV_BREAK_SYSTEM_PACKAGES",
        "UV_TARGET",
        "UV_PREFIX",
        "UV_PYTHON",
    ]
)
# Measured: the environments take 1.6 GB, uv's cache another 1.6 GB where the file system cannot share them.
FREE_BYTES = 3_500_000_000
UNREACHABLE = (
    "error sending request", "dns error", "failed to fetch", "could not connect", "connection refused", "timed out",
    "name resolution", "newconnectionerror", "no matching distribution", "max retries", "tunnel", "certificate",
)  # fmt: skip


class InstallError(Exception):
    """One sentence that says what is wrong and what to do."""


def main(profiles: list[str]) -> None:
    """Install what is not installed yet."""
    unknown = sorted(set(profiles) - set(PROFILES))
    if unknown or not profiles:
        raise InstallError(
            f"Expected profiles out of {', '.join(PROFILES)}; got {' '.join(unknown) or 'none'}."
        )
    missing = [profile for profile in profiles if not is_installed(profile)]
    if not missing:
        return
    python = find_python()
    check_folder()
    uv = find_uv(python)
    for profile in missing:
        began = time.monotonic()
        print(f"Installing {PROFILES[profile]} from requirements/{profile}.lock", flush=True)
        install(uv, python, profile)
        print(f"Installed {PROFILES[profile]} in {time.monotonic() - began:.1f} s", flush=True)


def stamp(profile: str) -> Path:
    """Return the file that records what is installed in a profile's environment."""
    return ROOT / ".venv" / PROFILES[profile] / "installed.txt"


def digest(profile: str) -> str:
    """Return a digest of a profile's lock."""
    lock = (ROOT / "requirements" / f"{profile}.lock").read_bytes()
    return f"{profile} {hashlib.sha256(lock).hexdigest()}"


def is_installed(profile: str) -> bool:
    """Return whether the environment has the profile as locked now, or the larger one that contains it."""
    digests = [digest(name) for name in (profile, LARGER.get(profile)) if name]
    path = stamp(profile)
    return path.exists() and path.read_text() in digests


def install(uv: str, python: str, profile: str) -> None:
    """Make an environment exactly what a lock says."""
    folder = ROOT / ".venv" / PROFILES[profile]
    stamp(profile).unlink(missing_ok=True)
    if not (folder / "bin" / "python").exists():
        run([uv, "venv", "--quiet", "--python", python, str(folder)])
    lock = ROOT / "requirements" / f"{profile}.lock"
    sync = [uv, "pip", "sync", "--quiet", "--require-hashes", "--python", str(folder / "bin" / "python")]
    run([*sync, str(lock)])
    stamp(profile).write_text(digest(profile))


def version(python: str) -> tuple[int, ...] | None:
    """Return major and minor version of a Python, or None if it does not run."""
    code = "import sys; print(*sys.version_info[:2])"
    try:
        answer = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True, timeout=60)
        return tuple(int(number) for number in answer.stdout.split())
    except (OSError, subprocess.SubprocessError, ValueError):
        return None  # not there, not a Python, or a shim for one that is not there


def find_python() -> str:
    """Return a Python 3.11 or 3.12: $PYTHON, the one that runs this, or one on the PATH."""
    setting = os.environ.get("PYTHON")
    candidates = [setting] if setting else [sys.executable, "python3.12", "python3.11"]
    for candidate in candidates:
        path = shutil.which(candidate)
        if path and version(path) in PYTHONS:
            return path
    if setting:
        raise InstallError(
            f"PYTHON={setting} is not Python 3.11 or 3.12: set it to one that is, or leave it out."
        )
    raise InstallError(
        f"Python 3.11 or 3.12 is needed; python3 is {sys.version_info[0]}.{sys.version_info[1]} and neither python3.12 nor"
        " python3.11 is on the PATH: install one of them, or name it, for example PYTHON=/opt/python/bin/python3.12 make demo."
    )


def check_folder() -> None:
    """Raise InstallError if the project's folder cannot be written to or its disk is full."""
    if not os.access(ROOT, os.W_OK):
        raise InstallError(f"{ROOT} cannot be written to: clone the project into a folder of your own.")
    free = shutil.disk_usage(ROOT).free
    if free < FREE_BYTES:
        raise InstallError(
            f"The disk of {ROOT} has {free / 1e9:.1f} GB free and {FREE_BYTES / 1e9:.1f} GB are needed: make room first."
        )


def find_uv(python: str) -> str:
    """Return uv's path: the one on the PATH, else one fetched with pip into the project."""
    tools = ROOT / ".venv" / "tools"
    uv_on_path = shutil.which("uv")
    if uv_on_path:
        return uv_on_path
    uv = tools / "bin" / "uv"
    if uv.exists():
        return str(uv)
    check = [python, "-c", "import ensurepip, venv"]
    if subprocess.run(check, capture_output=True).returncode:
        raise InstallError(
            f"{python} has no venv module: install it (on Debian and Ubuntu: apt install python3-venv) and try again."
        )
    print("Fetching uv", flush=True)
    run([python, "-m", "venv", "--clear", str(tools)])
    run([str(tools / "bin" / "pip"), "install", "--quiet", "--retries", "2", "uv"])
    return str(uv)


def environment() -> dict[str, str]:
    """Return the environment for pip and uv: uv uses pip's package index, unless it has a setting of its own."""
    variables = {name: value for name, value in os.environ.items() if name not in ELSEWHERE} | {
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_NO_PROGRESS": "1",
    }
    has_index = any(variables.get(name) for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX"))
    index = None if has_index else pip_index()
    if index:
        variables["UV_DEFAULT_INDEX"] = index
    if variables.get("PIP_CERT"):
        variables.setdefault("SSL_CERT_FILE", variables["PIP_CERT"])
    return variables


def pip_index() -> str | None:
    """Return the package index set for pip, in its environment or its files."""
    if os.environ.get("PIP_INDEX_URL"):
        return os.environ["PIP_INDEX_URL"]
    own = ROOT / ".venv" / "tools" / "bin" / "python"
    command = [str(own) if own.exists() else sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    answer = subprocess.run(command, capture_output=True, text=True)
    return answer.stdout.strip() or None if answer.returncode == 0 else None


def run(command: list[str]) -> None:
    """Run a command that has to succeed; InstallError explains the most common failures."""
    answer = subprocess.run(command, env=environment(), capture_output=True, text=True)
    if not answer.returncode:
        return
    output = (answer.stderr + answer.stdout).strip()
    if "no space left" in output.lower():
        raise InstallError(f"The disk is full (of {ROOT}, or of uv's cache): make room and try again.")
    if any(sign in output.lower() for sign in UNREACHABLE):
        last = output.splitlines()[-1].strip()
        raise InstallError(
            "The package index cannot be reached: check the network, or set PIP_INDEX_URL (and HTTPS_PROXY, PIP_CERT) to"
            f" what your network needs. {Path(command[0]).name} said: {last}"
        )
    raise InstallError(f"{' '.join(command)} failed:\n{output[-3000:]}")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except InstallError as error:
        sys.exit(str(error))
    except PermissionError as error:
        sys.exit(f"{error.filename} cannot be written to: clone the project into a folder of your own.")
    except KeyboardInterrupt:
        sys.exit("Interrupted; run it again to go on.")
