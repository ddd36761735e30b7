"""What a setting's value has to be."""

import ipaddress
import json
import re
from collections.abc import Callable

from austin_crime import config
from austin_crime.config import Environment
from austin_crime.errors import SettingError


def matching(
    name: str, is_right: Callable[[str], object], expected: str, *, shows_value: bool = True
) -> Callable[[Environment], None]:
    """Return a check of one variable, which passes where it is not set."""

    def check(values: Environment) -> None:
        value = values.get(name)
        if value and not is_right(value):
            raise (
                config.refused(name, expected, value)
                if shows_value
                else SettingError(f"{name}: expected {expected}.")
            )

    return check


def port_variable(server: str) -> str:
    """Return the name of the variable of a server's port."""
    return f"AUSTIN_CRIME_{server.upper()}_PORT"


def is_port(text: str) -> bool:
    """Whether a text is the number of a port."""
    return bool(re.fullmatch(r"[0-9]{1,5}", text)) and 0 < int(text) < 65536


def is_address(text: str) -> bool:
    """Whether a text is an IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_fernet_key(text: str) -> bool:
    """Whether a text is a key that Fernet takes: 32 bytes in URL-safe base64."""
    return bool(re.fullmatch(r"[A-Za-z0-9_-]{43}=", text))


def is_connection(text: str) -> bool:
    """Whether a text is a connection of Airflow in JSON that leads somewhere."""
    try:
        connection = json.loads(text)
    except ValueError:
        return False
    return isinstance(connection, dict) and bool(connection.get("conn_type") and connection.get("host"))


def is_transport(text: str) -> bool:
    """Whether a text is a transport of OpenLineage in JSON."""
    try:
        transport = json.loads(text)
    except ValueError:
        return False
    return isinstance(transport, dict) and bool(transport.get("type"))


def login_of_store(values: Environment) -> None:
    """Raise SettingError if one half of the login for an object store is missing."""
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    missing = [name for name in names if not values.get(name)]
    if len(missing) == 1:
        raise SettingError(f"{missing[0]} is not set: expected both of {' and '.join(names)}, or neither.")
