"""Random histories of a publisher, in front of real loads: whatever happens, the warehouse ends equal to the portal.

A history is a list of nights. In a night the publisher does a few things to his reports, somebody may touch the
warehouse or ask for something, the load runs, and the portal may change while it does. The truth is told from the
publisher's own rows by the few lines here, which share nothing with the pipeline. ``HYPOTHESIS_PROFILE=long`` tries
many more histories, other ones each time.
"""

import os
import random
import re
from collections import Counter
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from itertools import count

import duckdb
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from austin_crime import check, nightly, settle
from sample_portal import server
from sample_portal.datasets import FORMS, SYSTEM_COLUMNS
from sample_portal.faults import Fault
from sample_portal.store import Store

IS_LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
FIRST_REPORTS = 60
MONTHS = [datetime(2024, month, 1) for month in range(1, 7)]  # noqa: DTZ001 (as the portal keeps its times)
SHARED_KEYS = range(100, 112)
COLUMNS = [column.name for column in (*SYSTEM_COLUMNS, *FORMS["present"])]
NUMBERS = count(1)


class Publisher:
    """Somebody who does to his reports what publishers do; each act takes two numbers that say to which and how."""

    def __init__(self, store):
        self.store = store
        self.rows = {}
        self.now = datetime(2024, 7, 1)  # noqa: DTZ001
        for number in range(FIRST_REPORTS):
            self.now += timedelta(minutes=number % 3)
            self.add(number, number)
        self.upload()

    def act(self, acts):
        """Do some acts, all with one stamp, as an upload does."""
        self.now += timedelta(hours=1)
        # A report that comes late with an old stamp is found by how many bear it: nothing else happens beside it.
        alone = [act for act in acts[:1] if act[0] == "edit_with_the_newest_stamp"]
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
        number = next(NUMBERS)
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

    def insert_again(self, which, how):
        self.insert(self.rows.pop(self.pick(which)))

    def change_key(self, which, how):
        self.set(which, incident_report_number=invent_key(random.Random(how)))

    def double_key(self, which, how):
        self.set(which, incident_report_number=self.rows[self.pick(how)]["incident_report_number"])

    def remove_month(self, which, how):
        gone = month_of(self.rows[self.pick(which)])
        left = {row_id: row for row_id, row in self.rows.items() if month_of(row) != gone}
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
        newest = max(row[":updated_at"] for row in self.rows.values())
        if self.rows[self.pick(which)][":updated_at"] < newest:
            self.set(which, crime_type=f"LATE {how}", **{":updated_at": newest})


ACTS = [
    name
    for name in vars(Publisher)
    if name not in {"act", "upload", "insert", "pick", "set"} and name[0] != "_"
]


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
        "rep_date": draw.choice([*MONTHS, *MONTHS, None]),
        "council_district": draw.choice([1, 7, 10, 11, 0, None]),
        "clearance_status": draw.choice(["N", "O", "C", "X", None]),
        "census_block_group": draw.choice([4530023181, 5, None]),
    }


def month_of(row):
    return row["rep_date"] and row["rep_date"].replace(day=1).date().isoformat()


class Truth:
    """What the warehouse has to hold of a publisher's rows."""

    def __init__(self, rows):
        self.crimes, self.rejects, self.months = {}, set(), {}
        newest = max(row[":updated_at"] for row in rows.values())
        for row in sorted(rows.values(), key=lambda row: (row[":updated_at"], row[":id"]), reverse=True):
            key, month = row["incident_report_number"], month_of(row)
            number, stamp, at_newest = self.months.get(month, (0, row[":updated_at"], 0))
            self.months[month] = (number + 1, stamp, at_newest + (row[":updated_at"] == newest))
            if key is None:
                self.rejects.add((row[":id"], "missing_key", None, month))
            elif not 0 <= key < 10**18:
                self.rejects.add((row[":id"], "unreadable_key", None, month))
            elif key in self.crimes:
                self.rejects.add((row[":id"], "duplicate_key", key, month))
            else:
                self.crimes[key] = cleaned(row)


def cleaned(row):
    """Return what PostgreSQL has to tell of a report, as JSON and without nulls."""
    hhmm = -1 if row["occ_time"] is None else row["occ_time"]
    is_time = 0 <= hhmm < 2400 and hhmm % 100 < 60
    values = {
        "incident_id": row["incident_report_number"],
        "crime_type": row["crime_type"],
        "ucr_code": row["ucr_code"] if row["ucr_code"] in {601, 900} else None,
        "is_family_violence": {"Y": True, "N": False}.get(row["family_violence"]),
        "occurred_at": row["occ_date_time"].isoformat(),
        "occurred_date": row["occ_date"].date().isoformat(),
        "occurred_time": f"{hhmm // 100:02}:{hhmm % 100:02}:00" if is_time else None,
        "occurred_month": row["occ_date"].replace(day=1).date().isoformat(),
        "occurred_hour": hhmm // 100 if is_time else None,
        "reported_date": row["rep_date"] and row["rep_date"].date().isoformat(),
        "council_district": row["council_district"] if row["council_district"] in range(1, 11) else None,
        "clearance_status": row["clearance_status"],
        "clearance_name": {"N": "Not cleared", "O": "Cleared by exception", "C": "Cleared by arrest"}.get(
            row["clearance_status"]
        ),
        "census_block_group_id": row["census_block_group"] and f"48{row['census_block_group']:010}",
        "source_month": month_of(row),
    }
    return {name: value for name, value in values.items() if value is not None}


class Warehouse:
    """The loads of a warehouse, watched."""

    def __init__(self, publisher, connection):
        self.publisher = publisher
        self.connection = connection

    def ask(self, query):
        return self.connection.execute(query).fetchall()

    def crimes(self):
        rows = self.ask(
            "select jsonb_strip_nulls(to_jsonb(crimes) - 'source_row_id' - 'source_updated_at') from mart.crimes as crimes"
        )
        return {row["incident_id"]: row for (row,) in rows}

    def load(self, parameters):
        """Run a load as a person would: what a check blocks is looked at and accepted by name. Return its status."""
        load_id = f"load-{next(NUMBERS)}"
        before = self.crimes()
        try:
            nightly.run_nightly(load_id, parameters)
        except check.CheckBlocked as blocked:
            assert self.crimes() == before
            if not (names := re.findall(r"accept = ([\w:]+)", str(blocked))):
                raise
            return self.load(parameters | {"accept": names})
        expected = differences(before, self.crimes()) if before else {}
        assert self.changes(load_id) == expected
        return self.ask(f"select status from ops.loads where load_id = '{load_id}'")[0][0]

    def changes(self, load_id):
        """Return what a load says that it changed, by key."""
        changes = {}
        for key, change, told in self.ask(
            f"select incident_id, change, differences from ops.crime_changes where load_id = '{load_id}'"
        ):
            row_id = ("source_row_id", "source_updated_at")
            is_row = change == "removed"
            changes[key] = (
                change,
                {k: v for k, v in told.items() if v is not None and k not in row_id} if is_row else told,
            )
        return changes

    def load_while_the_portal_changes(self, parameters, request, acts):
        """Let the publisher act when the load asks for something, then look in the next night for what slipped through."""
        states = [Truth(self.publisher.rows).crimes]
        fault = self.publisher.store.faults.add(
            Fault("change", path=request, call=lambda: self.publisher.act(acts))
        )
        try:
            self.load(parameters)
            states.append(Truth(self.publisher.rows).crimes)
            assert self.crimes() in states
        except (settle.PortalMoved, check.CheckBlocked):
            assert fault.met
        self.publisher.store.faults.clear()
        self.load({})

    def expect_the_truth(self):
        truth = Truth(self.publisher.rows)
        assert self.crimes() == truth.crimes
        rejects = self.ask(
            "select source_row_id, reason, incident_id, source_month::text from ops.rejected_reports"
        )
        assert set(rejects) == truth.rejects
        months = self.ask(
            "select source_month::text, portal_report_count, newest_updated_at at time zone 'utc', newest_count"
            " from ops.source_months"
        )
        assert {month: told for month, *told in months} == {
            month: [*told] for month, told in truth.months.items()
        }
        years = Counter(int(row["occurred_date"][:4]) for row in truth.crimes.values())
        assert dict(self.ask("select occurred_year, report_count from mart.crimes_per_year")) == years
        counts = self.ask("select report_count, rejected_count, portal_report_count from mart.data_status")
        assert counts == [(len(truth.crimes), len(truth.rejects), len(self.publisher.rows))]

    def expect_a_quiet_night(self):
        asked_before = self.publisher.store.request_count
        assert self.load({}) == "unchanged"
        assert self.publisher.store.request_count - asked_before <= 3


def differences(before, after):
    """Return what turns one state into another, by key."""
    changes = {key: ("added", None) for key in after.keys() - before.keys()}
    changes |= {key: ("removed", before[key]) for key in before.keys() - after.keys()}
    for key in before.keys() & after.keys():
        old, new = before[key], after[key]
        names = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
        if names:
            changes[key] = ("edited", {name: {"old": old.get(name), "new": new.get(name)} for name in names})
    return changes


@contextmanager
def standing(postgres, landing):
    """Serve a publisher's portal beside a warehouse that holds its first state."""
    name = f"history_{next(NUMBERS)}"
    owner_url, _ = postgres.create_warehouse(name)
    with (
        closing(empty_store()) as store,
        server.running(store) as source_url,
        pytest.MonkeyPatch.context() as monkeypatch,
        psycopg.connect(owner_url, autocommit=True) as connection,
    ):
        monkeypatch.setenv("AUSTIN_CRIME_SOURCE_URL", source_url)
        monkeypatch.setenv("AUSTIN_CRIME_WAREHOUSE_URL", owner_url)
        monkeypatch.setenv("AUSTIN_CRIME_LANDING_URL", str(landing / name))
        publisher = Publisher(store)
        nightly.run_nightly("first")
        yield publisher, Warehouse(publisher, connection), monkeypatch
    postgres.drop_database(name)


def empty_store():
    """Return a portal without reports."""
    connection = duckdb.connect()
    columns = ", ".join(
        f'"{column.name}" {column.stored_type}' for column in (*SYSTEM_COLUMNS, *FORMS["present"])
    )
    connection.execute(f"create table reports ({columns})")
    return Store(connection, "present")


NUMBER = st.integers(0, 999)
SOME_ACTS = st.lists(st.tuples(st.sampled_from(ACTS), NUMBER, NUMBER), max_size=6)
# Metadata, months, those newer, batches, boundaries, counts for the check.
REQUESTS = ["/api/views", "newest_updated_at", ":updated_at >", "$order=:id", "w3v2-cj58", "group_key"]
A_NIGHT = st.fixed_dictionaries(
    {"acts": SOME_ACTS},
    optional={
        "emptied": st.sampled_from(["mart.crimes", "ops.rejected_reports", "ops.source_months"]),
        "parameters": st.sampled_from(
            [{"full_reload": True}, {"first_month": "2024-02", "last_month": "2024-04"}]
        ),
        "rules_version": st.integers(100, 200),
        "meanwhile": st.tuples(st.sampled_from(REQUESTS), SOME_ACTS),
    },
)


@settings(
    max_examples=1000 if IS_LONG else 8,
    derandomize=not IS_LONG,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(A_NIGHT, min_size=1, max_size=6))
def test_whatever_the_publisher_does_the_warehouse_ends_equal_to_the_portal(
    postgres, tmp_path_factory, nights
):
    with standing(postgres, tmp_path_factory.getbasetemp()) as (publisher, warehouse, monkeypatch):
        for night in nights:
            publisher.act(night["acts"])
            if "emptied" in night:
                warehouse.connection.execute(f"delete from {night['emptied']}")
            if "rules_version" in night:
                monkeypatch.setattr("austin_crime.contract.RULES_VERSION", night["rules_version"])
            if "meanwhile" in night:
                warehouse.load_while_the_portal_changes(night.get("parameters", {}), *night["meanwhile"])
            else:
                warehouse.load(night.get("parameters", {}))
            warehouse.expect_the_truth()
            warehouse.expect_a_quiet_night()
