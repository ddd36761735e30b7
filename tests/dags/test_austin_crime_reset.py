import json

import psycopg
import pytest

from austin_crime import nightly

RESET = """
dag = bag.dags["austin_crime_reset"]
"""
DESCRIBE = """
result = {
    "doc": dag.doc_md,
    "edges": [[task.task_id, other] for task in dag.tasks for other in task.downstream_task_ids],
    "tasks": [task.task_id for task in dag.tasks],
    "schedule": dag.schedule,
    "max_active_runs": dag.max_active_runs,
    "params": {name: param.value for name, param in dag.params.items()},
}
"""
RUN = """
run = dag.test(run_conf=json.loads(os.environ["RUN_CONF"]))
result = {"state": run.state, "tasks": {ti.task_id: ti.state for ti in run.get_task_instances()}}
"""


@pytest.fixture
def run_reset(in_airflow, warehouse):
    """Return a function that runs the DAG with parameters."""

    def run(**parameters):
        variables = {
            "RUN_CONF": json.dumps(parameters),
            "AUSTIN_CRIME_WAREHOUSE_URL": warehouse.owner_url,
            "AUSTIN_CRIME_LANDING_URL": str(warehouse.landing),
        }
        return in_airflow(RESET + RUN, **variables)

    return run


def test_it_runs_only_when_a_person_starts_it_one_at_a_time_and_deletes_nothing_by_itself(in_airflow):
    dag = in_airflow(RESET + DESCRIBE)

    assert dag["edges"] == [["delete_data", "refresh_dashboards"]]
    assert (dag["schedule"], dag["max_active_runs"]) == (None, 1)
    assert dag["params"] == {"target": "", "confirm": ""}
    assert "Refused" in dag["doc"]


def test_a_run_deletes_what_was_typed_twice_and_nothing_else(run_reset, sample_portal, warehouse):
    nightly.run_nightly("first")
    refused = run_reset(target="all tables", confirm="all table")
    done = run_reset(target="all tables", confirm="all tables")

    assert (refused["state"], refused["tasks"]["delete_data"]) == ("failed", "failed")
    assert done == {"state": "success", "tasks": {"delete_data": "success", "refresh_dashboards": "success"}}
    with psycopg.connect(warehouse.owner_url) as connection:
        assert connection.execute("select count(*) from mart.crimes").fetchone() == (0,)
        [(target, started_by)] = connection.execute("select target, started_by from ops.resets").fetchall()
    assert (target, bool(started_by)) == ("all tables", True)


def test_a_target_is_text_whatever_it_looks_like(run_reset, warehouse):
    target = "{{ ['all tables'] }}"
    assert run_reset(target=target, confirm=target)["state"] == "failed"
    with psycopg.connect(warehouse.owner_url) as connection:
        assert connection.execute("select count(*) from ops.resets").fetchone() == (0,)
