"""What our processes get of the environment of whoever starts them: what is listed here, and nothing else.

Variables of another Airflow, Superset, Prefect or PostgreSQL, and of Python itself, have no effect on ours.
"""

import os
import re
from collections.abc import Mapping, MutableMapping

from local_stack.configuration import variables

# Who one is and where one works; language, time zone, certificates; where a Python finds its own libraries.
_MACHINE = re.compile(
    r"PATH|HOME|USER|LOGNAME|SHELL|TERM|TMPDIR|TZ|LANG|LANGUAGE|LC_[A-Z]+|CI"
    r"|SSL_CERT_FILE|SSL_CERT_DIR|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|LD_LIBRARY_PATH|__CF_USER_TEXT_ENCODING"
)
# A login for an object store: its keys, or a profile in ~/.aws.
_STORE = re.compile(r"AWS_[A-Z0-9_]+")
_PROXIES = ("http_proxy", "https_proxy")
_NO_PROXY = "no_proxy"
# What the command line needs beside that: for installing, and for tests.
_COMMAND_LINE = re.compile(
    r"PYTHON|PYTHONPATH|CHROMIUM|XDG_[A-Z_]+|(PIP|UV)_[A-Z0-9_]+|(HTTPS?|ALL|NO)_PROXY|(https?|all|no)_proxy"
)

LOOPBACK = "127.0.0.1,localhost"
# Requests to ourselves use no proxy and no ~/.netrc. With a variable for proxies set, macOS is not asked for its own, which
# a forked process does not survive.
OF_OURS = {"NO_PROXY": LOOPBACK, "no_proxy": LOOPBACK, "NETRC": os.devnull}


def of_machine(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what every process of ours gets."""
    return {name: value for name, value in environment.items() if _MACHINE.fullmatch(name)} | OF_OURS


def of_portal_client(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what the processes that load get beside that: the proxies to the city's portal, the login for a landing."""
    store = {name: value for name, value in environment.items() if _STORE.fullmatch(name)}
    proxies = {name: _variable(environment, name) for name in _PROXIES}
    # Clients differ in what they make of other kinds: some fail at once, even for requests that use no proxy.
    usable = {name: value for name, value in proxies.items() if re.match(r"https?://|[^:/]+:\d+/?$", value)}
    direct = ",".join([LOOPBACK, *_direct_hosts(_variable(environment, _NO_PROXY))])
    both = usable | ({_NO_PROXY: direct} if usable else {})
    return store | both | {name.upper(): value for name, value in both.items()}


def of_person(environment: Mapping[str, str]) -> dict[str, str]:
    """Return all that any process of ours may get, for the one that starts them."""
    names = (*_PROXIES, _NO_PROXY)
    proxies = {name: _variable(environment, name) for name in names if _variable(environment, name)}
    store = {name: value for name, value in environment.items() if _STORE.fullmatch(name)}
    return {name: value for name, value in environment.items() if _MACHINE.fullmatch(name)} | store | proxies


def keep_own(environment: MutableMapping[str, str]) -> None:
    """Remove from an environment what is neither listed here nor a setting of ours."""
    for name in list(environment):
        if name not in variables.NAMES and not any(
            kind.fullmatch(name) for kind in (_MACHINE, _STORE, _COMMAND_LINE)
        ):
            del environment[name]


def _variable(environment: Mapping[str, str], name: str) -> str:
    """Return a variable that may be written in small or capital letters; the small ones win."""
    return environment.get(name) or environment.get(name.upper()) or ""


def _direct_hosts(text: str) -> list[str]:
    """Return the hosts that no proxy is for, without forms that some clients fail on."""
    return [host for host in re.split(r"[,\s]+", text) if re.fullmatch(r"[\w.*/-]+", host)]
