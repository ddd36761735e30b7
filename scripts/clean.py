"""Remove everything that was installed, loaded and generated: ``make clean``. Asks first."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PIDFILE = ROOT / "data" / "run" / "supervisord.pid"


def is_running() -> bool:
    """Whether the stack's supervisor is running."""
    try:
        os.kill(int(PIDFILE.read_text()), 0)
    except (FileNotFoundError, ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def main() -> None:
    """Ask, then remove."""
    if is_running():
        sys.exit("The stack is running: stop it with `make down` first.")
    paths = [path for path in (ROOT / "data").iterdir() if path.name != ".gitkeep"]
    paths += [path for name in (".venv", ".env", "secrets", "site") if (path := ROOT / name).exists()]
    if not paths:
        sys.exit("There is nothing to remove.")
    print(
        "This removes, for good, the databases, what was loaded, the logs, the environments and the passwords:"
    )
    sys.stdout.flush()
    subprocess.run(["du", "-sh", *map(str, paths)], check=False)
    if input("Type yes to go on: ").strip().lower() != "yes":
        sys.exit("Nothing was removed.")
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    print("Removed.")


if __name__ == "__main__":
    try:
        main()
    except (EOFError, KeyboardInterrupt):
        sys.exit("\nNothing was removed.")
