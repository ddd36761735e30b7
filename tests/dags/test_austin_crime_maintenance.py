"""The weekly DAG: what it says of itself, and a run on a real metadata database and real logs."""

import json
import os
import re
import subprocess
import sys

import psycopg
import pytest
from dotenv import dotenv_values

from austin_crime import nightly
from local_stack.configuration.paths import python_path
from local_stack.configuration.settings import ROOT
from local_stack.provisioning import postgres as local_postgres

MAINTENANCE = """
dag = bag.dags["austin_crime_maintenance"]
"""
DESCRIBE = """
import pendulum
from airflow.serialization.encoders import coerce_to_core_timetable
from airflow.timetables.base import TimeRestriction
now = pendulum.now("America/Chicago")
first = coerce_to_core_timetable(dag.timetable).next_dagrun_info(
    last_automated_data_interval=None, restriction=TimeRestriction(earliest=None, latest=None, catchup=False)
).run_after.in_timezone("America/Chicago")
result = {
    "doc": dag.doc_md,
    "tasks": sorted(task.task_id for task in dag.tasks),
    "edges": sorted(other for task in dag.tasks for other in task.downstream_task_ids),
    "first": [first.format("dddd HH:mm"), 0 < (first - now).total_seconds() < 7.1 * 86400],
    "catchup": dag.catchup,
    "paused": dag.is_paused_upon_creation,
    "at_once": [dag.max_active_runs, dag.max_active_tasks],
    "params": {name: param.value for name, param in dag.params.items()},
}
"""
RUN = """
run = dag.test(run_conf=json.loads(os.environ["RUN_CONF"]))
result = {
    "state": run.state,
    "said": {ti.task_id: ti.xcom_pull(task_ids=ti.task_id) for ti in run.get_task_instances()},
}
"""
# Rows of a run long ago, as Airflow's own tables keep them.
OLD_ROWS = """
    insert into log (dttm, event, owner) select now() - interval '100 days', 'old', 'somebody' from generate_series(1, 7);
    insert into job (job_type, state, latest_heartbeat) values ('SchedulerJob', 'success', now() - interval '100 days');
"""


@pytest.fixture(scope="module")
def metadata_url(postgres, airflow_home) -> str:
    """Return the address of a migrated metadata database of Airflow, with rows that are old and rows that are not."""
    postgres.create_database("airflow", "airflow")
    url = postgres.url("airflow", "airflow")
    environment = dict(dotenv_values(ROOT / "settings" / "airflow.env")) | {
        "AIRFLOW_HOME": str(airflow_home),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url.replace("postgresql://", "postgresql+psycopg2://"),
    }
    migrate = [sys.executable, "-m", "airflow", "db", "migrate"]
    subprocess.run(migrate, env=os.environ | environment, check=True, capture_output=True, timeout=300)
    with psycopg.connect(url) as connection:
        connection.execute(OLD_ROWS)
        connection.execute("insert into log (dttm, event, owner) values (now(), 'new', 'somebody')")
    return url


@pytest.fixture
def run_maintenance(in_airflow, warehouse, metadata_url, tmp_path):
    """Return a function that runs the DAG with parameters: its state, and what each task said."""
    logs = tmp_path / "logs"

    def run(**parameters):
        for age_days in (0, 100):
            path = logs / f"dag_id=austin_crime_nightly/run_id={age_days}/task_id=publish/attempt=1.log"
            if not path.exists():
                path.parent.mkdir(parents=True)
                path.write_text("published\n")
                moment = path.stat().st_mtime - age_days * 86400
                os.utime(path, (moment, moment))
        variables = {
            "RUN_CONF": json.dumps(parameters),
            "AUSTIN_CRIME_WAREHOUSE_URL": warehouse.owner_url,
            "AUSTIN_CRIME_LANDING_URL": str(warehouse.landing),
            "AUSTIN_CRIME_POSTGRES_PROGRAMS": str(local_postgres.programs_folder()),
            "AIRFLOW_CONN_AIRFLOW_METADATA": metadata_url,
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(logs),
            "PYTHONPATH": python_path(ROOT),
        }
        return in_airflow(MAINTENANCE + RUN, **variables)

    run.logs = logs
    return run


def test_it_runs_on_sundays_one_task_at_a_time_each_on_its_own_and_not_at_the_first_start(in_airflow):
    dag = in_airflow(MAINTENANCE + DESCRIBE)

    assert dag["tasks"] == ["back_up", "clean_airflow", "clean_history", "clean_landing"]
    # A failed backup must neither hide behind the tasks after it nor keep the disk from being cleaned.
    assert dag["edges"] == []
    assert dag["first"] == ["Sunday 05:30", True]
    assert (dag["catchup"], dag["paused"], dag["at_once"]) == (False, False, [1, 1])
    assert dag["params"] == {"dry_run": False}
    assert all(f"`{task}`" in dag["doc"] for task in dag["tasks"])


def test_a_run_backs_up_and_says_in_one_line_each_what_it_removed(
    run_maintenance, sample_portal, warehouse, metadata_url, tmp_path
):
    nightly.run_nightly("first")

    dry = run_maintenance(dry_run=True)

    assert dry["state"] == "success"
    assert re.search(
        r"would remove [1-9]\d* rows of its database, and 1 log files, 10 bytes", dry["said"]["clean_airflow"]
    )
    assert not (tmp_path / "landing-backups").exists()
    with psycopg.connect(metadata_url) as connection:
        assert connection.execute("select count(*) from log where event = 'old'").fetchone() == (7,)

    done = run_maintenance()

    assert done["state"] == "success"
    [backup] = (tmp_path / "landing-backups").iterdir()
    assert f"wrote {backup}, " in done["said"]["back_up"]
    assert done["said"]["clean_landing"].startswith("Landing: removed 0 files")
    assert done["said"]["clean_history"] == "History: removed no rows, older than 90 days."
    assert re.search(
        r"removed [1-9]\d* rows of its database, and 1 log files, 10 bytes", done["said"]["clean_airflow"]
    )
    assert sorted(path.name for path in (run_maintenance.logs / "dag_id=austin_crime_nightly").iterdir()) == [
        "run_id=0"
    ]
    with psycopg.connect(metadata_url) as connection:
        events = connection.execute("select distinct event from log where owner = 'somebody'").fetchall()
        assert events == [("new",)]
