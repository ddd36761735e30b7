"""Let the portal live and misbehave over HTTP, for people and for other programs.

``POST /live/<name>`` makes a change, ``POST /faults`` adds a fault, ``GET /faults`` tells them, ``DELETE /faults`` ends
them. Names and parameters are those of the functions in ``live`` and of ``Fault``.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Any, get_args, get_type_hints
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sample_portal import errors
from sample_portal.data.datasets import Column
from sample_portal.data.store import Store
from sample_portal.faults import Fault
from sample_portal.publisher import live

# What takes SQL stays out of it: who may ask the portal may not write files.
_CHANGES: Mapping[str, Callable[..., Any]] = {
    "week": live.pass_week,
    "rewrite": live.rewrite_all,
    "send_as": live.send_some_as,
    **{
        each.__name__: each
        for each in (
            live.pass_week,
            live.add_reports,
            live.move_reports,
            live.remove_month,
            live.rewrite_all,
            live.half_upload,
            live.finish_upload,
            live.switch_form,
            live.double_keys,
            live.drop_keys,
            live.add_column,
            live.drop_column,
            live.rename_column,
            live.retype_column,
        )
    },
}
_EXAMPLES = (
    ("A week passes: reports are added, edited and removed", "POST", "/live/week"),
    ("A week of another size", "POST", "/live/week?added=170&edited=200&removed=30"),
    ("Reports move to other months", "POST", "/live/move_reports?n=10"),
    ("A month vanishes", "POST", "/live/remove_month?month=2015-03"),
    ("Everything is rewritten, with nothing changed", "POST", "/live/rewrite"),
    ("An upload stops halfway", "POST", "/live/half_upload"),
    ("and is finished", "POST", "/live/finish_upload"),
    ("A column is renamed", "POST", "/live/rename_column?old=sector&new=apd_sector"),
    ("A report is of a far day", "POST", '/live/send_as?column=rep_date&sent="9999-12-31T00:00:00.000"'),
    ("Five numbers are written with decimals", "POST", '/live/send_as?column=ucr_code&sent="%25s.0"&n=5'),
    ("Two requests are throttled", "POST", "/faults?kind=429&times=2&retry_after_s=3"),
    ("A tenth of the bodies are cut", "POST", "/faults?kind=cut&rate=0.1&path=$order=:id"),
    ("Half of a batch comes, and nothing says so", "POST", "/faults?kind=silent&how=half&path=$order=:id"),
    ("Every date of a report has a Z", "POST", "/faults?kind=dates&how=z&times=all&path=/resource/"),
    ("A week passes between two requests of a load", "POST", "/faults?kind=change&call=week&path=$order=:id"),
    ("What goes wrong, and how often it did", "GET", "/faults"),
    ("Nothing goes wrong any more", "DELETE", "/faults"),
)


def commands(address: str) -> list[tuple[str, str]]:
    """Return what one may do to the portal at an address, each with a command to copy."""
    return [
        (title, f"curl {'' if method == 'GET' else f'-X {method} '}'{address}{path}'")
        for title, method, path in _EXAMPLES
    ]


def _change(request: Request) -> Response:
    """Let the data live, and tell what was done."""
    _refuse_other_sites(request)
    name = request.path_params["name"]
    result = _call(partial(_change_named(name), request.app.state.store), _change_named(name), request)
    return JSONResponse({name: _as_json(result)})


def _change_named(name: str) -> Callable[..., Any]:
    """Return a change by its name, or refuse one that does not exist."""
    if name not in _CHANGES:
        raise errors.front_error(
            404, "not_found", f"No such change: {name}. There are {', '.join(_CHANGES)}."
        )
    return _CHANGES[name]


def _add_fault(request: Request) -> Response:
    """Let something go wrong from now on; ``call`` names the change that the fault ``change`` makes."""
    _refuse_other_sites(request)
    store: Store = request.app.state.store
    fault: Fault = _call(Fault, Fault, request)
    fault.call = partial(_change_named(request.query_params.get("call", "week")), store)
    return JSONResponse(store.faults.add(fault).described())


def _list_faults(request: Request) -> Response:
    """Tell what goes wrong, and how many requests met it."""
    return JSONResponse(request.app.state.store.faults.described())


def _clear_faults(request: Request) -> Response:
    """End what goes wrong."""
    _refuse_other_sites(request)
    request.app.state.store.faults.clear()
    return JSONResponse([])


ROUTES = [
    Route("/live/{name}", _change, methods=["POST"]),
    Route("/faults", _add_fault, methods=["POST"]),
    Route("/faults", _clear_faults, methods=["DELETE"]),
    Route("/faults", _list_faults, methods=["GET"]),
]


def _refuse_other_sites(request: Request) -> None:
    """Refuse what a page of another site has a browser send."""
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("Host"):
        raise errors.front_error(403, "permission_denied", f"Not for pages of {origin}")


def _call(function: Callable[..., Any], signature: Callable[..., Any], request: Request) -> Any:
    """Call a function with the parameters of a request, or refuse those that it does not take."""
    hints = get_type_hints(signature)
    try:
        given = {name: _parse(value, hints.get(name)) for name, value in request.query_params.items()}
        inspect.signature(function).bind(**given)
        return function(**given)
    except (TypeError, ValueError, errors.PortalFault) as error:
        raise errors.front_error(400, "req.bad-request", str(error)) from error


def _parse(value: str, hint: Any) -> Any:
    """Read a parameter as the type that a function wants."""
    kinds = get_args(hint) or (hint,)
    if type(None) in kinds and value.lower() in {"", "none", "null", "all"}:
        return None
    if datetime in kinds:
        return datetime.fromisoformat(value)
    return next((kind(value) for kind in (int, float) if kind in kinds), value)


def _as_json(result: object) -> object:
    """Return what a change did as JSON can say it: numbers of reports, or a column."""
    if isinstance(result, live.Week):
        return {name: len(keys) for name, keys in asdict(result).items()}
    if isinstance(result, Column):
        return asdict(result)
    return len(result) if isinstance(result, list) else result
