"""The DAG that fills an empty warehouse from the landing; what a replay brings back is tested in tests/include/test_replay.py."""

import json

import psycopg
import pytest

from austin_crime import nightly
from sample_portal.publisher import live

REPLAY = """
dag = bag.dags["austin_crime_replay"]
"""
RUN = """
run = dag.test(run_conf=json.loads(os.environ["RUN_CONF"]))
result = {"state": run.state, "schedule": dag.schedule, "max_active_runs": dag.max_active_runs}
"""


@pytest.fixture
def run_replay(in_airflow, warehouse):
    """Return a function that runs the DAG with parameters on a warehouse; there is no portal."""

    def run(url, **parameters):
        variables = {
            "RUN_CONF": json.dumps(parameters),
            "AUSTIN_CRIME_WAREHOUSE_URL": url,
            "AUSTIN_CRIME_LANDING_URL": str(warehouse.landing),
            "AUSTIN_CRIME_SOURCE_URL": "http://127.0.0.1:1",
        }
        return in_airflow(REPLAY + RUN, **variables)

    return run


def reports_and_loads(url):
    with psycopg.connect(url) as connection:
        return (
            connection.execute("select * from mart.crimes order by incident_id").fetchall(),
            connection.execute("select load_id from ops.loads order by started_at").fetchall(),
        )


def test_a_run_fills_an_empty_warehouse_up_to_a_load_and_refuses_one_that_is_not_empty(
    run_replay, new_warehouse, superuser, warehouse, sample_portal
):
    nightly.run_nightly("first")
    first = reports_and_loads(warehouse.owner_url)
    live.remove_reports(sample_portal.store, 'hash(":id") % 1000 = 0')
    nightly.run_nightly("second")
    empty, _ = new_warehouse("replayed_by_airflow")
    try:
        unknown = run_replay(empty, until="third")
        untouched = reports_and_loads(empty)
        done = run_replay(empty, until="first")
        replayed = reports_and_loads(empty)
        refused = run_replay(empty)
        after = reports_and_loads(empty)
    finally:
        superuser.execute("drop database replayed_by_airflow with (force)")

    assert done == {"state": "success", "schedule": None, "max_active_runs": 1}
    assert replayed == first
    assert (unknown["state"], untouched) == ("failed", ([], []))
    assert (refused["state"], after) == ("failed", first)
