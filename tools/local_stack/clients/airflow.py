"""Airflow's REST API, as much of it as starting the nightly DAG and following it takes."""

import time
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from typing import Any

import requests

from austin_crime import own_servers
from local_stack.configuration.settings import Settings
from local_stack.errors import StackError
from local_stack.waiting import wait_until

DAG_ID = "austin_crime_nightly"
TIMEOUT_S = 30
POLL_S = 1
RESTART_S = 45
DAG_APPEARS_S = 120
SCHEDULED_RUN_APPEARS_S = 60
LOG_LINES = 25
FINISHED = ("success", "failed")
# Nothing has happened to such a task yet.
WAITING = (None, "scheduled", "queued", "upstream_failed")


class Airflow:
    """A session with Airflow's API, logged in as admin."""

    def __init__(self, settings: Settings) -> None:
        self.address = settings.address("airflow")
        self.session = own_servers.session()
        login = {"username": "admin", "password": settings.values["AIRFLOW_ADMIN_PASSWORD"]}
        try:
            answer = self.session.post(f"{self.address}/auth/token", json=login, timeout=TIMEOUT_S)
        except requests.RequestException as error:
            raise StackError("Airflow does not answer: see `make status`, or `make up` again.") from error
        if not answer.ok:
            raise StackError(
                f"Airflow refuses the login admin of .env ({answer.status_code}): run `make up` again."
            )
        self.session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def ask(self, method: str, path: str, **content: Any) -> Any:
        """Return the API's answer to a request below /api/v2; a question is asked again while the server restarts."""
        url, silence = f"{self.address}/api/v2{path}", "Airflow does not answer any more: see `make status`."

        def send() -> list[requests.Response]:
            try:
                return [self.session.request(method, url, timeout=TIMEOUT_S, **content)]
            except requests.RequestException as error:
                if method != "GET":
                    raise StackError(silence) from error
                return []

        answers = wait_until(send, RESTART_S, POLL_S)
        if not answers:
            raise StackError(silence)
        if not answers[0].ok:
            said = f"{answers[0].status_code}: {answers[0].text[:300]}"
            raise StackError(f"Airflow answers {method} {path} with {said}")
        return answers[0].json()

    def wait_for_dag(self) -> dict[str, Any]:
        """Return the DAG as soon as Airflow has read its file.

        Raises
        ------
        StackError
            With the import error, if the file has one, or if the DAG does not appear in time.
        """
        if not wait_until(self._has_dag, DAG_APPEARS_S, POLL_S):
            raise StackError(
                f"Airflow does not show the DAG {DAG_ID}: see `make logs SERVICE=airflow-dag-processor`."
            )
        dag: dict[str, Any] = self.ask("GET", f"/dags/{DAG_ID}")
        return dag

    def _has_dag(self) -> bool:
        """Whether Airflow has read the DAG's file; StackError if it cannot."""
        if self.ask("GET", "/dags", params={"dag_id_pattern": DAG_ID})["dags"]:
            return True
        errors = self.ask("GET", "/importErrors")["import_errors"]
        if errors:
            raise StackError(f"Airflow cannot read {errors[0]['filename']}:\n{errors[0]['stack_trace']}")
        return False

    def runs(self) -> list[dict[str, Any]]:
        """Return the DAG's newest runs, the newest first."""
        answer = self.ask("GET", f"/dags/{DAG_ID}/dagRuns", params={"order_by": "-run_after", "limit": 100})
        runs: list[dict[str, Any]] = answer["dag_runs"]
        return runs

    def start_run(self, ended: Collection[str]) -> tuple[str, str]:
        """Un-pause the DAG and return the id of exactly one run that goes now, with a word on where it came from.

        Un-pausing makes the scheduler start the run that was due last, so a run of one's own beside it would be a second one.

        Parameters
        ----------
        ended
            Loads that ended well in the warehouse. One that outlived Airflow's database may have the id of the run that
            is due; the pipeline refuses that run, so another is triggered.
        """
        how = "was triggered"
        dag = self.wait_for_dag()
        earlier = {run["dag_run_id"] for run in self.runs()}
        active = [run["dag_run_id"] for run in self.runs() if run["state"] not in FINISHED]
        if active and not dag["is_paused"]:
            return active[-1], "was already going"
        if dag["is_paused"]:
            self.ask("PATCH", f"/dags/{DAG_ID}", json={"is_paused": False})
        if active:
            return active[-1], "was waiting"
        due = dag["next_dagrun_run_after"]
        if due and datetime.fromisoformat(due) <= datetime.now(UTC):
            run_id = self.wait_for_new_run(earlier)
            if run_id not in ended:
                return run_id, "was due"
            how = f"was triggered, because the warehouse has a load {run_id} already and refuses the run of that id"
        run = self.ask("POST", f"/dags/{DAG_ID}/dagRuns", json={"logical_date": None})
        return run["dag_run_id"], how

    def wait_for_new_run(self, earlier: set[str]) -> str:
        """Return the id of the run that the scheduler starts because it is due."""

        def new() -> list[str]:
            return [run["dag_run_id"] for run in self.runs() if run["dag_run_id"] not in earlier]

        run_ids = wait_until(new, SCHEDULED_RUN_APPEARS_S, POLL_S)
        if not run_ids:
            raise StackError(
                "Airflow's scheduler did not start the run that is due: see `make logs SERVICE=airflow-scheduler`."
            )
        return run_ids[-1]

    def task_instances(self, run_id: str) -> list[dict[str, Any]]:
        """Return the run's tasks, those that started first, first."""
        path = f"/dags/{DAG_ID}/dagRuns/{run_id}/taskInstances"
        tasks: list[dict[str, Any]] = self.ask("GET", path, params={"limit": 1000})["task_instances"]
        return sorted(tasks, key=lambda task: (task["start_date"] or "9", task["task_id"], task["map_index"]))

    def follow(self, run_id: str, tell: Callable[[str], None]) -> str:
        """Tell of every task that begins or ends, until the run is finished; return its state."""
        states: dict[str, str] = {}
        while True:
            # The state first: the tasks that are asked for afterwards are then complete.
            state: str = self.ask("GET", f"/dags/{DAG_ID}/dagRuns/{run_id}")["state"]
            tasks = self.task_instances(run_id)
            changed = [task for task in tasks if task["state"] not in (*WAITING, states.get(task_name(task)))]
            states |= {task_name(task): task["state"] for task in changed}
            self._tell_changes(run_id, changed, tell)
            if state in FINISHED:
                return state
            time.sleep(POLL_S)

    def _tell_changes(self, run_id: str, tasks: list[dict[str, Any]], tell: Callable[[str], None]) -> None:
        """Tell of tasks whose state changed: why one is tried again, and how many are skipped."""
        for task in tasks:
            if task["state"] != "skipped":
                why = f": {self.log(run_id, task)[-1].strip()}" if task["state"] == "up_for_retry" else ""
                tell(f"{task_name(task)}: {task['state']}{_seconds(task)}{why}")
        skipped = sum(task["state"] == "skipped" for task in tasks)
        if skipped:
            tell(f"{skipped} tasks that follow are skipped")

    def failures(self, run_id: str) -> Iterator[str]:
        """Yield each task that failed, with the end of its log."""
        for task in self.task_instances(run_id):
            if task["state"] == "failed":
                lines = self.log(run_id, task)[-LOG_LINES:]
                yield "\n".join(
                    [f"{task_name(task)} failed (attempt {task['try_number']}). The end of its log:", *lines]
                )

    def log(self, run_id: str, task: dict[str, Any]) -> list[str]:
        """Return the lines of a task's log, of its last attempt."""
        path = f"/dags/{DAG_ID}/dagRuns/{run_id}/taskInstances/{task['task_id']}/logs/{task['try_number']}"
        content = self.ask("GET", path, params={"map_index": task["map_index"], "full_content": True})[
            "content"
        ]
        lines = [line for part in content for line in log_lines(part)]
        return [line for line in lines if not line.startswith(("::group::", "::endgroup::"))] or [
            "its log is empty"
        ]


def log_lines(part: Any) -> list[str]:
    """Return an event of a structured log as lines, the error's type and message at the end."""
    if isinstance(part, str):
        return [part]
    errors = [f"{error['exc_type']}: {error['exc_value']}" for error in part.get("error_detail") or []]
    return [str(part["event"]), *errors]


def task_name(task: dict[str, Any]) -> str:
    """Return a task's name, with its number if it is mapped."""
    return str(task["task_id"]) + (f"[{task['map_index']}]" if task["map_index"] >= 0 else "")


def _seconds(task: dict[str, Any]) -> str:
    """Return how long a task took, or nothing while it goes."""
    return f" ({task['duration']:.1f} s)" if task["end_date"] and task["duration"] is not None else ""
