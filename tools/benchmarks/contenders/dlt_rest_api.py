"""dlt's source for REST APIs, as its documentation shows it, into PostgreSQL; then the aggregates in SQL."""

import os
import tempfile
from pathlib import Path

import dlt
import psycopg2
from dlt.sources.rest_api import rest_api_source

from benchmarks.contenders import aggregates, requests_to_portal
from benchmarks.contenders.stopwatch import Stopwatch

VIEW = Path(__file__).with_suffix(".sql")


def main() -> None:
    """Extract, normalize, load, aggregate."""
    watch = Stopwatch()
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    warehouse = os.environ["AUSTIN_CRIME_WAREHOUSE_URL"]
    with tempfile.TemporaryDirectory(prefix="dlt-") as folder:
        pipeline = dlt.pipeline(
            "crimes",
            pipelines_dir=folder,
            destination=dlt.destinations.postgres(warehouse),
            dataset_name="dlt_crimes",
        )
        with watch.step("extract"):
            pipeline.extract(source())
        with watch.step("normalize"):
            pipeline.normalize()
        with watch.step("load"):
            pipeline.load().raise_on_failed_jobs()
    with watch.step("aggregates"), psycopg2.connect(warehouse) as connection:
        cursor = connection.cursor()
        cursor.execute(VIEW.read_text())
        aggregates.build(cursor)
    watch.tell()


def source() -> dlt.sources.DltSource:
    """Return the reports, page by page; "replace" is dlt's fastest disposition, "merge" writes every row twice."""
    paginator = {
        "type": "offset",
        "limit": requests_to_portal.PAGE_ROWS,
        "limit_param": "$limit",
        "offset_param": "$offset",
        "total_path": None,
    }
    endpoint = {"path": f"{requests_to_portal.DATASET}.json", "params": {"$order": ":id"}}
    return rest_api_source(
        {
            "client": {"base_url": requests_to_portal.source_url(), "paginator": paginator},
            "resources": [{"name": "crimes", "write_disposition": "replace", "endpoint": endpoint}],
        }
    )


if __name__ == "__main__":
    main()
