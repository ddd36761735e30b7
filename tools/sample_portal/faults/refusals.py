"""Answers that faults give in place of the portal's own."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from starlette.responses import HTMLResponse, Response
from starlette.types import Scope

from sample_portal import errors
from sample_portal.faults.fault import Fault

_PAGE = "<!doctype html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>\n"
_JSON_TYPE = "application/json;charset=utf-8"
_TOKEN_REQUIRED: Mapping[str, errors.Refused] = {
    "permission_denied": errors.front_error(403, "permission_denied", "App token required"),
    "authentication_required": errors.front_error(
        403, "authentication_required", "An app_token is required to use this API"
    ),
    "401": errors.front_error(401, "authentication_required", "You must provide an app token or log in"),
}
# SOURCE: soda-fountain's responses.scala, https://dev.socrata.com/docs/response-codes.html, and answers quoted in public.
_REFUSALS: Mapping[str, errors.Refused] = {
    "202": errors.front_error(202, "accepted", "Request processing, retry; when complete you get 200"),
    "408": errors.front_error(408, "request-timeout", "Request timed out"),
    "429": errors.front_error(429, "too-many-requests", "Too many requests"),
    "500": errors.front_error(500, "internal-error", "Internal error"),
    "503": errors.front_error(503, "service-unavailable", "Service unavailable"),
    "token": errors.invalid_token(),
    "private": errors.front_error(403, "permission_denied", "You must be logged in to access this resource"),
}


def instead(fault: Fault, scope: Scope) -> Response | None:
    """Return the answer that a fault gives in place of the portal's; None for one that spoils the portal's own."""
    if refused := _refusal(fault, scope):
        return Response(refused.body, refused.status, _retry_after(fault), _JSON_TYPE)
    if fault.kind == "502":
        return HTMLResponse(_PAGE.format("502 Bad Gateway"), 502)
    if fault.kind == "html":
        return HTMLResponse(_PAGE.format("We will be back soon"), int(fault.how))
    if fault.kind == "empty":
        return Response(b"", 200, media_type=_JSON_TYPE)
    if (fault.kind, fault.how) == ("stale", "empty"):
        return Response("[]\n", 200, {"X-SODA2-Data-Out-Of-Date": "true"}, _JSON_TYPE)
    return None


def _refusal(fault: Fault, scope: Scope) -> errors.Refused | None:
    """Return the _refusal that a fault gives, if it is one."""
    if fault.kind == "token_required":
        return _TOKEN_REQUIRED[fault.how]
    if fault.kind == "column":
        return errors.no_such_column(fault.column, errors.Place(f"SELECT `{fault.column}`", len("SELECT `")))
    if fault.kind == "gone":
        return errors.dataset_missing(scope["path"].split("/")[-1].partition(".")[0])
    return _REFUSALS.get(fault.kind)


def _retry_after(fault: Fault) -> dict[str, str]:
    """Return the header Retry-After if the fault has one."""
    if fault.retry_after_s is None:
        return {}
    if fault.how == "date":
        moment = datetime.now(UTC) + timedelta(seconds=fault.retry_after_s)
        return {"Retry-After": format_datetime(moment, usegmt=True)}
    return {"Retry-After": str(fault.retry_after_s)}
