"""Loads publish one after the other, and a reader can neither take the lock nor hold it up."""

import psycopg
import pytest

from austin_crime.load import publish
from austin_crime.warehouse.connection import connect


def test_two_loads_do_not_publish_at_once(warehouse) -> None:
    with connect() as first, connect() as second:
        first.execute(publish.LOCK)
        second.execute("set local lock_timeout = '200ms'")

        with pytest.raises(psycopg.errors.LockNotAvailable):
            second.execute(publish.LOCK)
        second.rollback()


@pytest.mark.parametrize("statement", [publish.LOCK, "lock table ops.loads in row share mode"])
def test_a_reader_takes_no_lock_that_a_load_waits_for(warehouse, statement) -> None:
    with psycopg.connect(warehouse.reader_url) as reader:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute(statement)
        reader.rollback()


def test_a_reader_in_the_middle_of_reading_does_not_keep_a_load_from_publishing(warehouse) -> None:
    with psycopg.connect(warehouse.reader_url) as reader, connect() as load:
        reader.execute("select * from ops.source_months, ops.loads, mart.data_status")
        load.execute("set local lock_timeout = '5s'")

        load.execute(publish.LOCK)
