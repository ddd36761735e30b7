"""Austin's police reports, every night.

Asks the portal which months of report date changed, fetches just those, cleans them in pandas, compares what would be
published with the portal's own counts, and publishes it to PostgreSQL in one transaction. If nothing changed, it ends green.

**A failed run** leaves the published data as it was. The failed task's log says why, `ops.loads` too once a load began.
**A check that blocks** makes `gate` wait for a person, in *Required Actions*, until shortly before the next night: *Publish* accepts
the checks named there, *Reject* ends the load. Readers keep the version published last. To go on after a failure, trigger a new run.
`tell` sends one alert when a load waits or fails, and one when loads succeed again; recipients: docs/runbook.md.
"""

import pendulum
from airflow.sdk import DAG, CronTriggerTimetable, task, task_group

from austin_crime import config, steps
from austin_crime.models import Batch, Load
from austin_crime_airflow import assets, telling
from austin_crime_airflow.callbacks import free_slot
from austin_crime_airflow.operators import BuildOperator, ExtractOperator, GateOperator, PortalSensor
from austin_crime_airflow.settings import DEFAULT_ARGS, PARAMS
from austin_crime_airflow.tasks import step

with DAG(
    dag_id=config.DAG_ID,
    doc_md=__doc__,
    schedule=CronTriggerTimetable(f"{config.NIGHTLY_AT:%-M %-H} * * *", timezone=config.TIME_ZONE),
    start_date=pendulum.datetime(2024, 1, 1, tz=config.TIME_ZONE),
    catchup=False,
    max_active_runs=1,
    # No backfill: the portal only knows the data of now.
    allowed_run_types=["scheduled", "manual"],  # type: ignore[list-item]  # Airflow converts them
    render_template_as_native_obj=True,
    template_searchpath=str(config.SQL_DIR),
    tags=["austin", "crime"],
    params=PARAMS,
    default_args=DEFAULT_ARGS,
    on_failure_callback=free_slot,
):

    @task_group
    def load_batch(batch: Batch, load: Load) -> None:
        """Land a batch as received, then clean and stage it."""
        landed = ExtractOperator(task_id="extract", batch=batch, load=load)
        landed >> step(steps.clean_and_stage)(batch, load)

    source_is_up = PortalSensor(task_id="source_is_up", endpoint=f"api/views/{config.DATASET_ID}.json")
    load = step(steps.plan_load)(
        "{{ run_id }}", "{{ params }}", "airflow", "{{ dag_run.triggering_user_name }}"
    )
    anything_new = task.short_circuit(steps.anything_new)(load)
    batches = step(steps.list_batches, show_return_value_in_logs=False)(load)
    staged = load_batch.expand_kwargs(batches)
    settled = step(steps.settle_months, trigger_rule="none_failed")(load)
    built = [BuildOperator(table=table) for table in config.AGGREGATES]
    checked = step(steps.check_load)(load)
    gate = GateOperator(task_id="gate", load=load)
    published = step(steps.publish, outlets=assets.PUBLISHED, post_execute=assets.note_row_counts)(load)
    # A teardown runs whatever came before it, and its own failure is not the run's.
    tell_people = step(telling.tell, on_failure_callback=None)("{{ run_id }}").as_teardown()

    source_is_up >> load >> anything_new >> batches >> staged >> settled >> built[0] >> built[1:]
    built[1:] >> checked >> gate >> published >> step(steps.refresh_dashboards)() >> tell_people
