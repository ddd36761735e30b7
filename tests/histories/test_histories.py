"""Random histories of a publisher, in front of real loads: whatever happens, the warehouse ends equal to the portal.

A history is a list of nights. In a night the publisher does a few things to his reports, somebody may touch the
warehouse or ask for something, the load runs, and the portal may change while it does. The truth is told from the
publisher's own rows by the few lines here, which share nothing with the pipeline. ``HYPOTHESIS_PROFILE=long`` tries
many more histories, other ones each time.
"""

import re
from collections import Counter
from contextlib import suppress
from itertools import count

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from austin_crime import config, errors, nightly
from sample_portal.faults import Fault
from testing import recount
from testing.cases import IS_LONG, pairs

pytestmark = pytest.mark.slow

ACTS = [
    "add",
    "edit",
    "touch",
    "remove",
    "move",
    "move_month",
    "insert_again",
    "change_key",
    "double_key",
    "remove_month",
    "rewrite",
    "rewrite_and_edit",
    "edit_with_the_newest_stamp",
    "edit_with_an_earlier_stamp",
]
A_RANGE = {"first_month": "2024-02", "last_month": "2024-04"}
# What somebody deletes by hand: whole tables, or one month of them.
CRIMES, REJECTS, MONTHS = "mart.crimes", "ops.rejected_reports", "ops.source_months"
EMPTIED = [
    [CRIMES],
    [REJECTS],
    [MONTHS],
    [CRIMES, MONTHS],
    [CRIMES, REJECTS],
    [REJECTS, MONTHS],
    [CRIMES, REJECTS, MONTHS],
    [CRIMES, REJECTS, MONTHS, *(f"mart.{table}" for table in config.AGGREGATES)],
]


# The aggregates to whose published counts a load adds what it changes, counted from all reports.
STATUS_COUNTS = "count(*), count(clearance_status), count(*) filter (where clearance_status in ('C', 'O'))"
IS_DEFAULT_TIME = "coalesce(occurred_time in ('00:00', '00:01', '12:00'), false)"
COUNTED_ANEW = {
    "crimes_per_month": f"""
        select occurred_month, crime_type, council_district, {STATUS_COUNTS} from mart.crimes group by 1, 2, 3
    """,
    "crimes_per_day": f"""
        select occurred_date, coalesce(crime_group, 'Not grouped yet'), council_district, {STATUS_COUNTS}
        from mart.crimes left join mart.crime_groups using (crime_type) group by 1, 2, 3
    """,
    "crimes_per_hour": f"""
        select occurred_hour, count(*), round(100.0 * count(*) / sum(count(*)) over (), 2), count(*) filter (where {IS_DEFAULT_TIME})
        from mart.crimes group by 1
    """,
    "crimes_per_weekday_hour": f"""
        select occurred_month, extract(isodow from occurred_date)::smallint, occurred_hour, {IS_DEFAULT_TIME}, count(*)
        from mart.crimes group by 1, 2, 3, 4
    """,
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


def cube_of(crimes):
    """Return reports, those with a status and cleared ones by month, type and district of occurrence."""
    cube = {}
    for row in crimes.values():
        key = tuple(row.get(name) for name in ("occurred_month", "crime_type", "council_district"))
        status = row.get("clearance_status")
        now = cube.get(key, (0, 0, 0))
        cube[key] = (now[0] + 1, now[1] + (status is not None), now[2] + (status in ("C", "O")))
    return cube


class Warehouse:
    """The loads of a warehouse, watched."""

    def __init__(self, publisher, connection):
        self.publisher = publisher
        self.connection = connection
        self.numbers = count(1)
        # The portal's months that a load may have met.
        self.met_months = []
        # What was published when, and whether somebody has emptied the monthly counts since the last load.
        self.past = []
        self.is_cube_emptied = False
        self.remember()

    def ask(self, query):
        return self.connection.execute(query).fetchall()

    def crimes(self):
        rows = self.ask(
            "select jsonb_strip_nulls(to_jsonb(crimes) - 'source_row_id' - 'source_updated_at') from mart.crimes as crimes"
        )
        return {row["incident_id"]: row for (row,) in rows}

    def load(self, parameters):
        """Run a load as a person would: what a check blocks is looked at and accepted by name. Return its status."""
        load_id = f"load-{next(self.numbers)}"
        before = self.crimes()
        try:
            nightly.run_nightly(load_id, parameters)
        except errors.CheckBlocked as blocked:
            assert self.crimes() == before
            if not (names := re.findall(r"accept = ([\w:]+)", str(blocked))):
                raise
            return self.load(parameters | {"accept": names})
        except ValueError as refused:
            if "the portal has no month between these" not in str(refused) or not self.may_miss_the_range():
                raise
            return self.load({})
        expected = differences(before, self.crimes()) if before else {}
        assert self.changes(load_id) == expected
        return self.ask(f"select status from ops.loads where load_id = '{load_id}'")[0][0]

    def may_miss_the_range(self):
        """Whether the portal may have had no month of the range when the load asked for its months."""
        states = [*self.met_months, Truth(self.publisher.rows).months]
        return any(
            all(not month or not "2024-02" <= month[:7] <= "2024-04" for month in months) for months in states
        )

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
        truth = Truth(self.publisher.rows)
        states, self.met_months = [truth.crimes], [truth.months]
        fault = self.publisher.store.faults.add(
            Fault("change", path=request, call=lambda: self.publisher.act(acts))
        )
        try:
            self.load(parameters)
            states.append(Truth(self.publisher.rows).crimes)
            assert self.crimes() in states
        except (errors.PortalMoved, errors.CheckBlocked):
            assert fault.met
        self.publisher.store.faults.clear()
        self.met_months = []
        self.load({})

    def load_with_silent_answers(self, parameters, request, how, times):
        """Run a load to which the portal answers too little or what is old, and does not say so, then one to which it does not."""
        fault = Fault("silent", path=request, how=how, times=times)
        states = [self.crimes(), Truth(self.publisher.rows).crimes]
        self.publisher.store.faults.add(fault)
        with suppress(errors.PortalError, errors.PortalMoved, errors.ContractBroken, errors.CheckBlocked):
            self.load(parameters)
        assert self.crimes() in states
        self.publisher.store.faults.clear()
        self.load({})

    def answer_as_before(self, number):
        """Have the portal's next answers be those of replicas that what happens now has not reached."""
        return self.publisher.store.faults.add(Fault("stale", times=number, how="before"))

    def empty(self, tables, month_number):
        """Delete what tables hold; of one month if that has a number, but for aggregates, which know no month of report."""
        months = [month for (month,) in self.ask("select source_month from ops.source_months order by 1")]
        self.is_cube_emptied = self.is_cube_emptied or "mart.crimes_per_month" in tables
        for table in tables:
            if month_number is None or table not in (CRIMES, REJECTS, MONTHS):
                self.connection.execute(f"delete from {table}")
            else:
                month = months[month_number % len(months)]
                self.connection.execute(
                    f"delete from {table} where source_month is not distinct from %s::date", (month,)
                )

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

    def remember(self):
        """Keep the monthly counts of what is published, told from the publisher's rows, and when that was."""
        [(finished_at, load_id)] = self.ask(
            "select finished_at, load_id from ops.loads where status = 'published' order by finished_at desc limit 1"
        )
        [(begins_at,)] = self.ask(
            "select max(finished_at) from ops.loads where status = 'published' and starts_history"
        )
        if self.past and begins_at > self.past[-1][0]:
            assert self.is_cube_emptied, (
                f"the history starts anew with {load_id}, and nobody touched the counts"
            )
            for moment, _ in self.past:
                assert self.as_of(moment) == {}
            self.past = []
        self.is_cube_emptied = False
        self.past.append((finished_at, cube_of(Truth(self.publisher.rows).crimes)))

    def as_of(self, moment):
        """Return the monthly counts as they stood."""
        rows = self.connection.execute(
            "select occurred_month::text, crime_type, council_district, report_count, with_status_count, cleared_count"
            " from mart.crimes_per_month_as_of_time(%s)",
            (moment,),
        ).fetchall()
        assert len({row[:3] for row in rows}) == len(rows)
        return {row[:3]: row[3:] for row in rows}

    def expect_the_past(self):
        self.remember()
        for moment, cube in self.past:
            assert self.as_of(moment) == cube

    def expect_aggregates_as_counted_anew(self):
        for table, query in COUNTED_ANEW.items():
            wrong = self.ask(
                f"with counted as ({query}) (select * from counted except select * from mart.{table})"
                f" union all (select * from mart.{table} except select * from counted)"
            )
            assert wrong == [], table
        assert recount.differences() == {}

    def expect_a_quiet_night(self):
        asked_before = self.publisher.store.request_count
        assert self.load({}) == "unchanged"
        assert self.publisher.store.request_count - asked_before <= 4


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
AN_ACT = st.tuples(st.sampled_from(ACTS), NUMBER, NUMBER)
# Metadata, months, those newer, batches, boundaries, counts for the check.
REQUESTS = ["/api/views", "newest_updated_at", ":updated_at >", "$order=:id", "w3v2-cj58", "group_key"]
A_NIGHT = st.fixed_dictionaries(
    {
        "acts": st.lists(AN_ACT, min_size=1, max_size=6) | st.just([]),
        "emptied": st.sampled_from([[]] * 12 + EMPTIED),
        "emptied_month": st.none() | NUMBER,
        # What fetches every month whole is rare: it hides how a month is topped up.
        "parameters": st.sampled_from([{}] * 12 + [A_RANGE] * 3 + [{"full_reload": True}]),
        "has_new_rules": st.sampled_from([False] * 19 + [True]),
        "stale_answers": st.sampled_from([0] * 6 + [1, 3]),
        "meanwhile": st.none() | st.tuples(st.sampled_from(REQUESTS), st.lists(AN_ACT, max_size=6)),
        "silent": st.none()
        | st.tuples(st.sampled_from(REQUESTS), st.sampled_from(["empty", "half"]), st.integers(1, 8)),
    }
)


def a_night(*acts, **events):
    """Return a night in which nothing happens but this; an act without numbers falls on the first report."""
    quiet = {
        "emptied": [],
        "emptied_month": None,
        "parameters": {},
        "has_new_rules": False,
        "stale_answers": 0,
        "silent": None,
    }
    return quiet | {"acts": list(acts), "meanwhile": None} | events


def many(act, number):
    """Return an act on so many reports, spread over all."""
    return [(act, 37 * place, place) for place in range(number)]


@settings(
    max_examples=1000 if IS_LONG else 4,
    derandomize=not IS_LONG,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(nights=st.lists(A_NIGHT, min_size=3, max_size=5))
@example(nights=[a_night(("move_month", 3, 1)), a_night(("move_month", 9, 4), ("remove_month", 20, 0))])
@example(nights=[a_night(("rewrite", 0, 5)), a_night(("rewrite_and_edit", 7, 8)), a_night(*many("edit", 4))])
@example(
    nights=[a_night(*many("double_key", 5)), a_night(*many("change_key", 12)), a_night(*many("edit", 9))]
)
@example(nights=[a_night(emptied=tables) for tables in EMPTIED])
@example(nights=[a_night(emptied=tables, emptied_month=number) for number, tables in enumerate(EMPTIED)])
@example(
    nights=[
        a_night(*many("remove", 40)),
        a_night(*many("add", 30)),
        a_night(*many("remove_month", 5), parameters=A_RANGE),
    ]
)
@example(nights=[a_night(*many("add", 3), stale_answers=3), a_night(*many("remove", 3), stale_answers=1)])
@example(
    nights=[
        a_night(*many("edit", 3), silent=(request, how, times))
        for request, (how, times) in pairs(REQUESTS, [("empty", 6), ("half", 1), ("empty", 1), ("half", 6)])
    ]
)
@example(nights=[a_night(("edit_with_an_earlier_stamp", 7 * number, number)) for number in range(5)])
def test_whatever_the_publisher_does_the_warehouse_ends_equal_to_the_portal_and_knows_its_past(
    history, nights
):
    with history() as (publisher, connection, monkeypatch):
        warehouse = Warehouse(publisher, connection)
        for number, night in enumerate(nights):
            stale = warehouse.answer_as_before(night["stale_answers"])
            publisher.act(night["acts"])
            warehouse.empty(night["emptied"], night["emptied_month"])
            if night["has_new_rules"]:
                monkeypatch.setattr("austin_crime.contract.RULES_VERSION", 100 + number)
            if night["silent"]:
                warehouse.load_with_silent_answers(night["parameters"], *night["silent"])
            elif night["meanwhile"]:
                warehouse.load_while_the_portal_changes(night["parameters"], *night["meanwhile"])
            else:
                warehouse.load(night["parameters"])
            assert stale.met == night["stale_answers"]
            warehouse.expect_the_truth()
            warehouse.expect_the_past()
            warehouse.expect_aggregates_as_counted_anew()
            warehouse.expect_a_quiet_night()
