"""A load that a check blocks asks a person: what the question says, and what each answer does."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from austin_crime import config, contract, errors, nightly, steps
from austin_crime.load import decision
from austin_crime.models import Answer
from austin_crime.parameters import ACCEPTABLE
from austin_crime.warehouse.connection import connect
from sample_portal.publisher import live, reports
from testing.load_by_step import start_load

AUSTIN = ZoneInfo(config.TIME_ZONE)
GONE = "date_trunc('year', rep_date) = timestamp '2015-01-01'"


def ready(load_id):
    """Run a load up to its checks, and return it."""
    load = start_load(load_id)
    steps.settle_months(load)
    for table in config.AGGREGATES:
        steps.build_aggregate(table)
    steps.check_load(load)
    return load


def answer(decided: str, after: timedelta = timedelta(0)) -> Answer:
    return Answer(decided, "a person", datetime.now(UTC) + after)


@pytest.fixture
def waiting(sample_portal, ask, first_load):
    """Return a load that waits because a year of reports vanished, and its question."""
    live.remove_reports(sample_portal.store, GONE)
    load = ready("load")
    return load, steps.ask_at_gate(load)


def test_the_question_says_what_failed_which_reports_and_what_publishing_would_change(waiting, ask):
    _, question = waiting
    [(published,)] = ask("select count(*) from mart.crimes")
    in_2015 = "from mart.crimes where source_month between '2015-01-01' and '2015-12-31'"
    [(gone,)] = ask(f"select count(*) {in_2015}")
    [(newest,)] = ask(
        f"select incident_id {in_2015} order by reported_date desc nulls last, incident_id desc limit 1"
    )

    assert question.subject.startswith("Publish although ")
    assert "reports_removed" in question.subject
    assert f"remove {gone:,} reports: {published:,} become {published - gone:,}." in question.body
    assert "**reports_removed**: some of the reports concerned" in question.body
    assert f"| {newest} |" in question.body
    assert "accepts exactly these checks" in question.body


def test_the_question_of_a_first_load_says_that_it_adds_all_reports(sample_portal, ask):
    reports.drop_keys(sample_portal.store, 200)

    question = steps.ask_at_gate(ready("load"))

    [(staged,)] = ask("select count(*) from staging.crimes")
    assert f"would** add {staged:,}, edit 0 and remove 0 reports: 0 become {staged:,}." in question.body


def test_publish_publishes_what_is_staged_without_asking_the_portal_for_anything_again(
    waiting, sample_portal, ask
):
    load, _ = waiting
    requests_before = sample_portal.store.request_count

    steps.decide(load, answer("publish"))
    steps.publish(load)

    assert sample_portal.store.request_count == requests_before
    assert ask.crimes() == sample_portal.reports()
    accepted = ask(
        "select check_name from ops.check_results where load_id = 'load' and accepted_by = 'a person' order by 1"
    )
    assert ask("select decision, decided_by, check_names from ops.decisions") == [
        ("publish", "a person", [name for (name,) in accepted])
    ]


@pytest.mark.parametrize(
    ("given", "decided", "why"),
    [
        (answer("reject", timedelta(hours=1)), ("reject", "a person"), "a person rejected the load."),
        (None, ("none", None), "Nobody decided before the next night."),
    ],
)
def test_without_a_yes_readers_keep_the_last_version_and_the_slot_is_free(waiting, ask, given, decided, why):
    load, _ = waiting
    before = ask.crimes()

    with pytest.raises(errors.CheckBlocked, match=why):
        steps.decide(load, given)

    assert ask("select decision, decided_by from ops.decisions") == [decided]
    assert ask.last_load()["status"] == "blocked"
    assert ask.last_load()["message"].startswith(why)
    with pytest.raises(errors.LoadEnded):
        steps.publish(load)
    assert ask.crimes() == before
    with pytest.raises(errors.CheckBlocked):
        nightly.run_nightly("next")


def test_an_answer_to_an_older_question_does_not_count(waiting, ask):
    load, _ = waiting

    with pytest.raises(errors.LoadRefused, match="given before load load asked"):
        steps.decide(load, answer("publish", timedelta(hours=-1)))

    assert ask("select decision from ops.decisions") == [(None,)]
    with pytest.raises(errors.CheckBlocked):
        steps.pass_gate(load)


def test_a_check_that_failed_after_the_question_is_not_accepted_by_its_answer(waiting, ask):
    load, _ = waiting
    ask(
        "update ops.check_results set status = 'failed', message = 'too many nulls'"
        " where load_id = 'load' and check_name = 'null_rate:ucr_code' returning 1"
    )

    with pytest.raises(errors.CheckBlocked, match="too many nulls"):
        steps.decide(load, answer("publish"))


def test_a_check_that_nobody_may_accept_fails_at_once(waiting, ask):
    load, _ = waiting
    ask(
        "update ops.check_results set status = 'failed', message = 'a key twice'"
        " where load_id = 'load' and check_name = 'keys_unique' returning 1"
    )

    with pytest.raises(errors.CheckBlocked, match="a key twice"):
        steps.ask_at_gate(load)


def test_a_load_without_failed_checks_is_not_asked_about(sample_portal, ask):
    load = ready("load")

    assert steps.ask_at_gate(load) is None
    assert ask("select count(*) from ops.decisions") == [(0,)]


def test_a_waiting_load_is_alive_without_signs_of_life_until_its_time_is_over(waiting, ask):
    ask("update ops.loads set last_seen_at = now() - interval '5 hours' where status = 'running' returning 1")

    with pytest.raises(errors.LoadRefused, match="waits for a person's decision until"):
        nightly.run_nightly("other")
    assert ask("select status from ops.loads where load_id = 'load'") == [("running",)]

    ask("update ops.decisions set waits_until = now() - interval '1 minute' returning 1")
    with pytest.raises(errors.CheckBlocked):
        nightly.run_nightly("other")
    assert ask("select status from ops.loads where load_id = 'load'") == [("abandoned",)]


def test_a_gate_that_is_asked_again_asks_the_same_and_another_attempt_is_refused(waiting):
    load, question = waiting
    again = steps.ask_at_gate(load)
    assert (again.subject, again.body) == (question.subject, question.body)

    second = ready("load")
    with pytest.raises(errors.LoadRefused, match="in an earlier attempt"):
        steps.ask_at_gate(second)


def test_texts_of_the_portal_cannot_become_markup(sample_portal, ask, first_load):
    live.edit_reports(sample_portal.store, GONE, "crime_type = '<b>|[x](http://x)'")
    nightly.run_nightly("second", {"accept": ACCEPTABLE})
    live.remove_reports(sample_portal.store, GONE)
    load = ready("load")

    assert "\\<b\\>\\|\\[x\\](http://x)" in steps.ask_at_gate(load).body


@pytest.mark.parametrize(
    "check_name",
    [
        "category_gone:THEFT",
        "month_removed:2015-03",
        "month_removed:without a date",
        "reports_removed",
        "dates_out_of_range:occurred_date",
        "null_rate:council_district",
        "unreadable_values:hour_out_of_range:occ_time",
        "rejected_reports",
    ],
)
def test_each_check_has_a_sample_that_can_be_asked_for(waiting, warehouse, check_name):
    with connect() as connection:
        rows = decision._sample(connection, check_name)

    assert len(rows) <= 5
    assert all("incident_id" in row for row in rows)
    if check_name in ("month_removed:2015-03", "reports_removed"):
        assert len(rows) == 5


def test_every_check_that_can_be_accepted_has_a_sample_unless_it_is_about_columns():
    samples = {path.stem for path in (config.SQL_DIR / "samples").glob("*.sql")}
    blocking = {one.name for one in contract.CHECKS if one.is_acceptable and one.severity == "block"}

    assert samples == blocking - {"form_changed"}


@pytest.mark.parametrize(
    ("now", "night"),
    [
        (datetime(2026, 7, 1, 3, 40, tzinfo=AUSTIN), datetime(2026, 7, 2, 3, 30, tzinfo=AUSTIN)),
        (datetime(2026, 7, 1, 3, 0, tzinfo=AUSTIN), datetime(2026, 7, 1, 3, 30, tzinfo=AUSTIN)),
        # A wait of a few minutes is none: the night after counts.
        (datetime(2026, 7, 1, 3, 25, tzinfo=AUSTIN), datetime(2026, 7, 2, 3, 30, tzinfo=AUSTIN)),
        # The clocks are set forward at 2 in the night of March 8.
        (datetime(2026, 3, 7, 12, 0, tzinfo=AUSTIN), datetime(2026, 3, 8, 8, 30, tzinfo=UTC)),
    ],
)
def test_a_load_waits_until_the_next_night(now, night):
    assert decision.next_night(now.astimezone(UTC)) == night


def test_a_gate_that_was_marked_as_passed_by_hand_does_not_publish(waiting, ask):
    load, _ = waiting
    before = ask.crimes()

    with pytest.raises(errors.CheckBlocked, match="reports_removed"):
        steps.publish(load)

    assert ask.crimes() == before
