"""Reads that lifted their timeouts are ended all the same; those within the limits, and loads, are left alone."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest

from austin_crime import config
from austin_crime.warehouse import reader_limit
from austin_crime.warehouse.connection import connect
from testing.waiting import wait_for

pytestmark = pytest.mark.slow

ENDLESS = (
    "select count(*) from generate_series(1, 1000000000) as a cross join generate_series(1, 1000000000) as b"
)
ENDED = (psycopg.errors.AdminShutdown, psycopg.OperationalError)


@contextmanager
def session(url: str) -> Iterator[psycopg.Connection]:
    """Open a session that lifted the timeouts of its role."""
    connection = psycopg.connect(url, autocommit=True)
    connection.execute("set statement_timeout = 0")
    connection.execute("set idle_in_transaction_session_timeout = 0")
    try:
        yield connection
    finally:
        connection.close()


def end_long_reads(statement_s: float, transaction_s: float) -> int:
    with connect() as connection:
        return reader_limit.end_long_reads(connection, statement_s, transaction_s)


def ended_in_time(statement_s: float = 1, transaction_s: float = 60) -> None:
    wait_for("the end of a long read", lambda: end_long_reads(statement_s, transaction_s) == 1, 30)


def test_a_statement_that_lifted_its_timeout_is_ended(warehouse) -> None:
    with session(warehouse.reader_url) as reader, ThreadPoolExecutor() as pool:
        answer = pool.submit(reader.execute, ENDLESS)

        ended_in_time()

        with pytest.raises(ENDED):
            answer.result(timeout=30)


def test_a_transaction_that_does_nothing_and_keeps_its_locks_is_ended(warehouse) -> None:
    with session(warehouse.reader_url) as reader:
        reader.execute("begin; lock table mart.crimes in access share mode")

        ended_in_time()

        with psycopg.connect(warehouse.owner_url) as owner:
            owner.execute("set lock_timeout = '5s'")
            owner.execute("truncate mart.crimes")


def test_a_transaction_of_many_short_statements_is_ended(warehouse) -> None:
    with session(warehouse.reader_url) as reader:
        reader.execute("begin")

        def is_ended() -> bool:
            try:
                reader.execute("select count(*) from mart.crimes")
            except ENDED:
                return True
            end_long_reads(statement_s=60, transaction_s=1)
            return False

        wait_for("the end of the transaction", is_ended, 30)


def test_a_session_that_waits_for_its_next_statement_is_left_alone(warehouse) -> None:
    with session(warehouse.reader_url) as reader:
        reader.execute("select 1")

        assert end_long_reads(statement_s=0, transaction_s=0) == 0
        assert reader.execute("select 1").fetchone() == (1,)


def test_no_session_of_a_load_is_ended(warehouse) -> None:
    with psycopg.connect(warehouse.owner_url) as owner:
        owner.execute("select 1")

        assert end_long_reads(statement_s=0, transaction_s=0) == 0
        assert owner.execute("select 1").fetchone() == (1,)


def test_it_watches_until_it_is_ended_and_comes_back_after_its_session_was_ended(warehouse) -> None:
    def is_watching() -> bool:
        return reader_limit.is_watching(warehouse.owner_url)

    assert not is_watching()
    process = subprocess.Popen(
        [sys.executable, "-m", "austin_crime.warehouse.reader_limit"],
        env=os.environ | {"PYTHONPATH": str(config.ROOT / "include")},
    )
    try:
        wait_for("the first look", is_watching, 30)
        with psycopg.connect(warehouse.owner_url) as owner:
            ended = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = %s"
            owner.execute(ended, (reader_limit.NAME,))
        wait_for("the next look", is_watching, 30)
    finally:
        process.terminate()
        process.wait(timeout=30)

    wait_for("its end", lambda: not is_watching(), 30)
