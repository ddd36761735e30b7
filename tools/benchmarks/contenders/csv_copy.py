"""CSV export, COPY into an unlogged table of texts, then everything else in SQL: what a good engineer writes in a day."""

import os
from pathlib import Path

import psycopg
import requests

from austin_crime import config, contract
from benchmarks.contenders import aggregates, indexes, requests_to_portal
from benchmarks.contenders.stopwatch import Stopwatch

SQL = Path(__file__).with_suffix(".sql")
CHUNK_BYTES = 1 << 20
COLUMNS = [column.source_name for column in contract.COLUMNS]


def main() -> None:
    """Copy, insert, index, aggregate."""
    watch = Stopwatch()
    with psycopg.connect(os.environ["AUSTIN_CRIME_WAREHOUSE_URL"]) as connection:
        # As ours has it.
        connection.execute(f"set work_mem = '{config.WORK_MEMORY}'".encode())
        with watch.step("fetch and copy"):
            copy_export(connection)
        with watch.step("insert"):
            statements = indexes.take_off(connection)
            connection.execute(SQL.read_bytes())
        with watch.step("key and indexes"):
            indexes.put_back(connection, statements)
            connection.commit()
        with watch.step("aggregates"):
            aggregates.build(connection.cursor())
            connection.commit()
    watch.tell()


def copy_export(connection: psycopg.Connection) -> None:
    """Stream the export into a table of texts."""
    names = ", ".join(f"{name} text" for name in ("row_id", "updated_at", *COLUMNS))
    connection.execute(f"create unlogged table exported_crimes ({names})".encode())
    answer = requests.get(
        f"{requests_to_portal.source_url()}{requests_to_portal.DATASET}.csv",
        params=requests_to_portal.export(COLUMNS),
        stream=True,
        timeout=600,
    )
    answer.raise_for_status()
    with connection.cursor().copy("copy exported_crimes from stdin (format csv, header)") as copy:
        for chunk in answer.iter_content(CHUNK_BYTES):
            copy.write(chunk)


if __name__ == "__main__":
    main()
