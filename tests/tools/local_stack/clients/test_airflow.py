from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local_stack.clients.airflow import Airflow, log_lines

PAST = (datetime.now(UTC) - timedelta(hours=3)).isoformat()
FUTURE = (datetime.now(UTC) + timedelta(hours=3)).isoformat()


class Scheduled(Airflow):
    """Airflow's API as the scheduler makes it look: what is due starts when the DAG is not paused."""

    def __init__(self, is_paused: bool, due: str | None, runs: dict[str, str]) -> None:
        self.is_paused, self.due, self.known = is_paused, due, dict(runs)

    def ask(self, method: str, path: str, **content: Any) -> Any:
        if method == "PATCH":
            self.is_paused = content["json"]["is_paused"]
        elif method == "POST":
            self.known["manual"] = "queued"
            return {"dag_run_id": "manual"}
        elif path.endswith("/dagRuns"):
            found = [{"dag_run_id": name, "state": state} for name, state in reversed(self.known.items())]
            if not self.is_paused and self.due == PAST:
                self.known["scheduled"], self.due = "queued", FUTURE
            return {"dag_runs": found}
        return {"dags": [1], "is_paused": self.is_paused, "next_dagrun_run_after": self.due}


@pytest.mark.parametrize(
    ("is_paused", "due", "runs", "followed"),
    [
        pytest.param(True, PAST, {}, "scheduled", id="the first start: un-pausing starts what is due"),
        pytest.param(True, FUTURE, {"old": "success"}, "manual", id="paused and nothing due"),
        pytest.param(True, None, {"old": "success"}, "manual", id="no schedule"),
        pytest.param(True, PAST, {"waiting": "queued"}, "waiting", id="triggered while it was paused"),
        pytest.param(False, FUTURE, {"old": "success"}, "manual", id="a later load"),
        pytest.param(False, FUTURE, {"old": "failed", "going": "running"}, "going", id="one goes already"),
    ],
)
def test_exactly_one_run_is_started_and_followed(
    is_paused: bool, due: str | None, runs: dict[str, str], followed: str
) -> None:
    airflow = Scheduled(is_paused, due, runs)

    run_id, _ = airflow.start_run(ended={"another"})

    assert run_id == followed
    assert not airflow.is_paused
    new = {followed} if followed not in runs else set()
    # What was due while another run waited still comes, one after the other.
    assert set(airflow.known) - set(runs) - {"scheduled"} == new - {"scheduled"}


def test_a_run_that_is_due_and_has_the_id_of_an_ended_load_is_not_followed_but_another_is_triggered() -> None:
    airflow = Scheduled(is_paused=True, due=PAST, runs={})

    run_id, how = airflow.start_run(ended={"scheduled"})

    assert run_id == "manual"
    assert "the warehouse has a load scheduled already" in how
    assert list(airflow.known) == ["scheduled", "manual"]


def test_a_run_that_goes_already_is_followed_although_its_load_has_just_ended() -> None:
    airflow = Scheduled(is_paused=False, due=FUTURE, runs={"going": "running"})

    run_id, _ = airflow.start_run(ended={"going"})

    assert run_id == "going"
    assert list(airflow.known) == ["going"]


def test_the_error_of_a_structured_log_is_shown_with_its_type() -> None:
    part = {"event": "Task failed", "error_detail": [{"exc_type": "GateClosed", "exc_value": "null_rate"}]}

    assert log_lines(part) == ["Task failed", "GateClosed: null_rate"]
    assert log_lines("plain") == ["plain"]
