"""The running containers, and how tests ask and treat them."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from austin_crime import own_servers
from local_stack.clients.airflow import DAG_ID, FINISHED, Airflow
from local_stack.configuration import settings
from testing.superset_pages import Browser
from testing.waiting import wait_for

REPORTS = 200_000
WORKERS = 2
START_S, LOAD_S = 600, 900
# What the tables hold, whoever loaded it: rows, and a sum that another row would change.
TABLES = "select count(*), sum(hashtextextended(crimes::text, 0)) from mart.crimes"


@dataclass
class Stack:
    """The running containers, and how to ask them."""

    root: Path
    environment: dict[str, str]

    def compose(self, *arguments: str) -> str:
        """Run Compose as the documentation says, and return what it printed."""
        env_files = ["--env-file", ".env", "--env-file", "settings/sample.env"]
        done = subprocess.run(
            ["docker", "compose", *env_files, *arguments],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout[-3000:]}{done.stderr[-6000:]}"
        return done.stdout

    def up(self) -> None:
        """Start what does not run, and wait until all of it is well."""
        workers = ["--scale", f"airflow-worker={WORKERS}"]
        said = self.compose("up", "--detach", "--wait", "--wait-timeout", str(START_S), *workers)
        assert not self.problems(), f"{self.problems()}: {said}"

    def containers(self) -> dict[str, dict[str, Any]]:
        """Return what the engine tells of each container, by its id's first digits, which is its host's name."""
        ids = self.compose("ps", "--all", "--quiet").split()
        details = subprocess.run(
            ["docker", "inspect", *ids], env=self.environment, capture_output=True, text=True, check=True
        )
        return {container["Id"][:12]: container for container in json.loads(details.stdout)}

    def of_service(self, service: str) -> dict[str, dict[str, Any]]:
        """Return the containers of one service."""
        label = "com.docker.compose.service"
        return {
            name: details
            for name, details in self.containers().items()
            if details["Config"]["Labels"][label] == service
        }

    def problems(self) -> list[str]:
        """Return the containers that are not well: health checks that do not pass, first steps that failed."""
        states = {details["Name"]: details["State"] for details in self.containers().values()}
        return [
            name
            for name, state in states.items()
            if (state["Health"]["Status"] != "healthy" if "Health" in state else state["ExitCode"] != 0)
        ]

    def kill(self, container: str) -> None:
        """Kill a container's processes at once, as a machine that loses power does."""
        subprocess.run(["docker", "kill", container], env=self.environment, capture_output=True, check=True)

    def log_of(self, container: str) -> str:
        """Return what a container has printed."""
        done = subprocess.run(
            ["docker", "logs", container], env=self.environment, capture_output=True, text=True, check=True
        )
        return done.stdout + done.stderr

    @property
    def settings(self) -> settings.Settings:
        """What .env and the ports say."""
        return settings.resolve(self.root, self.environment, "sample", REPORTS)

    @property
    def airflow(self) -> Airflow:
        """A session with Airflow's API."""
        return Airflow(self.settings)

    def superset(self, user: str) -> Browser:
        """Log in at Superset."""
        password = self.settings.values[f"SUPERSET_{user.upper()}_PASSWORD"]
        return Browser(self.settings.address("superset"), user, password)

    def portal(self, method: str, path: str, /, **params: str) -> Any:
        """Return the sample portal's answer."""
        url = self.settings.address("portal") + path
        answer = own_servers.session().request(method, url, params=params, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def portal_count(self) -> int:
        """Return how many reports the portal has."""
        (row,) = self.portal("GET", "/resource/fdj4-gpfu.json", **{"$select": "count(*) as n"})
        return int(row["n"])

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query to the warehouse, asked with the reader's login."""
        with psycopg.connect(self.settings.server.reader_url("warehouse_sample")) as connection:
            return connection.execute(query).fetchall()

    def start(self, **parameters: Any) -> str:
        """Trigger the DAG and return the run's id."""
        run = {"logical_date": None, "conf": parameters}
        started: str = self.airflow.ask("POST", f"/dags/{DAG_ID}/dagRuns", json=run)["dag_run_id"]
        return started

    def running_batches(self, run_id: str, number: int) -> dict[int, str]:
        """Wait until so many batches are being fetched, and return the worker of each."""

        def look() -> dict[int, str]:
            tasks = [
                task
                for task in self.airflow.task_instances(run_id)
                if task["task_id"] == "load_batch.extract" and task["state"] == "running"
            ]
            return {task["map_index"]: task["hostname"] for task in tasks} if len(tasks) >= number else {}

        found: dict[int, str] = wait_for(f"{number} batches that run", look, LOAD_S)
        return found

    def finish(self, run_id: str) -> None:
        """Wait for the end of a run, which has to be a good one."""

        def look() -> str | None:
            state: str = self.airflow.ask("GET", f"/dags/{DAG_ID}/dagRuns/{run_id}")["state"]
            return state if state in FINISHED else None

        state = wait_for(f"The end of {run_id}", look, LOAD_S)
        assert state == "success", "\n\n".join(self.airflow.failures(run_id))

    def assert_equal_to_the_portal(self, run_id: str) -> None:
        """Compare counts with the portal's own, now, and as the load did by year, crime type and district."""
        ((held,),) = self.ask(
            "select (select count(*) from mart.crimes) + (select count(*) from ops.rejects)"
        )
        unequal = self.ask(
            "select dimension, count(*) filter (where not is_equal), count(*) from ops.reconciliations"
            f" where load_id = '{run_id}' group by 1 order by 1"
        )

        assert held == self.portal_count()
        assert [row[:2] for row in unequal] == [
            ("council_district", 0),
            ("crime_type", 0),
            ("occurred_year", 0),
        ]
        assert all(groups > 5 for *_, groups in unequal)
