"""Runs by hand: what a person does with Airflow's own buttons is right, or refused with a sentence."""

import os
import signal

import psycopg
import pytest
import requests
from tests.e2e.conftest import Stack

from austin_crime import own_servers
from local_stack.processes import supervisor
from testing.waiting import wait_for

pytestmark = pytest.mark.usefixtures("loaded")

RUNS = "/dags/austin_crime_nightly/dagRuns"
RUN_S = 300
FINISHED = ("success", "failed")


class Buttons:
    """The requests that Airflow's pages send when a person presses their buttons."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.session = own_servers.session()
        login = {"username": "admin", "password": stack.passwords["AIRFLOW_ADMIN_PASSWORD"]}
        token = self.session.post(f"{stack.airflow}/auth/token", json=login, timeout=60)
        token.raise_for_status()
        self.session.headers["Authorization"] = f"Bearer {token.json()['access_token']}"

    def send(self, method: str, path: str, **content):
        return self.session.request(method, f"{self.stack.airflow}/api/v2{path}", timeout=60, **content)

    def ask(self, method: str, path: str, **content):
        answer = self.send(method, path, **content)
        assert answer.ok, answer.text
        return answer.json()

    def trigger(self, **conf: object) -> str:
        return self.ask("POST", RUNS, json={"logical_date": None, "conf": conf})["dag_run_id"]

    def state(self, run_id: str) -> str:
        return self.ask("GET", f"{RUNS}/{run_id}")["state"]

    def load_a_change(self) -> str:
        """Have the portal change, load it, and return the run."""
        change_portal(self.stack, "week?added=5&edited=5&removed=1")
        run_id = self.trigger()
        assert self.wait_for_end(run_id) == "success"
        return run_id

    def wait_for_end(self, run_id: str) -> str:
        wait_for(f"The end of {run_id}", lambda: self.state(run_id) in FINISHED, RUN_S)
        return self.state(run_id)

    def tasks(self, run_id: str) -> dict[str, str]:
        found = self.ask("GET", f"{RUNS}/{run_id}/taskInstances", params={"limit": 200})["task_instances"]
        return {task["task_id"]: task["state"] for task in found}

    def wait_for_task(self, run_id: str, task_id: str, state: str) -> None:
        wait_for(f"{task_id} {state}", lambda: self.tasks(run_id).get(task_id) == state, RUN_S)

    def clear(self, run_id: str, *task_ids: str) -> None:
        content = {"dag_run_id": run_id, "task_ids": list(task_ids), "dry_run": False, "only_failed": False}
        content |= {"include_downstream": True}
        self.ask("POST", "/dags/austin_crime_nightly/clearTaskInstances", json=content)

    def clear_run(self, run_id: str) -> None:
        self.ask("POST", f"{RUNS}/{run_id}/clear", json={"dry_run": False, "only_failed": False})

    def mark(self, run_id: str, task_id: str, state: str) -> None:
        self.ask("PATCH", f"{RUNS}/{run_id}/taskInstances/{task_id}", json={"new_state": state})

    def mark_run(self, run_id: str, state: str) -> None:
        self.ask("PATCH", f"{RUNS}/{run_id}", json={"state": state})

    def log(self, run_id: str, task_id: str) -> str:
        task = self.ask("GET", f"{RUNS}/{run_id}/taskInstances/{task_id}")
        path = f"{RUNS}/{run_id}/taskInstances/{task_id}/logs/{task['try_number']}"
        return self.send("GET", path, headers={"Accept": "application/x-ndjson"}).text


@pytest.fixture(scope="module")
def buttons(stack, loaded) -> Buttons:
    return Buttons(stack)


def published(stack: Stack) -> tuple[str, int]:
    """Return a sum of all that readers see of the reports, and which load published it."""
    with psycopg.connect(stack.warehouse) as connection:
        return connection.execute(
            "select md5(string_agg(crimes::text, '' order by incident_id)),"
            " (select load_id from ops.loads where status = 'published' order by finished_at desc limit 1)"
            " from mart.crimes as crimes"
        ).fetchone()


def message_of(stack: Stack, load_id: str) -> tuple[str, str]:
    """Return how a load ended, and why."""
    with psycopg.connect(stack.warehouse) as connection:
        return connection.execute(
            "select status, message from ops.loads where load_id = %s", [load_id]
        ).fetchone()


def change_portal(stack: Stack, change: str) -> None:
    requests.post(f"{stack.portal}/live/{change}", timeout=60).raise_for_status()


def test_two_runs_at_once_go_one_after_the_other(stack, buttons):
    change_portal(stack, "week?added=5&edited=5&removed=1")
    first, second = buttons.trigger(), buttons.trigger()

    assert [buttons.wait_for_end(run) for run in (first, second)] == ["success", "success"]
    assert published(stack)[1] == first
    assert buttons.tasks(second)["publish"] == "skipped"


def test_a_cleared_task_of_a_published_run_changes_nothing(stack, buttons):
    old, new = buttons.load_a_change(), buttons.load_a_change()
    before = published(stack)
    assert before[1] == new

    buttons.clear(old, "publish")

    assert buttons.wait_for_end(old) == "success"
    assert published(stack) == before


def test_a_cleared_run_that_published_says_to_trigger_a_new_one(stack, buttons):
    run = buttons.load_a_change()
    before = published(stack)

    buttons.clear_run(run)

    assert buttons.wait_for_end(run) == "failed"
    assert f"Load {run} has ended already (published): trigger a new run." in buttons.log(run, "plan_load")
    assert published(stack) == before


def test_a_run_marked_as_failed_frees_the_slot_and_its_cleared_tasks_name_the_newer_load(stack, buttons):
    change_portal(stack, "week?added=5&edited=5&removed=1")
    before = published(stack)
    marked = buttons.trigger()
    buttons.wait_for_task(marked, "list_batches", "success")

    buttons.mark_run(marked, "failed")

    buttons.wait_for_end(marked)
    assert published(stack) == before
    new = buttons.trigger()
    assert buttons.wait_for_end(new) == "success"
    after = published(stack)
    assert after[1] == new
    assert message_of(stack, marked) == (
        "failed",
        "A task was killed, or the run was marked by hand: trigger a new run. The log of the task may say more.",
    )
    buttons.clear(marked, "settle_months")
    assert buttons.wait_for_end(marked) == "failed"
    assert new in buttons.log(marked, "settle_months")
    assert published(stack) == after


def test_a_task_marked_as_failed_ends_the_load_and_frees_the_slot(stack, buttons):
    change_portal(stack, "week?added=5&edited=5&removed=1")
    before = published(stack)
    marked = buttons.trigger()
    buttons.wait_for_task(marked, "list_batches", "success")

    buttons.mark(marked, "publish", "failed")

    assert buttons.wait_for_end(marked) == "failed"
    assert published(stack) == before
    assert message_of(stack, marked)[0] == "failed"
    new = buttons.trigger()
    assert buttons.wait_for_end(new) == "success"
    assert published(stack)[1] == new


def test_a_gate_marked_as_good_publishes_nothing_that_nobody_accepted(stack, buttons):
    change_portal(stack, "week?added=1&edited=1&removed=500")
    before = published(stack)
    run = buttons.trigger()
    buttons.wait_for_task(run, "gate", "awaiting_input")

    buttons.mark(run, "gate", "success")

    assert buttons.wait_for_end(run) == "failed"
    assert published(stack) == before
    assert "start a run with accept = reports_removed" in buttons.log(run, "publish")
    accepting = buttons.trigger(accept=["reports_removed"])
    assert buttons.wait_for_end(accepting) == "success"
    assert published(stack)[1] == accepting


def test_a_backfill_is_refused_with_a_reason(buttons):
    content = {
        "dag_id": "austin_crime_nightly",
        "from_date": "2026-01-01T00:00:00Z",
        "to_date": "2026-01-03T00:00:00Z",
    }

    answer = buttons.send("POST", "/backfills", json=content)

    assert answer.status_code == 400, answer.text
    assert "does not allow backfill runs" in answer.text


def test_a_load_outlives_the_death_of_every_server_of_airflow(stack, buttons):
    change_portal(stack, "week?added=5&edited=5&removed=1")
    run = buttons.trigger()
    buttons.wait_for_task(run, "plan_load", "success")
    killed = [
        state["pid"] for name, state in supervisor.states(stack.root).items() if name.startswith("airflow-")
    ]
    assert len(killed) == 4

    for pid in killed:
        os.kill(pid, signal.SIGKILL)

    def is_over() -> bool:
        try:
            return buttons.state(run) in FINISHED
        except requests.RequestException:
            return False  # the api-server starts again

    wait_for("The end of the load", is_over, 2 * RUN_S)
    assert buttons.state(run) == "success"
    assert published(stack)[1] == run
