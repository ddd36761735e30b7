"""A load dies by SIGKILL anywhere: readers keep the last good version, and the load run again ends as if nothing had been."""

import signal

import pytest

from austin_crime import config, errors, nightly
from testing.cases import IS_LONG

# Where a load dies: the step, and before or after which call of which function.
FAIL_POINTS = {
    "the slot is claimed": ("plan", "warehouse.slot", "claim_slot", "after", 1),
    "the metadata are noted": ("plan", "warehouse.journal", "note_dataset", "after", 1),
    "the months are compared": ("plan", "load.plan", "compare", "after", 1),
    "the months are registered": ("plan", "load.plan", "insert_months", "after", 1),
    "the batches are registered": ("plan", "load.stage", "register_batches", "after", 1),
    "the plan is written": ("load", "steps", "plan_load", "after", 1),
    "a batch is about to be fetched": ("load", "load.extract", "fetch_batch", "before", 2),
    "a body is read, and its file not renamed": ("load", "load.extract", "BodyCounter.finish", "after", 2),
    "a file is renamed, and has no manifest": ("load", "load.extract", "Manifest", "before", 2),
    "a batch has landed": ("load", "load.extract", "fetch_batch", "after", 2),
    "a batch's old rows are removed": ("load", "load.stage", "_begin_batch", "after", 2),
    "a batch is copied, and not counted": ("load", "load.stage", "copy_crimes", "after", 2),
    "a batch is counted, and not committed": ("load", "load.stage", "_insert_rejects", "after", 2),
    "a batch is staged": ("load", "steps", "clean_and_stage", "after", 2),
    "every batch is staged": ("settle", "steps", "settle_months", "before", 1),
    "keys are resolved": ("settle", "load.settle", "resolve_keys", "after", 1),
    "unequal months are about to be fetched": ("settle", "load.settle", "_fetch_again", "before", 1),
    "an unequal month is superseded": ("settle", "load.stage", "supersede", "after", 1),
    "an unequal month is staged": ("settle", "load.settle", "_fetch_and_stage", "after", 1),
    "unequal months are fetched": ("settle", "load.settle", "_fetch_again", "after", 1),
    "the portal's counts are kept": ("settle", "load.settle", "_keep_counts", "after", 1),
    "changes are found": ("settle", "load.settle", "find_changes", "after", 1),
    **{
        f"{table} is built": ("build", "steps", "build_aggregate", "after", number)
        for number, table in enumerate(config.AGGREGATES, start=1)
        # The first, one that is built from it, and the one that keeps what is published.
        if table in ("crimes_per_month", "top_crimes", "crimes_per_day")
    },
    "some checks have run": ("check", "load.check", "run_check", "after", 5),
    "the check results are committed": ("check", "load.check", "check_load", "after", 1),
    "the gate is passed": ("gate", "load.check", "pass_gate", "after", 1),
    "publishing begins": ("publish", "load.publish", "publish", "before", 1),
    "staging is counted again": ("publish", "load.publish", "refuse_incomplete_staging", "after", 1),
    "everything is written, and not committed": ("publish", "warehouse.slot", "clear_staging", "after", 1),
}
COMMITTED = {
    "everything is committed": ("publish", "landing.record", "write_published", "before", 1),
    "the dashboards are about to be refreshed": ("refresh", "steps", "refresh_dashboards", "before", 1),
}
# A first load has no unequal months, and settles, builds and checks as a later one does. Steps that do the same whichever of
# their functions they died in are tried again once; each of the others in a long run.
IN_A_FIRST_LOAD = [
    point
    for point, place in FAIL_POINTS.items()
    if point
    in (
        "the months are compared",
        "a batch is copied, and not counted",
        "everything is written, and not committed",
    )
    or (IS_LONG and place[0] in ("plan", "load", "publish"))
]
TRIED_AGAIN = [
    point
    for point, place in FAIL_POINTS.items()
    if point
    in (
        "a batch is copied, and not counted",
        "keys are resolved",
        "an unequal month is staged",
        "top_crimes is built",
        "some checks have run",
        "everything is written, and not committed",
    )
    or (IS_LONG and place[0] in ("load", "settle", "publish"))
]
CASES = [("first", point) for point in IN_A_FIRST_LOAD] + [("later", point) for point in FAIL_POINTS]


@pytest.fixture
def killed(runner, world, warehouse, point):
    """Run a load that dies at the point, and return the warehouse that it leaves."""
    runner.start(warehouse, world.url, (FAIL_POINTS | COMMITTED)[point][1:])
    assert runner.exit_code() == -signal.SIGKILL, (
        f"the load ended and was never there: {runner.log.read_text()[-2000:]}"
    )
    return warehouse


@pytest.mark.parametrize(("state", "point"), CASES)
def test_a_load_killed_anywhere_leaves_what_readers_see_and_run_again_ends_as_undisturbed(
    world, killed, state, differences
):
    assert differences(killed.tables("mart"), world.before[state]) == {}

    nightly.run_nightly("load", started_by="a test")

    assert differences(killed.tables(), world.undisturbed[state]) == {}


@pytest.mark.parametrize("state", ["later"])
@pytest.mark.parametrize("point", TRIED_AGAIN)
def test_the_step_that_was_killed_and_what_follows_end_as_undisturbed(
    world, killed, state, point, differences, go_on_from
):
    go_on_from(FAIL_POINTS[point][0], "load")

    # A step of settling that is tried again may receive other files than one that was not disturbed.
    content = {name: rows for name, rows in world.undisturbed[state].items() if name != "ops.received_files"}
    assert differences(killed.tables(), content) == {}


@pytest.mark.parametrize("state", ["first", "later"])
@pytest.mark.parametrize("point", COMMITTED)
def test_a_load_killed_after_its_commit_is_published_and_done(world, killed, state, differences, go_on_from):
    assert differences(killed.tables(), world.undisturbed[state]) == {}

    go_on_from("publish", "load")

    assert differences(killed.tables(), world.undisturbed[state]) == {}
    with pytest.raises(
        errors.LoadRefused, match=r"Load load has ended already \(published\): trigger a new run"
    ):
        nightly.run_nightly("load")
