"""Every morning, send an alert if no load has ended today or the data is late.

Sends alerts, by Airflow's connections `austin_crime_smtp` and `austin_crime_webhook`, if no load has ended today, whatever the
reason, if the newest report or the portal's last change is more than two weeks old, and any alert that could not be sent at night.
It asks the warehouse, not Airflow. Each problem is reported when it begins and when it ends.
"""

from datetime import timedelta

import pendulum
from airflow.sdk import DAG, CronTriggerTimetable

from austin_crime import config
from austin_crime_airflow import telling
from austin_crime_airflow.tasks import step

with DAG(
    dag_id=config.WATCH_DAG_ID,
    doc_md=__doc__,
    schedule=CronTriggerTimetable("0 7 * * *", timezone=config.TIME_ZONE),
    start_date=pendulum.datetime(2024, 1, 1, tz=config.TIME_ZONE),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=False,
    tags=["austin", "crime"],
    default_args={"retries": config.RETRIES, "retry_delay": timedelta(seconds=config.LONGEST_WAIT_S)},
):
    step(telling.tell_in_the_morning)()
