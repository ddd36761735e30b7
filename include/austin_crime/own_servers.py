"""Requests to the stack's own servers: Superset, Airflow, Prefect, the sample portal."""

import requests

from austin_crime import config


def session() -> requests.Session:
    """Return a session that uses no proxy and no ~/.netrc: both are meant for other servers."""
    own = requests.Session()
    own.trust_env = False
    own.verify = config.certificates()
    return own
