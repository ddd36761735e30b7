"""Weekly maintenance, every Sunday: backs up the warehouse and removes old data.

- `back_up` writes the schemas mart and ops to `AUSTIN_CRIME_BACKUP_URL` with pg_dump, reads the contents back, and keeps the newest
  `AUSTIN_CRIME_KEEP_BACKUPS`.
- `clean_landing` deletes files as received that are older than `AUSTIN_CRIME_KEEP_DAYS`, but never what a replay needs.
- `clean_history` deletes the details of loads in `ops` that are older; what changed in the data stays.
- `clean_airflow` deletes Airflow's own runs and logs that are older.

Each task says in one line what it removed. With `dry_run` they only report. A load may run at the same time, and **a failed
task** can be cleared: it continues where it stopped.
"""

from datetime import timedelta

from airflow.sdk import DAG, CronTriggerTimetable

from austin_crime import config, maintenance
from austin_crime_airflow.housekeeping import clean_airflow
from austin_crime_airflow.settings import DEFAULT_ARGS, MAINTENANCE_PARAMS
from austin_crime_airflow.tasks import step

with DAG(
    dag_id=config.MAINTENANCE_DAG_ID,
    doc_md=__doc__,
    # Without a start date, and with no patience for a Sunday that is over, the first run waits for the next one.
    schedule=CronTriggerTimetable("30 5 * * 0", timezone=config.TIME_ZONE, run_immediately=timedelta(0)),
    catchup=False,
    max_active_runs=1,
    max_active_tasks=1,
    render_template_as_native_obj=True,
    is_paused_upon_creation=False,
    tags=["austin", "crime"],
    params=MAINTENANCE_PARAMS,
    default_args={name: value for name, value in DEFAULT_ARGS.items() if name.startswith("retr")},
):
    for function in (
        maintenance.back_up,
        maintenance.clean_landing,
        maintenance.clean_history,
        clean_airflow,
    ):
        step(function)("{{ params.dry_run }}")
