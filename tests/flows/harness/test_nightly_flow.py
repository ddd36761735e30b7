import re
import time
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from flows.austin_crime_nightly import austin_crime_nightly
from prefect.artifacts import Artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, LogFilter
from psycopg.rows import dict_row

from austin_crime import config, steps
from austin_crime_prefect import tasks
from sample_portal.faults import Fault
from sample_portal.publisher import live

BATCH = "$order=:id"
PATIENCE_S = 60


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    """Wait for nothing, ask once a step, and make several batches of a small portal."""
    monkeypatch.setattr(config, "BATCH_ROWS", 500)
    monkeypatch.setattr(config, "PORTAL_TRIES", 1)
    monkeypatch.setattr(config, "FIRST_RETRY_S", 0.05)
    monkeypatch.setattr(config, "RETRY_JITTER_S", 1)


@pytest.fixture
def run(warehouse, sample_portal):
    """Return a function that runs the flow and returns its last state."""
    return lambda **parameters: austin_crime_nightly(parameters=parameters, return_state=True)


@pytest.fixture
def ask(warehouse):
    """Return a function that asks the warehouse for rows."""
    with psycopg.connect(warehouse.owner_url, autocommit=True, row_factory=dict_row) as connection:
        yield lambda query: connection.execute(query).fetchall()


def flow_run_of(state) -> Any:
    """Return the run that ended in a state."""
    with get_client(sync_client=True) as client:
        return client.read_flow_run(state.state_details.flow_run_id)


def task_runs(state) -> list[Any]:
    """Return the runs of tasks of a run, as soon as Prefect's server, which hears of them later, knows their ends."""
    chosen = FlowRunFilter(id={"any_": [state.state_details.flow_run_id]})
    deadline = time.monotonic() + PATIENCE_S
    states: list[Any] = []
    with get_client(sync_client=True) as client:
        while True:
            known = client.read_task_runs(flow_run_filter=chosen, limit=200)
            # The server may know a run before it knows a state of it.
            before, states = states, [run.state for run in known]
            if states == before and all(state and state.is_final() for state in states):
                return known
            assert time.monotonic() < deadline, known
            time.sleep(0.5)


def attempts(state, name: str) -> list[int]:
    """Return how often each run of a task was tried."""
    return [run.run_count for run in task_runs(state) if run.name.split()[0] == name]


LOADS = "select status, message, orchestrator, parameters from ops.loads order by started_at"


def test_a_busy_portal_is_asked_again_as_late_as_it_asks_for(run, ask, sample_portal, monkeypatch):
    waited: list[float] = []
    monkeypatch.setattr(tasks, "time", SimpleNamespace(sleep=waited.append))
    sample_portal.store.faults.add(Fault("429", path=BATCH, retry_after_s=7))

    state = run()

    assert state.is_completed()
    assert waited == [pytest.approx(7 - config.FIRST_RETRY_S)]
    assert sorted(attempts(state, "extract"))[-2:] == [1, 2]
    assert [load["status"] for load in ask(LOADS)] == ["published"]


def test_a_busy_portal_that_says_nothing_is_asked_again_after_delays_that_grow(
    run, sample_portal, monkeypatch
):
    monkeypatch.setattr(tasks, "time", SimpleNamespace(sleep=lambda _: pytest.fail("it asked for no wait")))
    sample_portal.store.faults.add(Fault("503", path=BATCH, times=2))

    state = run()

    assert state.is_completed()
    assert sum(attempts(state, "extract")) == len(attempts(state, "extract")) + 2
    assert tasks._delays_s() == [0.05, 0.1, 0.2]


def test_a_portal_that_stays_busy_fails_the_load_and_the_next_one_may_start(run, ask, sample_portal):
    sample_portal.store.faults.add(Fault("500", path=BATCH, times=None))

    failed = run()
    sample_portal.store.faults.clear()
    well = run()

    assert failed.is_failed()
    assert max(attempts(failed, "extract")) == 1 + config.RETRIES
    assert well.is_completed()
    first, second = ask(LOADS)
    assert (first["status"], second["status"]) == ("failed", "published")
    assert first["message"].startswith("PortalBusy: ")
    assert "status 500" in first["message"]


def test_what_is_hopeless_is_not_tried_again(run, ask, sample_portal):
    live.rename_column(sample_portal.store, old="sector", new="apd_sector")

    state = run()

    assert state.is_failed()
    assert attempts(state, "plan_load") == [1]
    (load,) = ask(LOADS)
    assert load["status"] == "failed"
    assert "sector" in load["message"]


def test_a_dataset_that_is_gone_fails_at_once_and_begins_no_load(run, ask, sample_portal):
    sample_portal.store.faults.add(Fault("gone", times=None))

    state = run()

    assert state.is_failed()
    assert "PortalAnswer" in state.message
    assert attempts(state, "source_is_up") == [1]
    assert ask(LOADS) == []


def test_a_check_that_fails_blocks_the_load_and_a_person_lets_it_through_by_name(run, ask, sample_portal):
    run()
    live.remove_reports(sample_portal.store, 'hash(":id") % 10 = 0')

    blocked = run()
    accepted = run(accept=["reports_removed"])

    assert blocked.is_failed()
    assert "start a run with accept = reports_removed" in blocked.message
    assert attempts(blocked, "gate") == [1]
    assert accepted.is_completed()
    assert [load["status"] for load in ask(LOADS)] == ["published", "blocked", "published"]
    message = ask(LOADS)[1]["message"]
    assert message.startswith("reports_removed: ")
    (by,) = ask("select distinct accepted_by from ops.check_results where status = 'accepted'")
    assert by["accepted_by"] == ask(LOADS)[2]["parameters"]["started_by"] != "prefect"


def test_a_run_that_is_killed_midway_frees_the_slot(run, ask, monkeypatch):
    def settle_months(load: steps.Load) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(steps, "settle_months", settle_months)

    with pytest.raises(KeyboardInterrupt):
        run()

    (load,) = ask(LOADS)
    assert load["status"] == "failed"
    assert load["message"]


def test_a_run_that_a_person_cancels_frees_the_slot(warehouse, sample_portal, ask):
    from uuid import UUID

    from prefect.states import Cancelling

    run_id = UUID(int=7)
    steps.plan_load(f"prefect__{run_id}", {}, "prefect", "somebody")

    for hook in austin_crime_nightly.on_cancellation_hooks:
        hook(austin_crime_nightly, SimpleNamespace(id=run_id), Cancelling(message="Cancelled by a person."))

    (load,) = ask(LOADS)
    assert (load["status"], load["message"]) == ("failed", "Cancelled by a person.")


def test_a_second_run_ends_after_the_plan_and_says_that_nothing_is_new(run, ask):
    run()

    state = run()

    assert state.is_completed()
    assert state.message.startswith("Unchanged: ")
    assert {run.name for run in task_runs(state)} == {"source_is_up", "plan_load", "anything_new"}
    assert [load["orchestrator"] for load in ask(LOADS)] == ["prefect", "prefect"]


def test_a_dry_run_says_what_a_load_would_find_and_changes_nothing(run, ask, sample_portal):
    state = run(dry_run=True)

    assert state.is_completed()
    months = len({str(report[4])[:7] for report in sample_portal.reports().values()})
    assert re.fullmatch(
        rf"Dry run, nothing was changed\. A load would find {months} months whole \(3,000 reports\)\.",
        state.message,
    )
    assert ask(LOADS) == []
    (plan,) = artifacts(state, "plan")
    assert '"reports to fetch": 3000' in plan.data


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"first_month": "2024-13"}, "first_month: expected a month such as 2024-05, got '2024-13'"),
        ({"accept": ["nonsense"]}, "accept names nonsense; expected one of category_gone"),
        ({"accept": ["keys_unique"]}, "accept names keys_unique"),
        ({"everything": True}, "everything"),
        ({"first_month": "2024-05", "last_month": "2024-01"}, "2024-05 is after last_month 2024-01"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_runs(run, ask, parameters, said):
    state = run(**parameters)

    assert state.is_failed()
    assert said in state.message
    assert task_runs(state) == []
    assert ask(LOADS) == []


def test_a_person_is_told_what_each_parameter_does_and_which_months_and_checks_there_are():
    from prefect.utilities.callables import parameter_schema

    schema = parameter_schema(austin_crime_nightly).model_dump()
    fields = schema["definitions"]["NightlyParameters"]["properties"]

    assert all(field["description"] for field in fields.values())
    assert "null_rate" in str(fields["accept"])
    assert "[0-9]{4}" in str(fields["first_month"])


def artifacts(state, key: str) -> list[Any]:
    """Return a run's artifacts of a key."""
    run_id = state.state_details.flow_run_id
    with get_client(sync_client=True) as client:
        answer = client.request(
            "POST", "/artifacts/filter", json={"artifacts": {"flow_run_id": {"any_": [str(run_id)]}}}
        )
    return [Artifact.model_construct(**found) for found in answer.json() if found["key"] == key]


def test_a_run_shows_its_plan_its_progress_its_checks_and_the_portals_counts(run, sample_portal):
    state = run()

    (plan,), (batches,) = artifacts(state, "plan"), artifacts(state, "batches")
    (checks,), (counts,) = artifacts(state, "checks"), artifacts(state, "reconciliation")
    assert '"months": "whole"' in plan.data
    assert (batches.data, batches.description) == (100.0, batches.description)
    assert re.fullmatch(r"(\d+) of \1 batches staged", batches.description)
    assert "portal_counts" in checks.data
    assert counts.data.count('"groups_that_differ": 0') == 3
    assert counts.data.count(f'"portal": {sample_portal.report_count()}') == 3


def test_runs_and_tasks_have_names_that_a_person_reads(run):
    state = run(full_reload=True)

    names = {task_run.name for task_run in task_runs(state)}
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d full reload", flow_run_of(state).name)
    assert {"plan_load", "extract batch-001", "load_batch batch-002", "build_top_crimes", "gate"} <= names


def test_the_log_tells_rows_bytes_and_seconds(run):
    wanted = (
        r"Landed batch-001: \d+ reports, \d+\.\d MB in \d+\.\d s",
        r"Staged batch-001: \d+ reports, \d+ of them rejected, in \d+\.\d s",
    )

    chosen = LogFilter(flow_run_id={"any_": [run().state_details.flow_run_id]})

    # Prefect sends logs to its server in the background: they come some seconds after the end of the run.
    deadline = time.monotonic() + PATIENCE_S
    with get_client(sync_client=True) as client:
        while True:
            lines = "\n".join(log.message for log in client.read_logs(chosen, limit=200))
            if all(re.search(line, lines) for line in wanted):
                return
            assert time.monotonic() < deadline, lines
            time.sleep(0.5)


def test_no_more_batches_are_in_memory_at_a_time_than_there_are_workers(run, sample_portal):
    state = run()

    spans = [(r.start_time, r.end_time) for r in task_runs(state) if r.name.startswith("load_batch")]
    assert len(spans) > config.WORKERS
    assert max(sum(begin <= start < end for begin, end in spans) for start, _ in spans) == config.WORKERS
