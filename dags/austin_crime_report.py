"""Every Monday, email dashboards as PDFs.

- `mail_report` asks Superset for each dashboard as a PDF, drawn as a viewer sees it, and mails them by Airflow's connection `austin_crime_smtp` to
  `report_to` in its extra, with this year and the last twelve months compared in words. Without such recipients it says so, and does nothing.

With the parameter `dashboards` a run started by hand mails others: `austin-crime`, `austin-crime-where`, `austin-crime-when`,
`austin-crime-changes`, `austin-crime-health`. Superset needs Chromium for it; the containers have it.
"""

from datetime import timedelta

from airflow.sdk import DAG, CronTriggerTimetable

from austin_crime import config
from austin_crime_airflow.reporting import mail_report
from austin_crime_airflow.settings import REPORT_PARAMS
from austin_crime_airflow.tasks import step

with DAG(
    dag_id=config.REPORT_DAG_ID,
    doc_md=__doc__,
    # Without a start date, and with no patience for a Monday that is over, the first run waits for the next one.
    schedule=CronTriggerTimetable("30 7 * * 1", timezone=config.TIME_ZONE, run_immediately=timedelta(0)),
    catchup=False,
    max_active_runs=1,
    render_template_as_native_obj=True,
    is_paused_upon_creation=False,
    tags=["austin", "crime"],
    params=REPORT_PARAMS,
    default_args={"retries": config.RETRIES, "retry_delay": timedelta(seconds=config.LONGEST_WAIT_S)},
):
    step(mail_report)("{{ params.dashboards }}")
