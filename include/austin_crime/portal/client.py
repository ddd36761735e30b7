"""A client of the portal: one session and one way to retry; every message names in words what was requested."""

import logging
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
import tenacity

from austin_crime import config
from austin_crime.errors import PortalAnswer, PortalBusy, TokenRejected
from austin_crime.portal import answers

log = logging.getLogger(__name__)

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
Result = TypeVar("Result")


class Portal:
    """A session with the portal.

    Parameters
    ----------
    on_answer
        Called at each answer and each wait; gives a heartbeat of the load.
    is_token_rejected
        Whether the portal has rejected the app token before; it is then not sent.
    session
        A session prepared from an orchestrator's connection; by default a new one. It keeps its connections open.
    """

    def __init__(
        self,
        on_answer: Callable[[], None] = lambda: None,
        *,
        is_token_rejected: bool = False,
        session: requests.Session | None = None,
    ) -> None:
        self.url = config.source_url()
        self.on_answer = on_answer
        self.is_token_rejected = is_token_rejected
        self._session = _prepared(session or requests.Session(), self.url)

    def get_json(self, what: str, path: str, params: Mapping[str, str] | None = None) -> Any:
        """Ask for JSON and return it parsed, with patience.

        Parameters
        ----------
        what
            What is requested, in words, for messages: ``"the dataset's metadata"``.
        path
            Beginning with a slash.
        params
            SoQL clauses such as ``$select``.

        Raises
        ------
        PortalBusy, PortalStale
            If at every try the portal is busy, or its answer is not JSON or an error object.
        PortalAnswer
            If it refuses.
        """
        return self.patiently(lambda: answers.parse_json(self.open(what, path, params), what))

    def query(
        self, what: str, select: str, keys: Collection[str] = (), **clauses: str
    ) -> list[dict[str, Any]]:
        """Ask the dataset a SoQL query, ``query("…", "count(*) as n", ["n"], where="...", order="...")``.

        Parameters
        ----------
        keys
            What every row must have.

        Raises
        ------
        PortalAnswer
            If the answer is not an array of objects that have these keys.
        """
        params = {"$select": select, **{f"${name}": clause for name, clause in clauses.items()}}
        answer = self.get_json(what, f"/resource/{config.DATASET_ID}.json", params)
        return answers.expect_rows(answer, what, keys)

    def patiently(self, ask: Callable[[], Result], failure: type[PortalBusy] = PortalBusy) -> Result:
        """Return what a function returns that asks the portal; call it again when it fails in a certain way.

        Raises
        ------
        PortalBusy
            The last failure, after config.PORTAL_TRIES tries.
        """
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(failure),
            stop=lambda state: state.attempt_number >= config.PORTAL_TRIES,
            wait=wait_s,
            before_sleep=self._note_wait,
            reraise=True,
        )
        try:
            return retrying(ask)
        except failure as last:
            advice = f"It was asked {config.PORTAL_TRIES} times: if this continues, trigger a new run later."
            raise type(last)(f"{last} {advice}", last.retry_after_s) from last

    def open(
        self, what: str, path: str, params: Mapping[str, str] | None = None, *, stream: bool = False
    ) -> requests.Response:
        """Send a request once and return the answer if it can be read; drop an app token that the portal rejects."""
        response = self._send(what, path, params, stream)
        try:
            answers.judge(response, what)
        except TokenRejected:
            log.warning(
                "The portal rejects AUSTIN_CRIME_APP_TOKEN: continuing without it. Correct it, or remove it."
            )
            self.is_token_rejected = True
            response = self._send(what, path, params, stream)
            answers.judge(response, what)
        return response

    def _send(
        self, what: str, path: str, params: Mapping[str, str] | None, stream: bool
    ) -> requests.Response:
        """Send a request and return the response; PortalBusy if none comes."""
        timeout = (config.CONNECT_TIMEOUT_S, config.QUERY_TIMEOUT_S)
        try:
            response = self._session.get(
                self.url + path, params=params, headers=self._headers(), timeout=timeout, stream=stream
            )
        except answers.BROKEN_BODY as error:
            raise PortalBusy(f"{self.url} does not answer: {answers.reason(error)}.") from error
        except OSError as error:  # among them requests' own, and certificates that are not there
            raise PortalAnswer(f"{self.url} cannot be asked: {answers.reason(error)}.") from error
        log.debug("asked for %s: %s, status %s", what, response.url, response.status_code)
        self.on_answer()
        return response

    def _headers(self) -> dict[str, str]:
        token = None if self.is_token_rejected else config.app_token()
        # The landing keeps bodies as received, in gzip; no other compression is accepted.
        headers = {"User-Agent": "austin-crime-warehouse", "Accept-Encoding": "gzip"}
        return headers | ({"X-App-Token": token} if token else {})

    def _note_wait(self, state: tenacity.RetryCallState) -> None:
        """Log why and how long the load waits for the portal, and give a heartbeat."""
        failure = state.outcome.exception() if state.outcome else None
        log.warning(
            "%s Asking again in %.0f s (try %s of %s).",
            failure,
            state.upcoming_sleep,
            state.attempt_number + 1,
            config.PORTAL_TRIES,
        )
        self.on_answer()


def wait_s(state: tenacity.RetryCallState) -> float:
    """Return the wait before the next try: as Retry-After says, else doubling from try to try; both with jitter."""
    failure = state.outcome.exception() if state.outcome else None
    retry_after_s = failure.retry_after_s if isinstance(failure, PortalBusy) else None
    if retry_after_s is not None:
        jitter_s = tenacity.wait_random(0, config.portal_wait_s())(state)
        return float(min(retry_after_s, config.LONGEST_WAIT_S) + jitter_s)
    return tenacity.wait_exponential_jitter(
        multiplier=config.portal_wait_s(), jitter=config.portal_wait_s(), max=config.LONGEST_WAIT_S
    )(state)


def _prepared(session: requests.Session, url: str) -> requests.Session:
    """Return a session that never reads a login from ~/.netrc, and uses no proxy for a server on this machine."""
    session.auth = session.auth or (lambda request: request)
    if urlsplit(url).hostname in LOOPBACK:
        session.trust_env = False
    return session
