"""A publisher whose reports live as publishers' do, served beside a warehouse."""

import random
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from itertools import count

import duckdb
import psycopg
import pytest

from austin_crime import config, nightly
from austin_crime.parameters import ACCEPTABLE
from sample_portal.data.datasets import FORMS, SYSTEM_COLUMNS
from sample_portal.data.store import Store
from sample_portal.http import server

FIRST_REPORTS = 60
MONTHS = [datetime(2024, month, 1) for month in range(1, 7)]  # noqa: DTZ001 (as the portal keeps its times)
SHARED_KEYS = range(100, 112)
COLUMNS = [column.name for column in (*SYSTEM_COLUMNS, *FORMS["present"])]
DATABASE_NUMBERS = count(1)
# So small that the few reports come in several batches, asked for one after the other: a history goes the same way twice.
# Acts of an update that overlaps with another: they leave stamps that were passed already.
LATE_ACTS = ("edit_with_the_newest_stamp", "edit_with_an_earlier_stamp")
SETTINGS = {
    "BATCH_ROWS": 12,
    "MAX_RANGES_PER_BATCH": 2,
    "WORKERS": 1,
    "LATE_STAMP_S": 3000,
}


class Publisher:
    """Somebody who does to his reports what publishers do; each act takes two numbers that say to which and how."""

    def __init__(self, store):
        self.store = store
        self.rows = {}
        self.numbers = count(1)
        self.now = datetime(2024, 7, 1)  # noqa: DTZ001
        for number in range(FIRST_REPORTS):
            self.now += timedelta(minutes=number % 3)
            self.add(number, number)
        self.upload()

    def act(self, acts):
        """Do some acts, all with one stamp, as an upload does."""
        self.now += timedelta(hours=1)
        # A report that comes late with an old stamp is found by how many bear it: nothing else happens beside it.
        alone = [act for act in acts[:1] if act[0] in LATE_ACTS]
        for name, which, how in alone or acts:
            getattr(self, name)(which, how)
        if acts:
            self.upload()

    def upload(self):
        with self.store.change(self.now) as (cursor, _):
            cursor.execute("delete from reports")
            names, places = ", ".join(f'"{name}"' for name in COLUMNS), ", ".join("?" * len(COLUMNS))
            rows = [[row.get(name) for name in COLUMNS] for row in self.rows.values()]
            cursor.executemany(f"insert into reports ({names}) values ({places})", rows)

    def insert(self, row):
        # The greatest id is not the newest one.
        number = next(self.numbers)
        row_id = f"row-{number * 7919 % 10_000:04}-{number:06}"
        self.rows[row_id] = row | {":id": row_id, ":updated_at": self.now}

    def pick(self, which):
        return sorted(self.rows)[which % len(self.rows)]

    def set(self, which, **values):
        self.rows[self.pick(which)] |= {":updated_at": self.now} | values

    def add(self, which, how):
        self.insert(invent(random.Random(1000 * which + how)))

    def edit(self, which, how):
        new = invent(random.Random(how))
        self.set(which, **{name: new[name] for name in new.keys() - {"incident_report_number", "rep_date"}})

    def touch(self, which, how):
        self.set(which)

    def remove(self, which, how):
        if len(self.rows) > 1:
            del self.rows[self.pick(which)]

    def move(self, which, how):
        self.set(which, rep_date=random.Random(how).choice([*MONTHS, None]))

    def move_month(self, which, how):
        month, gone = random.Random(how).choice([*MONTHS, None]), self.rows[self.pick(which)]["rep_date"]
        for row_id, row in self.rows.items():
            if is_same_month(row["rep_date"], gone):
                self.rows[row_id] = row | {":updated_at": self.now, "rep_date": month}

    def insert_again(self, which, how):
        self.insert(self.rows.pop(self.pick(which)))

    def change_key(self, which, how):
        self.set(which, incident_report_number=invent_key(random.Random(how)))

    def double_key(self, which, how):
        self.set(which, incident_report_number=self.rows[self.pick(how)]["incident_report_number"])

    def remove_month(self, which, how):
        gone = self.rows[self.pick(which)]["rep_date"]
        left = {row_id: row for row_id, row in self.rows.items() if not is_same_month(row["rep_date"], gone)}
        self.rows = left or self.rows

    def rewrite(self, which, how):
        rows, self.rows = list(self.rows.values()), {}
        for row in random.Random(how).sample(rows, len(rows)):
            self.insert(row)

    def rewrite_and_edit(self, which, how):
        self.rewrite(which, how)
        self.edit(which, how)
        self.remove(how, which)

    def edit_with_the_newest_stamp(self, which, how):
        self.edit_with_stamp(which, how, max(row[":updated_at"] for row in self.rows.values()))

    def edit_with_an_earlier_stamp(self, which, how):
        newest = max(row[":updated_at"] for row in self.rows.values())
        self.edit_with_stamp(which, how, newest - timedelta(minutes=1 + how % 50))

    def edit_with_stamp(self, which, how, stamp):
        if self.rows[self.pick(which)][":updated_at"] < stamp - timedelta(seconds=config.LATE_STAMP_S):
            self.set(which, crime_type=f"LATE {how}", **{":updated_at": stamp})


def is_same_month(one, other):
    return (one and one.replace(day=1)) == (other and other.replace(day=1))


def invent_key(draw):
    """Return a key: mostly one of its own, sometimes one that others have, none, or one that cannot be read."""
    return draw.choice([draw.randrange(10**6, 10**12)] * 6 + [draw.choice(SHARED_KEYS), None, -5, 10**18])


def invent(draw):
    """Return what a new report says, dirty values among it."""
    occurred = draw.choice(MONTHS) - timedelta(days=draw.randrange(0, 400))
    return {
        "incident_report_number": invent_key(draw),
        "crime_type": draw.choice(["THEFT", "ASSAULT", "BURGLARY  OF VEHICLE", None]),
        "ucr_code": draw.choice([601, 900, -1, None]),
        "family_violence": draw.choice(["Y", "N", "N", "?"]),
        "occ_date_time": occurred + timedelta(minutes=draw.randrange(1440)),
        "occ_date": occurred,
        "occ_time": draw.choice([5, 930, 2359, 2400, 1970, None]),
        "rep_date": draw.choice(MONTHS) + timedelta(days=draw.randrange(28))
        if draw.random() < 0.93
        else None,
        "council_district": draw.choice([1, 7, 10, 11, 0, None]),
        "clearance_status": draw.choice(["N", "O", "C", "X", None]),
        "census_block_group": draw.choice([4530023181, 5, None]),
    }


@pytest.fixture
def history(postgres, new_warehouse, tmp_path_factory):
    """Return a context in which a publisher's first reports are loaded: the publisher, a connection and a monkeypatch."""
    landing = tmp_path_factory.mktemp("histories")

    @contextmanager
    def begin():
        name = f"history_{next(DATABASE_NUMBERS)}"
        owner_url, _ = new_warehouse(name)
        with (
            closing(empty_store()) as store,
            server.running(store) as source_url,
            pytest.MonkeyPatch.context() as monkeypatch,
            psycopg.connect(owner_url, autocommit=True) as connection,
        ):
            monkeypatch.setenv("AUSTIN_CRIME_SOURCE_URL", source_url)
            monkeypatch.setenv("AUSTIN_CRIME_WAREHOUSE_URL", owner_url)
            monkeypatch.setenv("AUSTIN_CRIME_LANDING_URL", str(landing / name))
            monkeypatch.setenv("AUSTIN_CRIME_PORTAL_WAIT_S", "0.001")
            for setting, value in SETTINGS.items():
                monkeypatch.setattr(config, setting, value)
            publisher = Publisher(store)
            nightly.run_nightly("first", {"accept": ACCEPTABLE})
            yield publisher, connection, monkeypatch
        postgres.drop_database(name)

    return begin


def empty_store():
    """Return a portal without reports."""
    connection = duckdb.connect()
    columns = ", ".join(
        f'"{column.name}" {column.stored_type}' for column in (*SYSTEM_COLUMNS, *FORMS["present"])
    )
    connection.execute(f"create table reports ({columns})")
    return Store(connection, "present")
