"""Random histories of a publisher, in front of real loads: whatever happens, the warehouse ends equal to the portal.

A history is a list of nights. In a night the publisher does a few things to his reports, somebody may touch the
warehouse or ask for something, the load runs, and the portal may change while it does. The truth is told from the
publisher's own rows by the few lines here, which share nothing with the pipeline. ``HYPOTHESIS_PROFILE=long`` tries
many more histories, other ones each time.
"""

import os
import re
from collections import Counter
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from austin_crime import check, nightly, settle
from sample_portal.faults import Fault

IS_LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
ACTS = [
    "add",
    "edit",
    "touch",
    "remove",
    "move",
    "insert_again",
    "change_key",
    "double_key",
    "remove_month",
    "rewrite",
    "rewrite_and_edit",
    "edit_with_the_newest_stamp",
]
NUMBERS = count(1)


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
    max_examples=1000 if IS_LONG else 5,
    derandomize=not IS_LONG,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(A_NIGHT, min_size=3, max_size=5))
def test_whatever_the_publisher_does_the_warehouse_ends_equal_to_the_portal(history, nights):
    with history() as (publisher, connection, monkeypatch):
        warehouse = Warehouse(publisher, connection)
        for night in nights:
            publisher.act(night["acts"])
            if "emptied" in night:
                connection.execute(f"delete from {night['emptied']}")
            if "rules_version" in night:
                monkeypatch.setattr("austin_crime.contract.RULES_VERSION", night["rules_version"])
            if "meanwhile" in night:
                warehouse.load_while_the_portal_changes(night.get("parameters", {}), *night["meanwhile"])
            else:
                warehouse.load(night.get("parameters", {}))
            warehouse.expect_the_truth()
            warehouse.expect_a_quiet_night()
