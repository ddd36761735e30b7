"""The pages' web API beside Airflow's own: who may ask, and which function of ``austin_crime.pages`` answers.

It only reads. Starting a load and deleting data are DAG runs, which the browser asks Airflow's own API for, as the signed-in person.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import Depends, FastAPI, HTTPException, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse

from austin_crime import config, reset
from austin_crime.errors import AustinCrimeError, ParameterError, WarehouseUnreachable
from austin_crime.pages import column_values, example, export, loads, received, rows, tables
from austin_crime.pages.session import NotReady, TooSlow, reading

PREFIX = "/austin-crime"
SCRIPTS = config.ROOT / "plugins" / "pages"
# A page of ours sends it; a form or a link of another site cannot.
HEADER = "X-Austin-Crime"
MOST_ROWS = 500
STATUSES: dict[type[AustinCrimeError], int] = {
    ParameterError: 400,
    NotReady: 503,
    WarehouseUnreachable: 503,
    TooSlow: 504,
}


def refuse_cross_site(request: Request) -> None:
    """Refuse requests that another site's page makes with the person's cookie."""
    origin = request.headers.get("origin")
    # A proxy names the host that the browser asked; several proxies name one each.
    named = [request.headers.get("host", ""), *request.headers.get("x-forwarded-host", "").split(",")]
    hosts = {host.strip() for host in named} - {""}
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none") or (
        origin is not None and urlsplit(origin).netloc not in hosts
    ):
        raise HTTPException(403, "Requests from other sites are refused.")


def refuse_foreign_scripts(request: Request) -> None:
    """Refuse requests without the header that our pages send."""
    if HEADER.lower() not in request.headers:
        raise HTTPException(403, f"Expected the header {HEADER}, which the pages send.")


def refuse_strangers(user: GetUserDep) -> Any:
    """Return the signed-in person, who may read the nightly DAG; 401 for anonymous requests, 403 without that right."""
    if not get_auth_manager().is_authorized_dag(
        method="GET", user=user, details=DagDetails(id=config.DAG_ID)
    ):
        raise HTTPException(403, f"You may not read the DAG {config.DAG_ID}.")
    return user


Person = Annotated[Any, Depends(refuse_strangers)]
app = FastAPI(
    title="Austin crime",
    docs_url=None,
    redoc_url=None,
    openapi_url=None,
    dependencies=[Depends(refuse_cross_site), Depends(refuse_strangers)],
)


@app.exception_handler(AustinCrimeError)
def show_error(request: Request, error: AustinCrimeError) -> JSONResponse:
    """Answer with the error's sentence."""
    status = next((code for kind, code in STATUSES.items() if isinstance(error, kind)), 502)
    return JSONResponse({"detail": str(error)}, status)


@app.exception_handler(RequestValidationError)
def show_what_is_missing(request: Request, error: RequestValidationError) -> JSONResponse:
    """Answer with a sentence for what the address lacks, or has in a wrong form."""
    faults = [f"{fault['loc'][-1]}: {fault['msg'].lower()}" for fault in error.errors()]
    return JSONResponse({"detail": f"The address cannot be used: {'; '.join(faults)}."}, 400)


@app.middleware("http")
async def forbid_caching(request: Request, call_next: Any) -> Any:
    """Let no answer be cached or guessed the type of."""
    answer = await call_next(request)
    answer.headers.setdefault("Cache-Control", "no-cache")
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


FROM_A_PAGE = [Depends(refuse_foreign_scripts)]


@app.get("/pages/{name}")
def script(name: str) -> FileResponse:
    """Return the JavaScript of a page."""
    path = SCRIPTS / name
    if path not in SCRIPTS.glob("*.js"):
        raise HTTPException(404, f"There is no {name}.")
    return FileResponse(path, media_type="text/javascript")


@app.get("/api/me", dependencies=FROM_A_PAGE)
def me(user: Person) -> dict[str, Any]:
    """Return who is signed in, and what they may do: operators and admins start loads and delete."""
    manager = get_auth_manager()
    run = {"access_entity": DagAccessEntity.RUN, "user": user}
    is_operator = manager.is_authorized_pool(method="PUT", user=user)
    return {
        "name": user.get_name(),
        "may_start": is_operator
        and manager.is_authorized_dag(method="POST", details=DagDetails(id=config.DAG_ID), **run),
        "may_delete": is_operator
        and manager.is_authorized_dag(method="POST", details=DagDetails(id=config.RESET_DAG_ID), **run),
    }


@app.get("/api/loads", dependencies=FROM_A_PAGE)
def list_loads() -> dict[str, Any]:
    """Return what is published, and the last loads."""
    with reading() as connection:
        return {"status": loads.status(connection), "loads": loads.last_loads(connection)}


@app.get("/api/load", dependencies=FROM_A_PAGE)
def load(load_id: str) -> dict[str, Any] | None:
    """Return a load with its numbers by step; null until its plan has begun."""
    with reading() as connection:
        return loads.describe(connection, load_id)


@app.get("/api/receipt", dependencies=FROM_A_PAGE)
def receipt(load_id: str) -> dict[str, Any]:
    """Return the proof of a load."""
    with reading() as connection:
        return loads.receipt(connection, load_id)


@app.get("/api/example", dependencies=FROM_A_PAGE)
def walk_through() -> dict[str, Any]:
    """Return a report on its way through the steps; an invented one if there is none."""
    try:
        with reading() as connection:
            return example.example(connection)
    except (NotReady, WarehouseUnreachable):
        return example.example(None)


@app.get("/api/newest", dependencies=FROM_A_PAGE)
def newest() -> list[dict[str, Any]]:
    """Return the newest reports."""
    with reading() as connection:
        return loads.newest_reports(connection)


@app.get("/api/landing", dependencies=FROM_A_PAGE)
def landing() -> dict[str, Any]:
    """Return the loads in the landing."""
    with reading() as connection:
        return received.list_loads(connection)


@app.get("/api/landing/files", dependencies=FROM_A_PAGE)
def landed_files(name: str) -> list[dict[str, Any]]:
    """Return the files of a folder of the landing."""
    return received.list_files(name)


@app.get("/api/landing/reports", dependencies=FROM_A_PAGE)
def landed_reports(name: str) -> list[dict[str, Any]]:
    """Return the first reports of a landed batch, raw and cleaned."""
    return received.first_reports(name)


@app.get("/landing/file")
def download_file(name: str) -> StreamingResponse:
    """Return a landed file as it is."""
    path, byte_count = received.open_file(name)
    headers = _attachment(path.name) | {"Content-Length": str(byte_count)}
    return StreamingResponse(received.pieces(path), media_type="application/octet-stream", headers=headers)


@app.get("/api/tables", dependencies=FROM_A_PAGE)
def list_tables() -> list[dict[str, Any]]:
    """Return the tables of mart and ops, with rows as loads recorded them."""
    with reading() as connection:
        counts = tables.recorded_counts(connection)
        return [
            {
                "name": table.name,
                "comment": table.comment,
                "row_count": counts.get(table.name),
                "is_deletable": table.name in reset.TABLES,
            }
            for table in tables.list_tables(connection)
        ]


Filters = Annotated[Sequence[str], Query(alias="filter", max_length=20)]


@app.get("/api/rows", dependencies=FROM_A_PAGE)
def table_rows(
    table: str, sort: str = "", filters: Filters = (), after: str = "", limit: int = rows.PAGE_ROWS
) -> dict[str, Any]:
    """Return a page of a table, with its columns."""
    with reading() as connection:
        described = tables.find_table(connection, table)
        page = rows.read_page(
            connection, rows.View(described, sort, tuple(filters), after), min(max(limit, 1), MOST_ROWS)
        )
        return {
            "table": described.name,
            "comment": described.comment,
            "row_count": tables.recorded_counts(connection).get(described.name),
            "columns": [
                {
                    "name": column.name,
                    "type": column.type,
                    "comment": column.comment,
                    "is_sortable": described.is_sortable(column),
                }
                for column in described.columns
            ],
            "rows": [[column_values.exact(value) for value in row] for row in page.rows],
            "after": page.after,
            "scanned_count": page.scanned_count,
        }


@app.get("/rows")
def download_rows(
    table: str,
    format: Literal["csv", "json"],
    sort: str = "",
    filters: Filters = (),
) -> StreamingResponse:
    """Return all rows of a view as a file."""
    with reading() as connection:
        described = tables.find_table(connection, table)
        view = rows.View(described, sort, tuple(filters))
        rows.read_page(connection, view, 1)  # what cannot be read is refused before the file begins

    def lines() -> Iterable[str]:
        write = export.as_csv if format == "csv" else export.as_json
        with reading() as connection:
            yield from write([column.name for column in described.columns], rows.all_rows(connection, view))

    media_type = "text/csv; charset=utf-8" if format == "csv" else "application/json"
    return StreamingResponse(lines(), media_type=media_type, headers=_attachment(f"{table}.{format}"))


@app.get("/api/resets", dependencies=FROM_A_PAGE)
def list_resets() -> list[dict[str, Any]]:
    """Return the last deletions, and whether a load brought the same content back."""
    with reading() as connection:
        return loads.resets(connection)


@app.get("/api/reset", dependencies=FROM_A_PAGE)
def preview_reset(target: str) -> reset.Preview:
    """Return what a reset would delete."""
    with reading() as connection:
        return reset.preview(connection, target)


def _attachment(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{Path(name).name}"'}
