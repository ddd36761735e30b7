"""The portal that every contender asks: a process that serves a sample portal's answers from the disk.

``python -m benchmarks.portal <reports> <folder of generated reports> <folder of this run>`` prints its address and serves until
it is ended. Besides the portal's own addresses it has two: POST /benchmark/week lets a week pass, GET /benchmark/requests
tells how many requests came.
"""

import shutil
import sys
from datetime import date
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from benchmarks.prerendered import PreRendered
from sample_portal.data import generate
from sample_portal.data.databases import connect, database_name
from sample_portal.data.store import Store
from sample_portal.http import server
from sample_portal.http.app import make_app
from sample_portal.publisher import live

# The last Saturday of the export that the calibration counts.
UNTIL = date(2025, 4, 26)
SEED = 1


def main() -> None:
    """Serve until ended."""
    reports, kept, folder = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
    store = open_copy(reports, kept, folder)
    taken = server.reserve(server.HOST, 0)
    config = uvicorn.Config(
        with_controls(store, folder), log_level="warning", access_log=False, lifespan="off"
    )
    portal = server.Server(config)
    address = f"http://{server.HOST}:{taken.getsockname()[1]}"
    portal.on_listening = lambda: print(address, flush=True)
    portal.run(sockets=[taken])


def open_copy(reports: int, kept: Path, folder: Path) -> Store:
    """Generate the reports, or take those kept, and open a copy of them that may change."""
    Store.generate(reports, SEED, UNTIL, folder=kept).close()
    recipe = generate.Recipe(reports, SEED, UNTIL)
    return Store(connect(Path(shutil.copy(kept / database_name(recipe), folder)), reports), recipe.form)


def with_controls(store: Store, folder: Path) -> Starlette:
    """Return the portal with its answers kept on disk, and the addresses that control it."""
    portal = PreRendered(make_app(store), folder, lambda: store.change_count)

    async def pass_week(_: Request) -> JSONResponse:
        week = await run_in_threadpool(live.pass_week, store, added=1700, edited=2000, removed=300)
        return JSONResponse(
            {"added": len(week.added), "edited": len(week.edited), "removed": len(week.removed)}
        )

    async def request_count(_: Request) -> JSONResponse:
        return JSONResponse(portal.request_count)

    return Starlette(
        routes=[
            Route("/benchmark/week", pass_week, methods=["POST"]),
            Route("/benchmark/requests", request_count),
            Mount("/", portal),
        ]
    )


if __name__ == "__main__":
    main()
