"""A person can mark a task that has not run as successful: nothing that it should have done is missing from what is published."""

import pytest

from austin_crime import config, errors, nightly, steps
from sample_portal.publisher import live
from testing.cases import IS_LONG

TABLES = config.AGGREGATES if IS_LONG else (config.AGGREGATES[0], config.AGGREGATES[-1])


def load_without(skipped):
    """Run a load's steps to the end but one."""
    load = steps.plan_load("marked")
    for batch in steps.list_batches(load)[skipped == "a batch" :]:
        steps.load_batch(**batch)
    if skipped != "settle_months":
        steps.settle_months(load)
    for table in config.AGGREGATES:
        if skipped != table:
            steps.build_aggregate(table)
    if skipped != "check_load":
        steps.check_load(load)
    steps.publish(load)  # asks the gate itself


@pytest.mark.parametrize("skipped", ["a batch", "settle_months", *TABLES, "check_load"])
def test_a_step_that_was_marked_as_successful_without_having_run_is_made_up_for_or_refused(
    sample_portal, ask, skipped, first_load
):
    old, old_day = sample_portal.reports(), ask("select * from mart.crimes_per_day order by 1, 2, 3")
    live.pass_week(sample_portal.store, added=60, edited=80, removed=20)

    refused = None
    try:
        load_without(skipped)
    except errors.AustinCrimeError as error:
        refused = error

    published = ask.crimes()
    if skipped == "a batch":
        # Settling finds that a batch has not landed, and fetches it.
        assert refused is None
        assert published == sample_portal.reports()
    else:
        assert refused is not None
        assert published == old
        assert ask("select * from mart.crimes_per_day order by 1, 2, 3") == old_day
        steps.fail_load("marked", str(refused))
        nightly.run_nightly("next")
    assert ask.crimes() == sample_portal.reports()
    assert ask(
        "select bool_and(is_equal) from ops.reconciliations where load_id = (select load_id from mart.data_status)"
    ) == [(True,)]


def test_settling_again_that_dies_before_its_end_leaves_nothing_to_publish(
    sample_portal, ask, first_load, monkeypatch
):
    live.pass_week(sample_portal.store, added=0, edited=80, removed=0)
    load = steps.plan_load("again")
    for batch in steps.list_batches(load):
        steps.load_batch(**batch)
    steps.settle_months(load)
    nightly.build_and_check(load)
    old = ask.crimes()
    with monkeypatch.context() as patch:
        patch.setattr("austin_crime.load.settle.find_changes", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            steps.settle_months(load)

    with pytest.raises(errors.CheckBlocked):
        steps.publish(load)

    assert ask.crimes() == old
    steps.settle_months(load)
    nightly.build_and_check(load)
    steps.publish(load)
    assert ask.crimes() == sample_portal.reports()
