"""Readers who never stop reading, each in one transaction at a time: while loads publish, every one sees one whole version."""

import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date

import psycopg
import pytest

from austin_crime import config
from sample_portal.data.store import Store
from sample_portal.http import server
from sample_portal.publisher import live

READERS, READS_A_LOAD = 2, 12
SUMS = {table: f"select sum(report_count) from mart.{table}" for table in config.AGGREGATES}
MONTHS = {
    "mart.crimes": "select occurred_month, count(*) from mart.crimes group by 1",
    "mart.crimes_per_month": "select occurred_month, sum(report_count) from mart.crimes_per_month group by 1",
}
# What is done to the portal before each load, and what a person accepts.
LOADS = {
    "a week": (lambda store: live.pass_week(store, added=40, edited=60, removed=4), []),
    "a rewrite": (live.rewrite_all, []),
    "a full reload": (lambda store: None, []),
    "a removal": (lambda store: live.remove_month(store, busiest_month(store)), ["reports_removed"]),
}


def busiest_month(store):
    [(month,)] = store.execute(
        "select strftime(rep_date, '%Y-%m') from reports group by 1 order by count(*) desc, 1 limit 1"
    )
    return month


@dataclass
class Readings:
    """What readers saw: how often which version, and its months, which are to be the same in every reading."""

    versions: Counter = field(default_factory=Counter)
    months: dict = field(default_factory=dict)
    wrong: list = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    def read_on(self, url):
        """Read until it is over."""
        try:
            while not self.is_over.is_set():
                with psycopg.connect(url, autocommit=True) as connection:
                    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                    with connection.transaction():
                        self.read(connection)
        except psycopg.Error as error:
            self.wrong.append(error)

    def read(self, connection):
        """Read every table once and compare."""
        [(version, is_empty, reported)] = connection.execute(
            "select load_id, is_empty, report_count from mart.data_status"
        ).fetchall()
        sums = {name: connection.execute(query).fetchall()[0][0] or 0 for name, query in SUMS.items()}
        months = {name: dict(connection.execute(query).fetchall()) for name, query in MONTHS.items()}
        sums["mart.crimes"] = sum(months["mart.crimes"].values())
        first_seen = self.months.setdefault(version, months["mart.crimes"])
        if set(sums.values()) != {reported} or is_empty != (reported == 0) or is_empty != (version is None):
            self.wrong.append((version, is_empty, reported, sums))
        if any(found != first_seen for found in months.values()):
            self.wrong.append((version, months, first_seen))
        self.versions[version] += 1


@pytest.fixture
def reading(wait_until):
    """Return a context in which readers read a warehouse without end; yields what they see."""

    @contextmanager
    def read(url):
        readings = Readings()
        readers = [threading.Thread(target=readings.read_on, args=(url,)) for _ in range(READERS)]
        for reader in readers:
            reader.start()
        try:
            wait_until(lambda: readings.versions[None] > READS_A_LOAD)
            yield readings
        finally:
            readings.is_over.set()
            for reader in readers:
                reader.join()

    return read


@pytest.fixture
def publishing(runner, wait_until):
    """Return a function that runs a load, and lets readers read in the middle of its publishing, and after it."""

    def publish(warehouse, url, load_id, accept, readings):
        with warehouse.locked("mart.data_status"):
            parameters = {"accept": accept, "full_reload": load_id == "a full reload"}
            runner.start(warehouse, url, load_id=load_id, parameters=parameters)
            wait_until(lambda: warehouse.is_waited_for("mart.data_status"))
            seen = readings.versions.total()
            wait_until(lambda: readings.wrong or readings.versions.total() > seen + READS_A_LOAD)
            assert readings.versions[load_id] == 0
        assert runner.exit_code() == 0, runner.log.read_text()[-2000:]
        wait_until(lambda: readings.wrong or readings.versions[load_id] > READS_A_LOAD)

    return publish


@pytest.fixture
def living(world, warehouses, mortal_server):
    """Return a portal of the test's own, its address, and an empty warehouse."""
    store = Store.generate(reports=1_000, seed=1, until=date(2024, 6, 1))
    warehouse = warehouses.copy(world.templates["first"].name)
    with server.running(store) as url:
        yield store, url, warehouse
    store.close()
    mortal_server.server.drop_database(warehouse.name)


def test_readers_see_one_whole_version_after_the_other(living, runner, reading, publishing, wait_until):
    store, url, warehouse = living
    with reading(warehouse.reader_url) as readings:
        runner.start(warehouse, url, load_id="the first")
        assert runner.exit_code() == 0
        wait_until(lambda: readings.wrong or readings.versions["the first"] > READS_A_LOAD)

        for load_id, (live_on, accept) in LOADS.items():
            live_on(store)
            publishing(warehouse, url, load_id, accept, readings)

    assert readings.wrong == []
    assert list(readings.months) == [None, "the first", *LOADS]
    assert readings.months[None] == {}
    assert readings.months["a week"] != readings.months["the first"]
    assert readings.months["a rewrite"] == readings.months["a full reload"] == readings.months["a week"]
    assert sum(readings.months["a removal"].values()) < sum(readings.months["a week"].values())
