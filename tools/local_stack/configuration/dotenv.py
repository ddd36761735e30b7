"""The file .env: read as Docker Compose reads it, and made at the first start, readable by its owner only.

``make secrets`` reads it before anything is installed, so this needs nothing but Python.
"""

import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from local_stack.configuration import variables
from local_stack.errors import StackError

_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")
_QUOTED = {quote: re.compile(rf"{quote}((?:[^{quote}\\]|\\.)*){quote}\s*(?:#.*)?") for quote in "'\""}
_ESCAPED = {
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "f": "\f",
    "v": "\v",
    "a": "\a",
    "b": "\b",
    "\\": "\\",
    "$": "$$",
}
_REFERENCE = re.compile(r"\$(?:(\$)|\{([A-Za-z_]\w*)(?::?-([^{}$]*))?\}|([A-Za-z_]\w*)|)")
# People type these; programs read the others.
_TYPED_BY_PEOPLE = re.compile(r"_(ADMIN|ANALYST|VIEWER)_PASSWORD$")
_HEADER = "# Secrets of this machine's stack. What else can be set: .env.example\n"


def read(path: Path, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables of a file of NAME=value lines, with the values that Docker Compose reads from them.

    Parameters
    ----------
    environment
        Where ``$NAME`` in a value is looked up, after the lines above.

    Raises
    ------
    StackError
        If the file cannot be read, or a line is not empty, a comment or NAME=value; the value is not shown.
    """
    values: dict[str, str] = {}
    for number, line in enumerate(_text(path).split("\n"), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        match = _LINE.fullmatch(text)
        if not match:
            raise StackError(f"Line {number} of {path} is not NAME=value: mend it.")
        try:
            values[match[1]] = _value(match[2], {**environment, **values})
        except ValueError as error:
            raise StackError(f"Line {number} of {path}, {match[1]}: {error}.") from None
    return values


def _text(path: Path) -> str:
    """Return a file's text, without a byte-order mark and with a line feed alone at the end of lines."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StackError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise StackError(
            f"{path} is not text in UTF-8: save it as UTF-8, or put back a copy of it. Without its passwords the"
            " databases cannot be opened; `make clean` removes them, too, to start afresh."
        ) from error


def _value(text: str, variables_above: Mapping[str, str]) -> str:
    """Return the value that stands behind NAME=; ValueError, which does not show it, if it can be read in two ways."""
    quote = text[:1]
    if quote not in _QUOTED:
        if re.search(r"(^|[^\S ])#", text):
            raise ValueError(
                "write the comment on a line of its own, or put a value that begins with # into quotes"
            )
        return _expand(text.partition(" #")[0].rstrip(), variables_above)
    match = _QUOTED[quote].fullmatch(text)
    if not match:
        raise ValueError(
            f"expected a value in {quote}, a closing {quote} on the same line and nothing after it"
        )
    if quote == "'":
        return match[1].replace("\\'", "'")
    unescaped = re.sub(r'\\([nrtfvab\\$"])', lambda found: _ESCAPED.get(found[1], found[1]), match[1])
    return _expand(unescaped, variables_above)


def _expand(text: str, variables_above: Mapping[str, str]) -> str:
    """Return a value with what ``$NAME`` and ``${NAME:-default}`` stand for."""

    def look_up(reference: re.Match[str]) -> str:
        dollar, braced, default, bare = reference.groups()
        value = "$" if dollar else variables_above.get(braced or bare or "")
        if not value and default is not None:
            value = default
        if value is None:
            raise ValueError(
                "its $ begins the name of no variable that is set; put a value with a $ into single quotes"
            )
        return value

    return _REFERENCE.sub(look_up, text)


def ensure(path: Path) -> list[str]:
    """Create the file, or add the secrets that it lacks, and return what was done, in sentences.

    Raises
    ------
    StackError
        If the file cannot be read or a secret in it is empty.
    """
    names = [variable.name for variable in variables.VARIABLES if variable.is_secret]
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(_HEADER + _lines(names))
        return ["made .env with new passwords"]
    done = []
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)
        done.append("took the rights of others to read .env away (mode 600)")
    values = read(path)
    empty = sorted(name for name in names if values.get(name) == "")
    if empty:
        raise StackError(
            f"{path} has no value for {', '.join(empty)}: put it back, or remove the line for a new one."
        )
    missing = [name for name in names if name not in values]
    if missing:
        path.write_text(_text(path).rstrip("\n") + "\n" + _lines(missing), encoding="utf-8")
        done.append(f"added to .env: {', '.join(missing)}")
    return done


def _lines(names: list[str]) -> str:
    """Return a line with a new secret for each name."""
    return "".join(f"{name}={_new_secret(name)}\n" for name in names)


def _new_secret(name: str) -> str:
    """Return a random value for a secret."""
    if name.endswith("FERNET_KEY"):
        return secrets.token_urlsafe(32) + "="  # 32 bytes in base64, as Fernet wants them
    return secrets.token_urlsafe(12 if _TYPED_BY_PEOPLE.search(name) else 32)
