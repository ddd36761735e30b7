"""Drop and warm Superset's cache after a load; a failure warns and never fails a published load."""

import logging
from concurrent.futures import ThreadPoolExecutor

import requests

from austin_crime import config, own_servers
from austin_crime.errors import SettingError

log = logging.getLogger(__name__)

# Our dashboards have this, or begin with it, in their address.
DASHBOARD = "austin-crime"
# Charts requested side by side: Superset has two workers.
AT_ONCE = 2


def refresh_dashboards() -> str:
    """Refresh the dashboard's cache, and return what was done in a sentence."""
    url = None
    try:
        url = config.superset_url()
        if url is None:
            return "No Superset to refresh."
        with own_servers.session() as session:
            log_in(session, url)
            return refresh(session, url)
    except (requests.RequestException, KeyError, SettingError) as error:
        # The data are published all the same.
        log.warning(
            "Superset at %s was not refreshed, and shows the new data when its cache expires: %s", url, error
        )
        return f"Superset was not refreshed: {error}"


def log_in(session: requests.Session, url: str) -> None:
    """Log in with the login that may refresh and read, and nothing else."""
    user, password = config.superset_login()
    answer = _send(
        session,
        "POST",
        f"{url}/api/v1/security/login",
        {"username": user, "password": password, "provider": "db"},
    )
    session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    session.headers["X-CSRFToken"] = _send(session, "GET", f"{url}/api/v1/security/csrf_token/").json()[
        "result"
    ]
    session.headers["Referer"] = url


def refresh(session: requests.Session, url: str) -> str:
    """Drop the cached answers of the dashboards' datasets, then request every chart."""
    ours = f"(filters:!((col:slug,opr:sw,value:{DASHBOARD})),page_size:100)"
    dashboards = _send(session, "GET", f"{url}/api/v1/dashboard/?q={ours}").json()["result"]
    if not dashboards:
        log.warning("Superset at %s has none of our dashboards: run make assets-import.", url)
        return "Superset has none of our dashboards: run make assets-import."
    uids, charts = set(), set()
    for slug in (dashboard["slug"] for dashboard in dashboards):
        datasets = _send(session, "GET", f"{url}/api/v1/dashboard/{slug}/datasets").json()["result"]
        uids |= {f"{dataset['id']}__table" for dataset in datasets}
        shown = _send(session, "GET", f"{url}/api/v1/dashboard/{slug}/charts").json()["result"]
        charts |= {chart["id"] for chart in shown}
    _send(session, "POST", f"{url}/api/v1/cachekey/invalidate", {"datasource_uids": sorted(uids)})
    # The requests of the dashboards themselves; Superset's own "warm_up_cache" asks maps in another way and leaves them cold.
    requested = [f"{url}/api/v1/chart/{chart_id}/data/" for chart_id in sorted(charts)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda address: _send(session, "GET", address), requested))
    return f"Refreshed {len(charts)} charts."


def _send(session: requests.Session, method: str, url: str, body: object = None) -> requests.Response:
    """Send a request; requests.HTTPError for a bad answer."""
    response = session.request(
        method, url, json=body, timeout=(config.CONNECT_TIMEOUT_S, config.QUERY_TIMEOUT_S)
    )
    response.raise_for_status()
    return response
