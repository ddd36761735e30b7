from datetime import date
from decimal import Decimal
from typing import NamedTuple

import pytest

from austin_crime import config, contract
from austin_crime.load import check
from austin_crime.models import RunningLoad
from testing.rows import count_held

CHECKS = {each.name: each for each in contract.CHECKS}

STAGE_ONE_MORE = """
insert into staging.crimes (incident_id, crime_type, source_month, source_row_id, source_updated_at, batch_id)
values ({incident_id}, 'DWI', '2024-05-01', 'f', '2024-06-01', 'b')
"""
REJECT = """
insert into staging.rejected_reports (
    source_row_id, source_updated_at, source_month, reason, occurred_date, crime_type, council_district, raw, batch_id
)
select 'r ' || n, '2024-06-01', '2024-05-01', 'missing_key', '2024-05-01', 'DWI', 1, '{{}}', 'b'
from generate_series(1, {reports}) as n
"""
REJECT_ONE = REJECT.format(reports=1)
HELD_REJECT = """
insert into ops.rejected_reports (source_row_id, source_updated_at, source_month, reason, raw, load_id)
values ('held', '2024-01-01', '2020-01-01', 'missing_key', '{}', 'last')
"""


class Case(NamedTuple):
    """A statement that breaks the sound state, and the one result that must fail for it."""

    break_sql: str
    subject: str | None
    observed: float


CASES = {
    "keys_unique": Case(STAGE_ONE_MORE.format(incident_id=1001), None, 1),
    "months_complete": Case(
        "update staging.months set portal_count = portal_count + 2 where source_month = '2020-01-01'", None, 2
    ),
    "aggregate_totals": Case("delete from staging.top_crimes where crime_type = 'THEFT'", "top_crimes", 3),
    "portal_counts": Case(
        "update staging.portal_counts set group_key = '2' where group_key = '1'", "council_district", 2
    ),
    "dates_out_of_range": Case(
        "update mart.crimes set occurred_date = '2002-12-31' where incident_id <= 1011",
        "occurred_date",
        0.9524,
    ),
    "null_rate": Case(STAGE_ONE_MORE.format(incident_id=6), "ucr_code", 5.66),
    "category_gone": Case(
        "update mart.top_crimes set report_count = 100 where crime_type = 'ARSON'", "ARSON", 100
    ),
    "reports_removed": Case(
        "insert into staging.replaced_crimes values (1001, '2020-01-01', 'x')", None, 1.9802
    ),
    "month_removed": Case(
        "update staging.months set portal_count = 0 where source_month = '2020-01-01'", "2020-01", 100
    ),
    "form_changed": Case(
        "update ops.loads set dataset_form = 'historic' where load_id = 'test'", "present to historic", 1
    ),
    "unknown_columns": Case(
        "insert into ops.source_columns values ('y', 'text', 3, 'unknown', 'test'), ('x', 'text', 4, 'unknown', 'test')",
        "x, y",
        2,
    ),
    "unreadable_values": Case(
        """update staging.batches set findings = '{"hour_out_of_range:rep_time": 11}'""",
        "hour_out_of_range:rep_time",
        20,
    ),
    "rejected_reports": Case(REJECT.format(reports=11), None, 0.8621),
    "newest_report_age": Case("update ops.loads set portal_updated_at = '2024-05-25 12:00+00'", None, 22),
}

# More ways to fail, for checks that watch several things.
FURTHER_CASES = [
    # Held once and staged twice.
    (
        "keys_unique",
        Case("; ".join([STAGE_ONE_MORE.format(incident_id=1001)] * 2), None, 2),
    ),
    *(
        (
            "aggregate_totals",
            Case(f"update staging.{table} set report_count = report_count + 1 where {where}", table, 1),
        )
        for table, where in {
            "crimes_per_year": "occurred_year = 2020",
            "crimes_per_hour": "occurred_hour = 23",
            "crimes_per_area": "council_district = 1",
            "crimes_per_month": "occurred_month is null",
        }.items()
    ),
    *(
        (
            "portal_counts",
            Case(
                f"update staging.portal_counts set report_count = 9999 where dimension = '{dimension}' and group_key is null",
                dimension,
                1,
            ),
        )
        for dimension in ("occurred_year", "crime_type", "council_district")
    ),
    # An empty answer differs in each of the four types, and is no comparison at all.
    (
        "portal_counts",
        Case("delete from staging.portal_counts where dimension = 'crime_type'", "crime_type", 5),
    ),
    ("months_complete", Case("delete from staging.months where source_month = '2024-05-01'", None, 3)),
    ("months_complete", Case("update staging.crimes set source_month = null where incident_id = 1", None, 2)),
    (
        "dates_out_of_range",
        Case(
            "update mart.crimes set reported_date = '2024-06-02' where incident_id <= 1011",
            "reported_date",
            0.9524,
        ),
    ),
    (
        "month_removed",
        Case(
            "update mart.crimes set source_month = null; insert into staging.months values (null, 'vanished', '', false, 0, null, 0)",
            "without a date",
            101,
        ),
    ),
]
ALL_CASES = [*CASES.items(), *FURTHER_CASES]

STILL_SOUND = [
    # 99 reports may disappear; one hundred may not.
    ("category_gone", "update mart.top_crimes set report_count = 99 where crime_type = 'ARSON'"),
    (
        "month_removed",
        "delete from mart.crimes where incident_id = 1001;"
        " update staging.months set portal_count = 0 where source_month = '2020-01-01'",
    ),
    # The first load has nothing to compare with.
    ("null_rate", "update ops.loads set planned_against = null where load_id = 'test'"),
    ("reports_removed", "truncate mart.crimes, staging.replaced_crimes"),
    ("form_changed", "update ops.loads set planned_against = null, dataset_form = 'historic' where load_id = 'test'"),
    # Edited reports that come back, and reports that moved to another month, are not removed.
    ("reports_removed", "insert into staging.replaced_crimes select incident_id, source_month, source_row_id from staging.crimes"),
    # In Austin it is still the first of June, and the portal may have reports of 2003.
    ("dates_out_of_range", "update staging.crimes set occurred_date = '2003-01-01', reported_date = '2024-06-01'"),
    # Ten are a trifle, however few reports there are; of more, one in a hundred.
    ("unreadable_values", """update staging.batches set findings = '{"flag_unreadable:family_violence": 10}'"""),
    ("unreadable_values", """update staging.batches set staged_count = 100, findings = '{"flag_unreadable": 11}'"""),
    # Of 2400 the city's own data have 73, all in the oldest reports.
    ("unreadable_values", """update staging.batches set findings = '{"hour_out_of_range:occ_time": 100}'"""),
    ("dates_out_of_range", "update mart.crimes set reported_date = '9999-12-31' where incident_id <= 1010"),
    ("rejected_reports", REJECT.format(reports=10)),
    # What was rejected in the last published load, and let through, is not asked about every night.
    ("rejected_reports", f"{REJECT.format(reports=10)}; {HELD_REJECT}"),
    # Reports without a key are counted as rejected.
    ("unreadable_values", """update staging.batches set findings = '{"missing_key:incident_report_number": 5}'"""),
    ("unreadable_values", """update staging.batches set staged_count = 0, findings = '{"flag_unreadable": 0}'"""),
    ("unreadable_values", """update staging.batches set staged_count = null, findings = '{"flag_unreadable": 0}'"""),
    ("newest_report_age", "update ops.loads set portal_updated_at = null"),
    # A rejected report that the portal counts is neither missing nor too many.
    (
        "portal_counts",
        f"{REJECT_ONE}; update staging.portal_counts set report_count = report_count + 1"
        " where group_key in ('2024', 'DWI', '1')",
    ),
    (
        "months_complete",
        f"{REJECT_ONE}; update staging.months set portal_count = 4 where source_month = '2024-05-01'",
    ),
]  # fmt: skip


def sql_of(path):
    return (config.SQL_DIR / path).read_bytes()


def results_of(connection, name):
    """Run a check's file as the pipeline does, after the profile and the comparison with the portal's counts."""
    count_held(connection)
    connection.execute("drop table if exists pg_temp.profile")  # it goes with its transaction
    check.profile(connection)
    connection.execute(sql_of("load/reconcile.sql"))
    rows = connection.execute(sql_of(f"checks/{name}.sql")).fetchall()
    return sorted(((row["subject"], row["observed"]) for row in rows), key=str)


def failures_among(results, name):
    judged = ((result, check.judge(CHECKS[name], *result, accepted=set())) for result in results)
    return [result for result, verdict in judged if verdict["status"] == "failed"]


def test_every_check_has_a_file_and_a_case():
    files = {path.stem for path in (config.SQL_DIR / "checks").glob("*.sql")}

    assert set(CASES) == files == set(CHECKS)


@pytest.mark.parametrize("name", CASES)
def test_a_check_passes_a_sound_load_and_says_the_same_when_run_twice(sound, name):
    once = results_of(sound, name)
    twice = results_of(sound, name)

    assert all(observed <= CHECKS[name].threshold for _, observed in once)
    assert failures_among(once, name) == []
    assert twice == once


@pytest.mark.parametrize(
    ("name", "case"), ALL_CASES, ids=[f"{name}-{case.subject}" for name, case in ALL_CASES]
)
def test_a_check_finds_what_is_broken_and_nothing_else(sound, name, case):
    sound.execute(case.break_sql)

    failures = failures_among(results_of(sound, name), name)

    assert [(subject, float(observed)) for subject, observed in failures] == [(case.subject, case.observed)]


@pytest.mark.parametrize(("name", "statement"), STILL_SOUND, ids=[name for name, _ in STILL_SOUND])
def test_a_check_leaves_alone_what_is_right_up_to_its_limit(sound, name, statement):
    sound.execute(statement)

    results = results_of(sound, name)

    assert None not in [observed for _, observed in results]
    assert failures_among(results, name) == []


def test_null_rate_measures_each_column_by_itself(sound):
    columns = [subject for subject, _ in results_of(sound, "null_rate")]
    nothing = ", ".join(f"{column} = null" for column in columns)
    sound.execute(f"update mart.crimes set {nothing}; update staging.crimes set {nothing}")
    sound.execute("update ops.column_profiles set filled_count = 0 where load_id = 'last'")

    for column in columns:
        value = {"at": "2020-01-01", "date": "2020-01-01", "time": "12:00"}.get(
            column.rpartition("_")[2], "1"
        )
        with sound.transaction(force_rollback=True):
            sound.execute(f"update mart.crimes set {column} = '{value}'")
            sound.execute(
                "update ops.column_profiles set filled_count = report_count where load_id = 'last' and column_name = %s",
                [column],
            )
            rates = dict(results_of(sound, "null_rate"))

        # All of those published last had a value, and 100 of the next 105.
        assert rates == {**dict.fromkeys(columns, 0), column: Decimal("4.76")}


def test_the_whole_of_a_sound_load_passes_the_checks_and_the_gate(sound):
    results = check.check_load(sound, RunningLoad("test", 1, "last", {}))

    assert {result["check_name"].split(":")[0] for result in results} == set(CHECKS)
    assert {result["status"] for result in results} == {"passed"}
    check.pass_gate(sound)


# The newest dates of 1,000 reports, and the one that counts.
NEWEST = [
    (["2024-05-03"], "2024-05-03"),
    (["2024-05-03", "2024-06-01"], "2024-05-03"),
    (["2024-05-03", "2024-05-24"], "2024-05-24"),
    (["2024-05-03", "2024-06-02", "9999-12-31"], "2024-05-03"),
    (["2024-04-03", *["2024-06-01"] * 9], "2024-04-03"),
    (["2024-04-03", *["2024-06-01"] * 10], "2024-04-03"),
    (["2024-04-03", *["2024-06-01"] * 11], "2024-06-01"),
    (["2024-03-01", "2024-04-15", "2024-06-01"], "2024-03-01"),
]


@pytest.mark.parametrize(("dates", "newest"), NEWEST)
def test_the_newest_report_is_not_after_the_load_and_not_a_few_lone_dates(connection, dates, newest):
    connection.execute(
        "update ops.loads set started_at = '2024-06-02 03:00+00', portal_updated_at = '2024-06-02 03:00+00'"
    )
    connection.execute("delete from staging.crimes")
    first, *others = dates
    connection.execute(
        "insert into staging.crimes (incident_id, reported_date, source_row_id, source_updated_at, batch_id)"
        " select n, coalesce((%s::date[])[n], %s), n::text, '2024-06-01', 'b' from generate_series(1, 1100) as n",
        [others, first],
    )

    [(_, age)] = results_of(connection, "newest_report_age")

    found = connection.execute(
        "select newest_date::text as newest from ops.column_profiles where column_name = 'reported_date'"
    ).fetchone()
    assert found["newest"] == newest
    # In Austin it is still the first of June.
    assert age == (date(2024, 6, 1) - date.fromisoformat(newest)).days


def test_of_a_few_reports_the_newest_is_the_newest(connection):
    connection.execute("delete from staging.crimes where incident_id in (3, 4)")
    results_of(connection, "newest_report_age")

    found = connection.execute("select max(newest_date)::text as newest from ops.column_profiles").fetchone()

    assert found["newest"] == "2024-05-03"


def test_a_check_that_counts_by_a_rule_says_what_the_rule_is():
    unreadable = check.judge(
        CHECKS["unreadable_values"], "district_unreadable:council_district", Decimal(100), set()
    )

    assert unreadable["message"] == (
        "unreadable_values:district_unreadable:council_district: expected that few values cannot be read (at most 1 percent of"
        " the fetched reports, the first 10 not counted, of times of 2400 the first 100), got 100. A council district other than 1 to 10 becomes null."
        " If that is right, start a run with accept = unreadable_values:district_unreadable:council_district; until then the"
        " data published last stay."
    )
