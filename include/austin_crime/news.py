"""What people have not been told yet: asked when a run has ended, when a load begins to wait, and each morning."""

import logging

from austin_crime.messages import Message
from austin_crime.warehouse import alerts, slot
from austin_crime.warehouse.connection import connect

log = logging.getLogger(__name__)


def untold(airflow_url: str) -> list[Message]:
    """Return what people have not been told yet.

    Parameters
    ----------
    airflow_url
        Where Airflow's pages are, for links; here and below.
    """
    with connect() as connection:
        if not alerts.is_there(connection):
            log.warning("The warehouse has no tables yet, so nothing is known that people should be told.")
            return []
        alerts.observe_loads(connection)
        alerts.observe_data(connection)
        return alerts.untold(connection, airflow_url)


def of_run(load_id: str, airflow_url: str) -> list[Message]:
    """Return it once a run has ended: if its load is still running, no task goes on with it, and the load failed."""
    if slot.is_running(load_id):
        slot.fail_load(
            load_id,
            "A task was killed, or the run was marked by hand: trigger a new run. The log of the task may say more.",
        )
    return untold(airflow_url)


def of_morning(airflow_url: str) -> list[Message]:
    """Return it in the morning: also if no load has ended today."""
    with connect() as connection:
        if alerts.is_there(connection):
            alerts.observe_morning(connection)
    return untold(airflow_url)


def note_told(alert_id: int) -> None:
    """Record that people were told of an alert."""
    with connect() as connection:
        alerts.note_told(connection, alert_id)
