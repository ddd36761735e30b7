"""The gate, and what a person lets through it."""

from decimal import Decimal

import pytest

from austin_crime import config, contract, errors, parameters
from austin_crime.load import check
from testing.rows import add_check_result

CHECKS = {each.name: each for each in contract.CHECKS}


def may_publish(connection):
    return connection.execute((config.SQL_DIR / "gate.sql").read_bytes()).fetchone()["may_publish"]


@pytest.mark.parametrize(
    ("severity", "status"),
    [("block", "passed"), ("block", "accepted"), ("warn", "failed"), ("warn", "accepted")],
)
def test_the_gate_opens_when_checks_passed_were_accepted_or_only_warn(sound, severity, status):
    add_check_result(sound, "first", "block", "passed")
    add_check_result(sound, "second", severity, status)
    add_check_result(sound, "first", "block", "failed", load_id="last")

    assert may_publish(sound) is True
    check.pass_gate(sound)


def test_the_gate_stays_shut_and_says_why_when_blocking_checks_failed(sound):
    add_check_result(sound, "sound", "block", "passed")
    add_check_result(sound, "let_through", "block", "accepted")
    add_check_result(sound, "only_warns", "warn", "failed")
    add_check_result(sound, "worse", "block", "failed")
    add_check_result(sound, "bad", "block", "failed")

    with pytest.raises(errors.CheckBlocked) as blocked:
        check.pass_gate(sound)

    assert may_publish(sound) is False
    assert str(blocked.value) == "bad says failed. worse says failed."


def test_the_gate_stays_shut_without_results_of_the_load_that_runs(sound):
    add_check_result(sound, "first", "block", "passed", load_id="last")

    assert may_publish(sound) is False


def test_the_gate_stays_shut_when_no_load_runs(sound):
    add_check_result(sound, "first", "block", "passed")
    sound.execute("update ops.loads set status = 'abandoned' where load_id = 'test'")

    assert may_publish(sound) is False


@pytest.mark.parametrize(
    ("accepted", "status"),
    [
        ({"null_rate"}, "accepted"),
        ({"null_rate:ucr_code"}, "accepted"),
        ({"null_rate:crime_type"}, "failed"),
        ({"month_removed"}, "failed"),
        (set(), "failed"),
    ],
)
def test_a_failure_is_accepted_by_the_checks_name_or_with_its_subject(accepted, status):
    result = check.judge(CHECKS["null_rate"], "ucr_code", Decimal("5.01"), accepted)

    assert result["check_name"] == "null_rate:ucr_code"
    assert result["status"] == status
    assert ("accept = null_rate:ucr_code" in result["message"]) == (status == "failed")


def test_what_passes_needs_no_acceptance():
    assert check.judge(CHECKS["null_rate"], "ucr_code", Decimal(5), {"null_rate"})["status"] == "passed"


@pytest.mark.parametrize("name", ["keys_unique", "months_complete", "aggregate_totals", "portal_counts"])
def test_what_would_make_the_data_wrong_cannot_be_accepted(name):
    result = check.judge(CHECKS[name], "subject", Decimal(1), {name, f"{name}:subject"})

    assert result["status"] == "failed"
    assert "cannot be accepted" in result["message"]
    with pytest.raises(ValueError, match=name):
        parameters.refuse_unknown_names({name})
