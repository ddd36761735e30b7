"""The file .env: made from .env.example at the first start, readable by its owner only; and what containers read from files.

``python -m local_stack.configuration.dotenv`` makes both, and starts nothing: ``make secrets``.
"""

import json
import os
import re
import secrets
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from local_stack.errors import StackError

LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)")
OPTION = re.compile(r"# ([A-Z][A-Z0-9_]+)=(.*)")
# Of the secrets, those that containers read from files below secrets/: from which variable, written how.
SECRET_FILES: dict[str, tuple[str, Callable[[str], str]]] = {
    "postgres_password": ("AUSTIN_CRIME_POSTGRES_PASSWORD", str),
    "redis_password": ("AUSTIN_CRIME_REDIS_PASSWORD", str),
    "airflow_logins.json": ("AIRFLOW_ADMIN_PASSWORD", lambda password: json.dumps({"admin": password})),
}
# People type these; programs read the others.
SHORT = re.compile(r"_(ADMIN|ANALYST|VIEWER)_PASSWORD$")


def read(path: Path) -> dict[str, str]:
    """Return the variables of a file of NAME=value lines; quotes around a value are left out.

    Raises
    ------
    StackError
        If a line is neither empty, a comment nor NAME=value.
    """
    values = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise StackError(f"{path.name} is damaged: it is not text. {remedy(path)}") from error
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        match = LINE.fullmatch(text)
        if not match:
            raise StackError(f"{path.name} is damaged: line {number} is not NAME=value. {remedy(path)}")
        name, value = match[1], match[2].strip()
        quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
        values[name] = value[1:-1] if quoted else value
    return values


def remedy(path: Path) -> str:
    """Return what to do about a damaged file."""
    return f"Mend that line in {path}, or begin anew with `make clean`."


def entries(example: Path) -> Iterator[tuple[str, str | None, str]]:
    """Yield every variable of .env.example: name, default (None for a secret) and the comment above it."""
    comment: list[str] = []
    for line in example.read_text(encoding="utf-8").splitlines():
        option, secret = OPTION.fullmatch(line), LINE.fullmatch(line)
        if option:
            yield option[1], option[2], "\n".join(comment)
        elif secret and not line.startswith("#"):
            yield secret[1], None, "\n".join(comment)
        elif line.startswith("#"):
            comment.append(line)
            continue
        comment = []


def new_secret(name: str) -> str:
    """Return a random value for a secret."""
    if name.endswith("FERNET_KEY"):
        return secrets.token_urlsafe(32) + "="  # 32 bytes in base64, as Fernet wants them
    return secrets.token_urlsafe(12 if SHORT.search(name) else 32)


def ensure(path: Path, example: Path) -> list[str]:
    """Create the file, or add the secrets that it lacks, and return what was done, in sentences.

    Raises
    ------
    StackError
        If the file is damaged or a secret in it is empty.
    """
    secret_names = {name: comment for name, default, comment in entries(example) if default is None}
    done = []
    if not path.exists():
        header = "# Secrets of this machine's stack. What else can be set: .env.example\n"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(header + "".join(f"{name}={new_secret(name)}\n" for name in secret_names))
        return ["made .env with new passwords"]
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)
        done.append("took the rights of others to read .env away (mode 600)")
    values = read(path)
    empty = sorted(name for name in secret_names if values.get(name) == "")
    if empty:
        raise StackError(f"{path.name} is damaged: {', '.join(empty)} is empty. {remedy(path)}")
    missing = [name for name in secret_names if name not in values]
    if missing:
        text = path.read_text(encoding="utf-8")
        added = "".join(f"{name}={new_secret(name)}\n" for name in missing)
        path.write_text(text.rstrip("\n") + "\n" + added, encoding="utf-8")
        done.append(f"added to .env: {', '.join(missing)}")
    return done


def write_secret_files(root: Path) -> None:
    """Write the files that containers read secrets from, as .env has them now.

    Containers run as users whom this machine does not know, so everybody may read the files; nobody but their owner can
    enter the folder.
    """
    folder, values = root / "secrets", read(root / ".env")
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    for name, (variable, write) in SECRET_FILES.items():
        path = folder / name
        path.write_text(write(values[variable]), encoding="utf-8")
        path.chmod(0o644)


def main() -> int:
    """Make what is missing, and tell of it."""
    root = Path(__file__).parents[3]
    try:
        done = ensure(root / ".env", root / ".env.example")
        write_secret_files(root)
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    print(
        "\n".join(
            [*done, "The secrets are in .env and secrets/: keep a copy of .env where your backups are."]
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
