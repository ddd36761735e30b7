"""What containers read: .env, and the files below secrets/: ``python -m local_stack.configuration.container_secrets``.

``make secrets`` makes both and starts nothing. It needs nothing but Python.
"""

import re
import sys
from collections.abc import Callable, Mapping
from operator import itemgetter
from pathlib import Path

from austin_crime.config import ROOT
from austin_crime.errors import SettingError
from local_stack.configuration import dotenv, variables
from local_stack.errors import StackError

# Of the secrets, those that containers read from files: what each holds.
_FILES: dict[str, Callable[[Mapping[str, str]], str]] = {
    "postgres_password": itemgetter("AUSTIN_CRIME_POSTGRES_PASSWORD"),
    "redis_password": itemgetter("AUSTIN_CRIME_REDIS_PASSWORD"),
    "airflow_logins.json": variables.airflow_logins,
}


def write_files(root: Path) -> None:
    """Write the files that containers read secrets from, as .env has them now.

    Containers run as users whom this machine does not know, so everybody may read the files; nobody but their owner can
    enter the folder.
    """
    folder, values = root / "secrets", dotenv.read(root / ".env")
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    for name, content in _FILES.items():
        path = folder / name
        path.write_text(content(values), encoding="utf-8")
        path.chmod(0o644)


def check_for_containers(lines: Mapping[str, str]) -> None:
    """Raise SettingError for a password that docker-compose.yaml cannot put into an address as it is."""
    for name, value in lines.items():
        if (
            name.startswith("AUSTIN_CRIME_")
            and name.endswith("_PASSWORD")
            and not re.fullmatch(r"[\w-]+", value, re.A)
        ):
            raise SettingError(f"{name}: containers expect a password of letters, digits, - and _.")


def main() -> int:
    """Make what is missing, judge what is there, and tell of it."""
    try:
        done = dotenv.ensure(ROOT / ".env")
        lines = dotenv.read(ROOT / ".env")
        variables.check(variables.with_defaults(lines))
        check_for_containers(lines)
        write_files(ROOT)
    except (StackError, SettingError) as error:
        print(error, file=sys.stderr)
        return 1
    done.append("The secrets are in .env and secrets/: keep a copy of .env where your backups are.")
    print("\n".join(done))
    return 0


if __name__ == "__main__":
    sys.exit(main())
