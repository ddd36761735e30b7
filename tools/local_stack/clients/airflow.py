"""Airflow's REST API, as much of it as starting the nightly DAG and following it takes."""

import time
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from typing import Any

import requests

from local_stack.configuration.settings import Settings
from local_stack.errors import StackError

DAG_ID = "austin_crime_nightly"
TIMEOUT_S = 30
POLL_S = 1
RESTART_S = 45
DAG_APPEARS_S = 120
SCHEDULED_RUN_APPEARS_S = 60
LOG_LINES = 25
FINISHED = ("success", "failed")
UNTOLD = (None, "scheduled", "queued", "upstream_failed")


class Airflow:
    """A session with Airflow's API, logged in as admin."""

    def __init__(self, settings: Settings) -> None:
        self.address = settings.address("airflow")
        self.session = requests.Session()
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
        deadline = time.monotonic() + RESTART_S
        while True:
            try:
                answer = self.session.request(
                    method, f"{self.address}/api/v2{path}", timeout=TIMEOUT_S, **content
                )
            except requests.RequestException as error:
                if method != "GET" or time.monotonic() > deadline:
                    raise StackError("Airflow does not answer any more: see `make status`.") from error
                time.sleep(POLL_S)
                continue
            if not answer.ok:
                raise StackError(
                    f"Airflow answers {method} {path} with {answer.status_code}: {answer.text[:300]}"
                )
            return answer.json()

    def wait_for_dag(self) -> dict[str, Any]:
        """Return the DAG as soon as Airflow has read its file.

        Raises
        ------
        StackError
            With the import error, if the file has one, or if the DAG does not appear in time.
        """
        deadline = time.monotonic() + DAG_APPEARS_S
        while True:
            found = self.ask("GET", "/dags", params={"dag_id_pattern": DAG_ID})["dags"]
            if found:
                dag: dict[str, Any] = self.ask("GET", f"/dags/{DAG_ID}")
                return dag
            errors = self.ask("GET", "/importErrors")["import_errors"]
            if errors:
                raise StackError(f"Airflow cannot read {errors[0]['filename']}:\n{errors[0]['stack_trace']}")
            if time.monotonic() > deadline:
                raise StackError(
                    f"Airflow does not show the DAG {DAG_ID}: see `make logs SERVICE=airflow-dag-processor`."
                )
            time.sleep(POLL_S)

    def runs(self) -> list[dict[str, Any]]:
        """Return the DAG's newest runs, the newest first."""
        answer = self.ask("GET", f"/dags/{DAG_ID}/dagRuns", params={"order_by": "-run_after", "limit": 100})
        found: list[dict[str, Any]] = answer["dag_runs"]
        return found

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
        known = {run["dag_run_id"] for run in self.runs()}
        active = [run["dag_run_id"] for run in self.runs() if run["state"] not in FINISHED]
        if active and not dag["is_paused"]:
            return active[-1], "was already going"
        if dag["is_paused"]:
            self.ask("PATCH", f"/dags/{DAG_ID}", json={"is_paused": False})
        if active:
            return active[-1], "was waiting"
        due = dag["next_dagrun_run_after"]
        if due and datetime.fromisoformat(due) <= datetime.now(UTC):
            run_id = self.wait_for_new_run(known)
            if run_id not in ended:
                return run_id, "was due"
            how = f"was triggered, because the warehouse has a load {run_id} already and refuses the run of that id"
        run = self.ask("POST", f"/dags/{DAG_ID}/dagRuns", json={"logical_date": None})
        return run["dag_run_id"], how

    def wait_for_new_run(self, known: set[str]) -> str:
        """Return the id of the run that the scheduler starts because it is due."""
        deadline = time.monotonic() + SCHEDULED_RUN_APPEARS_S
        while time.monotonic() < deadline:
            new = [run["dag_run_id"] for run in self.runs() if run["dag_run_id"] not in known]
            if new:
                return str(new[-1])
            time.sleep(POLL_S)
        raise StackError(
            "Airflow's scheduler did not start the run that is due: see `make logs SERVICE=airflow-scheduler`."
        )

    def task_instances(self, run_id: str) -> list[dict[str, Any]]:
        """Return the run's tasks, those that started first, first."""
        path = f"/dags/{DAG_ID}/dagRuns/{run_id}/taskInstances"
        found: list[dict[str, Any]] = self.ask("GET", path, params={"limit": 1000})["task_instances"]
        return sorted(found, key=lambda task: (task["start_date"] or "9", task["task_id"], task["map_index"]))

    def follow(self, run_id: str, tell: Callable[[str], None]) -> str:
        """Tell of every task that begins or ends, until the run is finished; return its state."""
        told: dict[str, str] = {}
        while True:
            # The state first: what is told afterwards is then complete.
            state: str = self.ask("GET", f"/dags/{DAG_ID}/dagRuns/{run_id}")["state"]
            tasks = self.task_instances(run_id)
            changed = [task for task in tasks if task["state"] not in (*UNTOLD, told.get(task_name(task)))]
            told |= {task_name(task): task["state"] for task in changed}
            for task in changed:
                if task["state"] != "skipped":
                    why = f": {self.log(run_id, task)[-1].strip()}" if task["state"] == "up_for_retry" else ""
                    tell(f"{task_name(task)}: {task['state']}{seconds(task)}{why}")
            skipped = [task_name(task) for task in changed if task["state"] == "skipped"]
            if skipped:
                tell(f"{len(skipped)} tasks that follow are skipped")
            if state in FINISHED:
                return state
            time.sleep(POLL_S)

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


def seconds(task: dict[str, Any]) -> str:
    """Return how long a task took, or nothing while it goes."""
    return f" ({task['duration']:.1f} s)" if task["end_date"] and task["duration"] is not None else ""
