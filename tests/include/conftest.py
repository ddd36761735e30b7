"""Ask the warehouse what a load left; an object store; find the real files."""

import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest
import requests
import s3fs

from local_stack.provisioning.postgres import free_port
from testing.waiting import wait_for

BUCKETS = count(1)
STORE_STARTS_S = 60

LOAD_COLUMNS = (
    "load_id, status, fetched_count, added_count, edited_count, removed_count, rejected_count, message"
)


class Ask:
    """A question to the warehouse; called with SQL it returns rows as tuples."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection

    def __call__(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return self.connection.execute(query, values).fetchall()

    def crimes(self) -> dict[int, tuple[str | None, ...]]:
        """Return what is published by key, as ``SamplePortal.reports`` tells it."""
        rows = self(
            "select incident_id, crime_type, location_type, clearance_status, occurred_date::text,"
            " coalesce(reported_date::text, '') from mart.crimes"
        )
        return {row[0]: row[1:] for row in rows}

    def places(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return where each row of mart and ops lies and what wrote it, by table: another place is a row written again."""
        tables = self(
            "select schemaname || '.' || tablename from pg_tables where schemaname in ('mart', 'ops')"
        )
        return {
            name: self(f"select ctid::text, xmin::text, xmax::text from {name} order by 1")
            for (name,) in tables
        }

    def last_load(self) -> dict[str, Any]:
        """Return the load that began last."""
        row = self(f"select {LOAD_COLUMNS} from ops.loads order by started_at desc limit 1")[0]
        return dict(zip(LOAD_COLUMNS.split(", "), row, strict=True))


@pytest.fixture
def ask(warehouse) -> Iterator[Ask]:
    """Return a function that asks the warehouse."""
    with psycopg.connect(warehouse.owner_url, autocommit=True) as connection:
        yield Ask(connection)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real files of the portal, which are not part of the project."""
    folder = os.environ.get("AUSTIN_CRIME_REAL_DATA")
    if not folder:
        pytest.skip("no real files: AUSTIN_CRIME_REAL_DATA names no folder with them")
    return Path(folder)


@pytest.fixture(scope="session")
def object_store() -> Iterator[str]:
    """Return the address of a server that speaks S3, a process of its own."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for("The object store", lambda: answers(url) or process.poll() is not None, STORE_STARTS_S)
        assert process.poll() is None, "the object store ended"
        yield url
    finally:
        process.terminate()
        process.wait(timeout=30)


def answers(url: str) -> bool:
    """Return whether a server answers."""
    try:
        return requests.get(url, timeout=5).ok
    except requests.ConnectionError:
        return False


@pytest.fixture
def bucket(object_store: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return an empty bucket, which is found by the usual variables alone."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", object_store)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a secret of theirs")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    # Connections are kept for as long as a process lives, and do not look at the variables again.
    s3fs.S3FileSystem.clear_instance_cache()
    yield boto3.resource("s3").create_bucket(Bucket=f"landing-{next(BUCKETS)}")
    s3fs.S3FileSystem.clear_instance_cache()
