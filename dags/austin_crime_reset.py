"""Delete published data, or files as received, on purpose; the next load brings the data back.

`target` is a table (`mart.top_crimes`), `all tables`, `landing`, `landing/<load>`, or `everything`; `confirm` is the same, typed
again. What was there is recorded in `ops.resets`, and the load that follows records whether it brought the same content back.

**Refused** while a load is running, and without `confirm`. Nothing is deleted then.
"""

import pendulum
from airflow.sdk import DAG

from austin_crime import config, steps
from austin_crime_airflow.settings import RESET_PARAMS
from austin_crime_airflow.tasks import step

with DAG(
    dag_id=config.RESET_DAG_ID,
    doc_md=__doc__,
    schedule=None,
    start_date=pendulum.datetime(2024, 1, 1, tz=config.TIME_ZONE),
    catchup=False,
    max_active_runs=1,
    render_template_as_native_obj=True,
    is_paused_upon_creation=False,
    tags=["austin", "crime"],
    params=RESET_PARAMS,
):
    deleted = step(steps.delete_data)("{{ run_id }}", "{{ params }}", "{{ dag_run.triggering_user_name }}")
    deleted >> step(steps.refresh_dashboards)()
