"""What is asked of a dataset: queries, metadata, and the export for people."""

import json
from collections.abc import Iterator

import duckdb
from starlette.requests import Request
from starlette.responses import Response

from sample_portal import errors
from sample_portal.data import texts
from sample_portal.data.datasets import REPORTS_ID, Dataset
from sample_portal.data.store import Store
from sample_portal.http import metadata
from sample_portal.http.responses import answer, fields_of
from sample_portal.soql import rows
from sample_portal.soql.query import Query, compile_query

JSON_TYPE = "application/json;charset=utf-8"
_CSV_TYPE = "text/csv;charset=utf-8"
_GEOJSON_TYPE = "application/vnd.geo+json;charset=utf-8"
_TOKEN_HEADER, _TOKEN_PARAMETER = "X-App-Token", "$$app_token"
_SYSTEM_PARAMETER = "$$exclude_system_fields"


def resource(request: Request) -> Response:
    """Answer a query of a dataset as JSON, CSV or GeoJSON; one that met columns in the middle of a change anew."""
    _check_token(request)
    try:
        return _answer_query(request)
    except duckdb.Error:
        # Its columns were those before or after a change, the table's the other ones: the lock waits for the change's end.
        store: Store = request.app.state.store
        with store.lock:
            return _answer_query(request)


def view(request: Request) -> Response:
    """Answer the metadata of a dataset."""
    _check_token(request)
    dataset = _find(request, request.path_params["name"].removesuffix(".json"))
    return answer(
        request, iter([json.dumps(metadata.view(request.app.state.store, dataset)) + "\n"]), JSON_TYPE
    )


def view_columns(request: Request) -> Response:
    """Answer the metadata of a dataset's columns."""
    _check_token(request)
    dataset = _find(request, request.path_params["dataset_id"])
    return answer(request, iter([json.dumps(metadata.columns(dataset)) + "\n"]), JSON_TYPE)


def export(request: Request) -> Response:
    """Answer the whole dataset as CSV for people."""
    _check_token(request)
    dataset = _find(request, request.path_params["dataset_id"])
    store: Store = request.app.state.store
    sql = texts.display_rows(dataset.table, dataset.columns, is_old=store.form == "historic")
    header = ",".join(column.title for column in dataset.columns) + "\n"
    return answer(request, _lines(store, sql, header), _CSV_TYPE)


def _answer_query(request: Request) -> Response:
    """Answer a query with the columns that the dataset has now; duckdb.Error if its rows do not fit them."""
    dataset_id, _, suffix = request.path_params["name"].partition(".")
    dataset = _find(request, dataset_id)
    query = compile_query(dataset, _clauses(request))
    if suffix == "csv":
        body, content_type = _csv_body(request, query), _CSV_TYPE
    elif suffix == "geojson":
        body, content_type = _geojson_body(request, query), _GEOJSON_TYPE
    elif suffix in {"", "json"}:
        body, content_type = _json_body(request, query), JSON_TYPE
    else:
        raise errors.front_error(406, "not-acceptable", f"No such format: {suffix}")
    return answer(request, body, content_type, fields_of(query))


def _clauses(request: Request) -> dict[str, str]:
    """Return the parameters of a query without those that are for the servers before the engine."""
    given = dict(request.query_params.items())
    given.pop(_TOKEN_PARAMETER, None)
    if (
        given.pop(_SYSTEM_PARAMETER, "true").lower() == "false"
        and "$select" not in given
        and "$query" not in given
    ):
        given["$select"] = ":*,*"
    return given


def _find(request: Request, dataset_id: str) -> Dataset:
    """Return a dataset, or refuse one that does not exist."""
    store: Store = request.app.state.store
    dataset = store.dataset(dataset_id)
    if dataset is None:
        raise errors.dataset_missing(dataset_id)
    if "is_before" in request.scope and dataset_id == REPORTS_ID:
        return store.before
    return dataset


def _check_token(request: Request) -> None:
    """Refuse an app token that is not known."""
    token = request.headers.get(_TOKEN_HEADER) or request.query_params.get(_TOKEN_PARAMETER)
    if token and token not in request.app.state.app_tokens:
        raise errors.invalid_token()


def _json_body(request: Request, query: Query) -> Iterator[str]:
    """Yield an array of objects, one a line."""
    yield from _enclosed(request.app.state.store, rows.json_rows(query), "[", "\n,", "]\n")


def _geojson_body(request: Request, query: Query) -> Iterator[str]:
    """Yield a FeatureCollection."""
    crs = '"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:OGC:1.3:CRS84"}}'
    start, end = '{"type":"FeatureCollection","features":[', f"],{crs}}}\n"
    yield from _enclosed(request.app.state.store, rows.geojson_rows(query), start, "\n,", end)


def _csv_body(request: Request, query: Query) -> Iterator[str]:
    """Yield lines of CSV."""
    yield from _lines(request.app.state.store, rows.csv_rows(query), rows.csv_header(query.fields))


def _enclosed(store: Store, sql: str, start: str, between: str, end: str) -> Iterator[str]:
    """Yield the rows of a query with something before, between and after them."""
    before = start
    for chunk in store.texts(sql):
        yield before + between.join(chunk)
        before = between
    yield end if before == between else start + end


def _lines(store: Store, sql: str, header: str) -> Iterator[str]:
    """Yield a header and the rows of a query, a line each."""
    yield header
    for chunk in store.texts(sql):
        yield "\n".join(chunk) + "\n"
