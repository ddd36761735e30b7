"""The containers at work, in this order: a first load, a worker's death, PostgreSQL's death, an end and a new beginning."""

import subprocess

import pytest

from testing.containers_at_work import LOAD_S, START_S, TABLES, WORKERS
from testing.waiting import wait_for

pytestmark = pytest.mark.compose

QUERY = "select crime_type, sum(report_count) as reports from mart.crimes_per_month group by 1"


def test_a_first_load_is_shared_by_the_workers_and_equal_to_the_portal(stack, release):
    run_id, _ = stack.airflow.start_run(set())
    workers = stack.running_batches(run_id, WORKERS + 1)
    release()
    stack.finish(run_id)

    assert set(workers.values()) == set(stack.of_service("airflow-worker"))
    stack.assert_equal_to_the_portal(run_id)
    assert stack.portal_count() >= 200_000


def test_every_chart_is_answered_and_was_warmed_by_the_load(stack):
    viewer = stack.superset("viewer")
    answers = {chart: viewer.answer(viewer.query_context(chart)) for chart in viewer.charts()}

    # What changes, and what is rejected, is empty after a first load without duplicates; what ages is kept for minutes only.
    may_be_empty = {"Edited columns", "Reclassified", "Clearance changed", "Revisions", "Rejected reports"}
    aging = {"Freshness", "About these data"}
    assert len(answers) == 43
    assert {chart: answer["error"] for chart, answer in answers.items() if answer["error"]} == {}
    assert {chart for chart, answer in answers.items() if not answer["data"]} <= may_be_empty
    assert {chart for chart, answer in answers.items() if not answer["is_cached"]} <= aging


def test_the_edition_that_a_worker_wrote_is_served_by_superset(stack):
    answer = stack.superset("viewer").ask("GET", "/edition/")

    assert answer.status_code == 200
    assert f"{stack.portal_count():,}" in answer.text


def test_superset_draws_a_dashboard_as_a_pdf(stack):
    viewer = stack.superset("viewer")
    answer = viewer.session.get(f"{viewer.url}/report/austin-crime.pdf", timeout=180)

    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(b"%PDF")


def test_the_pages_in_airflow_read_the_warehouse_and_the_landing(stack):
    airflow = stack.airflow

    def ask(path: str, **params: str):
        answer = airflow.session.get(
            f"{airflow.address}/austin-crime/api/{path}",
            params=params,
            headers={"X-Austin-Crime": "1"},
            timeout=60,
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    assert ask("loads")["status"]["report_count"] == stack.portal_count()
    folder = ask("landing")["loads"][0]["folder"]
    assert any(file["is_batch"] for file in ask("landing/files", name=folder))
    assert not ask("example")["is_sample"]


def test_a_query_of_sql_lab_is_answered_by_superset_s_worker(stack):
    analyst = stack.superset("analyst")
    body = {"database_id": 1, "sql": QUERY, "runAsync": True, "queryLimit": 1000}
    begun = analyst.ask("POST", "/api/v1/sqllab/execute/", body)
    assert begun.status_code == 202, begun.text
    query_id = begun.json()["query"]["queryId"]

    def look():
        query = analyst.get(f"/api/v1/query/{query_id}")
        return query if query["status"] not in ("pending", "running") else None

    query = wait_for("The answer of SQL Lab", look, 60)
    assert query["status"] == "success"
    assert query["rows"] == len(stack.ask(QUERY))


def test_a_batch_whose_worker_is_killed_is_taken_over_by_another(stack, release):
    before = stack.ask(TABLES)
    run_id = stack.start(full_reload=True)
    first = stack.running_batches(run_id, WORKERS + 1)
    victim = first[0]
    stack.kill(victim)
    release()
    stack.finish(run_id)

    tasks = [task for task in stack.airflow.task_instances(run_id) if task["task_id"] == "load_batch.extract"]
    last = {task["map_index"]: (task["hostname"], task["try_number"]) for task in tasks}
    lost = {index for index, worker in first.items() if worker == victim}
    assert {index for index, (_, tries) in last.items() if tries > 1} == lost
    assert victim not in {worker for worker, _ in last.values()}
    assert stack.ask(TABLES) == before
    stack.assert_equal_to_the_portal(run_id)
    stack.up()
    assert len(stack.of_service("airflow-worker")) == WORKERS


def test_a_load_outlives_postgresql_s_death_and_nobody_has_to_help(stack, release):
    week = stack.portal("POST", "/live/week")["week"]
    (container,) = stack.of_service("postgres")
    run_id = stack.start()
    stack.running_batches(run_id, 1)
    # The server itself, not its container, which the engine has to start again.
    stack.compose("exec", "postgres", "sh", "-c", 'kill -9 "$(head -n 1 "$PGDATA/postmaster.pid")"')
    wait_for("PostgreSQL's second start", lambda: stack.containers()[container]["RestartCount"], START_S)
    wait_for("The stack's recovery", lambda: not stack.problems(), START_S)
    release()
    stack.finish(run_id)

    stack.assert_equal_to_the_portal(run_id)
    (counts,) = stack.ask(
        f"select added_count, edited_count, removed_count from ops.loads where load_id = '{run_id}'"
    )
    assert counts[0] == week["added"]
    assert counts[2] == week["removed"]


def test_nothing_is_lost_when_everything_goes_down_and_comes_up_again(stack):
    before, loads = stack.ask(TABLES), stack.ask("select load_id, status from ops.loads order by 1")
    runs = [run["dag_run_id"] for run in stack.airflow.runs()]
    viewer = stack.superset("viewer")
    link = viewer.ask("POST", "/api/v1/dashboard/austin-crime/permalink", {"dataMask": {}}).json()["key"]
    stack.compose("down")
    assert stack.compose("ps", "--all", "--quiet") == ""
    stack.up()

    assert stack.ask(TABLES) == before
    assert stack.ask("select load_id, status from ops.loads order by 1") == loads
    assert [run["dag_run_id"] for run in stack.airflow.runs()] == runs
    first = next(task for task in stack.airflow.task_instances(runs[-1]) if task["task_id"] == "plan_load")
    assert any("The portal has" in line for line in stack.airflow.log(runs[-1], first))
    assert stack.superset("viewer").ask("GET", f"/superset/dashboard/p/{link}/").status_code == 200
    quiet = stack.start()
    stack.finish(quiet)
    assert stack.ask(f"select status from ops.loads where load_id = '{quiet}'") == [("unchanged",)]


def test_batches_are_ended_before_a_worker_is(stack, release):
    run_id = stack.start(full_reload=True)
    first = stack.running_batches(run_id, WORKERS + 1)
    victim = first[0]
    stopping = subprocess.Popen(["docker", "stop", "--time", "120", victim], env=stack.environment)
    wait_for("The warm shutdown", lambda: "Warm shutdown" in stack.log_of(victim), LOAD_S)
    release()
    stack.finish(run_id)
    assert stopping.wait(timeout=150) == 0

    tasks = [task for task in stack.airflow.task_instances(run_id) if task["task_id"] == "load_batch.extract"]
    assert {task["try_number"] for task in tasks} == {1}
    assert stack.containers()[victim]["State"]["ExitCode"] == 0


def test_a_second_start_changes_nothing_that_people_made(stack):
    admin = stack.superset("admin")
    chart = admin.charts()["Reports"]
    assert (
        admin.ask("PUT", f"/api/v1/chart/{chart}", {"slice_name": "Renamed by a person"}).status_code == 200
    )

    stack.up()

    assert "Renamed by a person" in stack.superset("admin").charts()
