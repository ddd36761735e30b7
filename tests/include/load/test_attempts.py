"""A step that was taken for dead goes on beside another attempt or another load: what it writes counts for nothing."""

import pytest

from austin_crime import errors, nightly, steps
from austin_crime.load import stage
from austin_crime.warehouse import slot
from sample_portal.publisher import live
from testing.load_by_step import finish_load, land, start_load

PENDING = "clearance_status is distinct from 'C'"


@pytest.fixture
def overtaken(warehouse, sample_portal):
    """Return a load that had landed its batches when its next attempt read other reports, and that attempt, staged."""
    first = steps.plan_load("load")
    batches = land(first)
    live.edit_reports(sample_portal.store, PENDING, "clearance_status = 'C'")
    return first, batches, start_load("load")


def test_a_batch_of_an_earlier_attempt_is_refused_and_the_newer_one_is_published(
    overtaken, sample_portal, ask
):
    first, batches, second = overtaken

    with pytest.raises(
        errors.LoadEnded, match="Load load, attempt 1, is no longer the running one: attempt 2 has begun"
    ):
        steps.clean_and_stage(batches[0], first)
    steps.settle_months(second)
    finish_load(second)

    assert ask.crimes() == sample_portal.reports()


def test_rows_that_an_earlier_attempt_copies_after_its_check_are_found_and_staged_anew(
    overtaken, sample_portal, ask, monkeypatch
):
    first, batches, second = overtaken
    checks = iter([lambda *_: None])

    # As if the next attempt had begun just after the first look, while the batch was cleaned.
    with monkeypatch.context() as patch:
        patch.setattr(stage, "running_load", lambda *values: next(checks, slot.running_load)(*values))
        with pytest.raises(errors.LoadEnded):
            steps.clean_and_stage(batches[0], first)
    assert ask(f"select count(*) > 0 from staging.crimes where {PENDING}") == [(True,)]
    steps.settle_months(second)
    finish_load(second)

    assert ask.crimes() == sample_portal.reports()


@pytest.mark.parametrize("step", ["settle_months", "check_load", "pass_gate", "publish", "list_batches"])
def test_every_later_step_of_an_earlier_attempt_is_refused(overtaken, step):
    first, _, _ = overtaken

    with pytest.raises(errors.LoadEnded):
        getattr(steps, step)(first)


def test_rows_of_a_failed_load_under_a_name_that_the_next_load_does_not_know_are_removed(sample_portal, ask):
    load = start_load("load")
    ask(
        "insert into staging.crimes select (jsonb_populate_record(null::staging.crimes, to_jsonb(staged)"
        ' || \'{"batch_id": "batch-999", "incident_id": 1}\')).* from staging.crimes as staged limit 1 returning 1'
    )

    steps.settle_months(load)
    finish_load(load)

    assert ask.crimes() == sample_portal.reports()


def test_a_load_that_was_overtaken_does_not_mark_the_next_attempt_as_failed(sample_portal, ask, monkeypatch):
    settle_months = steps.settle_months

    def overtake(load):
        steps.plan_load("load")
        settle_months(load)

    monkeypatch.setattr(steps, "settle_months", overtake)

    with pytest.raises(errors.LoadEnded):
        nightly.run_nightly("load")

    assert ask("select attempt, status from ops.loads") == [(2, "running")]


@pytest.mark.parametrize("step", ["list_batches", "settle_months", "check_load", "ask_at_gate"])
def test_a_cleared_task_of_an_old_load_says_which_load_has_begun_since(sample_portal, ask, step):
    old = nightly.run_nightly("old")
    live.edit_reports(sample_portal.store, PENDING, "clearance_status = 'C'")
    nightly.run_nightly("newer")
    before = ask.places()

    with pytest.raises(
        errors.LoadEnded, match=r"trigger a new run.*Since then load newer has begun \(published\)"
    ):
        getattr(steps, step)(old)

    assert ask.places() == before


def test_a_cleared_publish_of_an_old_load_changes_nothing(sample_portal, ask):
    old = nightly.run_nightly("old")
    live.edit_reports(sample_portal.store, PENDING, "clearance_status = 'C'")
    nightly.run_nightly("newer")
    before = ask.places()

    steps.publish(old)

    assert ask.places() == before
    assert ask("select load_id from mart.data_status") == [("newer",)]
