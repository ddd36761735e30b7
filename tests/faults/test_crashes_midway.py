"""A load, or PostgreSQL, is killed in the middle of a request or a statement: the portal or a lock holds it there."""

import os
import signal
from contextlib import contextmanager

import pytest

from austin_crime import errors, nightly
from austin_crime.warehouse.connection import connect
from sample_portal.faults import Fault
from testing.cases import IS_LONG, pairs

BATCH = "$order=:id"
REQUESTS = {
    "metadata": "/api/views/",
    "months": "date_trunc_ym(",
    "boundaries": "w3v2-cj58",
    "batch": BATCH,
    "counts": "date_trunc_y(",
}
# What a load waits for that is kept from writing a table: a statement of this step. A row each.
WAITS_FOR = {
    "staging.crimes": "load",
    "ops.check_results": "settle",
    "staging.replaced_crimes": "settle",
    "staging.crimes_per_area": "build",
    "ops.reconciliations": "check",
    "mart.crimes": "publish",
    "mart.crimes_per_year": "publish",
    "ops.source_months": "publish",
    "mart.data_status": "publish",
}
# A table for each step; each of its others in a long run.
TRIED_AGAIN = (
    WAITS_FOR
    if IS_LONG
    else {table: step for step, table in {step: table for table, step in WAITS_FOR.items()}.items()}
)


@pytest.fixture
def held(runner, world, warehouse):
    """Return a context in which a load waits for the other half of an answer's body; yields its process id."""

    @contextmanager
    def hold(path):
        fault = world.store.faults.add(Fault("hold", path=path))
        try:
            process_id = runner.start(warehouse, world.url)
            assert fault.reached.wait(30)
            yield process_id
        finally:
            world.store.faults.clear()

    return hold


@pytest.fixture
def waiting(held, warehouse, world, wait_until):
    """Return a context in which a load is in the middle of a statement that may not write a table; yields its process id."""

    @contextmanager
    def wait(table):
        # A load whose batch is under way has planned: it has emptied and filled what the lock is to keep.
        with held(BATCH) as process_id, warehouse.locked(table):
            world.store.faults.clear()
            wait_until(lambda: warehouse.is_waited_for(table))
            yield process_id

    return wait


@pytest.mark.parametrize(
    ("state", "request_for"), [("first", "batch"), *(("later", request) for request in REQUESTS)]
)
def test_a_load_killed_in_the_middle_of_an_answer_ends_as_undisturbed_when_run_again(
    world, warehouse, held, runner, state, request_for, differences
):
    with held(REQUESTS[request_for]) as process_id:
        os.kill(process_id, signal.SIGKILL)
        runner.exit_code()

    assert differences(warehouse.tables("mart"), world.before[state]) == {}
    nightly.run_nightly("load", started_by="a test")
    assert differences(warehouse.tables(), world.undisturbed[state]) == {}


@pytest.mark.parametrize("state", ["later"])
def test_a_batch_killed_in_its_body_leaves_a_part_that_is_never_taken_for_it(
    world, warehouse, held, runner, state, differences, go_on_from, wait_until
):
    with held(BATCH) as process_id:
        wait_until(lambda: list(warehouse.landing.rglob("batch-*.part")))
        os.kill(process_id, signal.SIGKILL)
        runner.exit_code()
    [*parts] = warehouse.landing.rglob("batch-*.part")

    go_on_from("load")

    assert [part.with_suffix("").exists() for part in parts] == [True] * len(parts) != []
    assert differences(warehouse.tables(), world.undisturbed[state]) == {}


@pytest.mark.parametrize("state", ["later"])
def test_batches_that_landed_before_the_crash_are_not_asked_for_again(
    world, warehouse, runner, state, go_on_from
):
    runner.start(warehouse, world.url, ("steps", "settle_months", "before", 1))
    runner.exit_code()
    world.store.requests.clear()

    go_on_from("load")

    batches = len(list(warehouse.landing.rglob("batch-*.json.gz")))
    asked = [address for address in world.store.requests if "order=%3Aid" in address]
    settled = len(list(warehouse.landing.rglob("settle-*.json.gz")))
    assert batches > 1
    assert len(asked) == settled


@pytest.mark.parametrize(
    ("state", "table"),
    [("later", table) for table in WAITS_FOR] + [("first", "mart.crimes")],
)
def test_a_load_killed_in_the_middle_of_a_statement_ends_as_undisturbed_when_run_again(
    world, warehouse, waiting, runner, state, table, differences
):
    with waiting(table) as process_id:
        os.kill(process_id, signal.SIGKILL)
        runner.exit_code()

    assert differences(warehouse.tables("mart"), world.before[state]) == {}
    nightly.run_nightly("load", started_by="a test")
    assert differences(warehouse.tables(), world.undisturbed[state]) == {}


@pytest.mark.parametrize("state", ["later"])
@pytest.mark.parametrize(("table", "step"), TRIED_AGAIN.items())
def test_a_step_killed_in_the_middle_of_a_statement_can_be_tried_again(
    world, warehouse, waiting, runner, state, table, step, differences, go_on_from
):
    with waiting(table) as process_id:
        os.kill(process_id, signal.SIGKILL)
        runner.exit_code()

    go_on_from(step)

    assert differences(warehouse.tables(), world.undisturbed[state]) == {}


@pytest.mark.parametrize(
    ("table", "state"), pairs(["staging.crimes", "mart.crimes", "mart.data_status"], ["first", "later"])
)
def test_a_load_whose_server_was_killed_ends_as_undisturbed_when_run_again(
    world, warehouse, waiting, runner, mortal_server, state, table, differences
):
    with waiting(table):
        mortal_server.kill()
        assert runner.exit_code() == 1
    mortal_server.start()

    assert differences(warehouse.tables("mart"), world.before[state]) == {}
    nightly.run_nightly("load", started_by="a test")
    assert differences(warehouse.tables(), world.undisturbed[state]) == {}


@pytest.mark.parametrize("state", ["later"])
def test_batches_lost_with_the_server_are_staged_again_from_the_landing(
    world, warehouse, waiting, runner, mortal_server, state, differences, go_on_from
):
    with waiting("staging.replaced_crimes"):
        mortal_server.kill()
        runner.exit_code()
    mortal_server.start()
    assert warehouse.ask("select count(*) from staging.crimes") == [(0,)]
    world.store.requests.clear()

    go_on_from("settle")

    batches = [address for address in world.store.requests if "order=%3Aid" in address]
    assert len(batches) == len(list(warehouse.landing.rglob("settle-*.json.gz")))
    assert differences(warehouse.tables(), world.undisturbed[state]) == {}


@pytest.mark.parametrize("state", ["later"])
def test_a_server_killed_while_publishing_has_publishing_refused_until_months_are_settled_again(
    world, warehouse, waiting, runner, mortal_server, state, differences, go_on_from
):
    with waiting("mart.data_status"):
        mortal_server.kill()
        runner.exit_code()
    mortal_server.start()

    with pytest.raises(errors.StagingIncomplete):
        go_on_from("publish")
    assert differences(warehouse.tables("mart"), world.before[state]) == {}

    go_on_from("settle")

    assert differences(warehouse.tables(), world.undisturbed[state]) == {}


def test_sessions_of_a_load_wait_for_their_commits_and_not_without_end_for_locks(warehouse):
    with connect() as connection:
        settings = [
            connection.execute(f"show {name}").fetchall()[0]
            for name in ("synchronous_commit", "lock_timeout")
        ]

    assert settings == [{"synchronous_commit": "on"}, {"lock_timeout": "10min"}]


@pytest.mark.parametrize("state", ["later"])
def test_a_load_that_was_taken_for_dead_and_wakes_up_after_its_second_attempt_changes_nothing(
    world, warehouse, held, runner, state, differences
):
    with held(BATCH) as process_id:
        os.kill(process_id, signal.SIGSTOP)
        nightly.run_nightly("load", started_by="a test")
        os.kill(process_id, signal.SIGCONT)
        world.store.faults.clear()
        assert runner.exit_code() == 1

    assert "LoadEnded: Load load, attempt 1, is no longer the running one" in runner.log.read_text()
    assert differences(warehouse.tables(), world.undisturbed[state]) == {}


@pytest.mark.parametrize("state", ["later"])
def test_another_load_is_refused_until_the_slot_of_a_killed_one_is_free(
    world, warehouse, held, runner, state
):
    with held(BATCH) as process_id:
        os.kill(process_id, signal.SIGKILL)
        runner.exit_code()

    with pytest.raises(
        errors.LoadRefused, match=r"Load load \(python\) has been running since .* one load at a time"
    ):
        nightly.run_nightly("other")
    warehouse.ask("update ops.loads set last_seen_at = now() - interval '31 minutes' returning load_id")
    nightly.run_nightly("other")

    assert warehouse.ask("select load_id, status from ops.loads order by started_at") == [
        ("before", "published"),
        ("load", "abandoned"),
        ("other", "published"),
    ]
