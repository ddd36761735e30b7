"""Fill an empty warehouse from the landing, without the portal: past loads again, from their files as received, to the same tables.

`until` is the last load to replay; without it, the one published last. Pause `austin_crime_nightly` first: a load that
starts during the replay ends it.

**Refused** if the warehouse holds loads or reports, or if files are missing or damaged. Nothing is written then. A replay that fails
later leaves an unfinished warehouse: create a new database for the next one (docs/runbook.md).
"""

import pendulum
from airflow.sdk import DAG

from austin_crime import config, steps
from austin_crime_airflow.settings import REPLAY_PARAMS
from austin_crime_airflow.tasks import step

with DAG(
    dag_id="austin_crime_replay",
    doc_md=__doc__,
    schedule=None,
    start_date=pendulum.datetime(2024, 1, 1, tz=config.TIME_ZONE),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags=["austin", "crime"],
    params=REPLAY_PARAMS,
):
    step(steps.replay_loads)("{{ params.until or '' }}")
