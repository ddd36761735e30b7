"""The alerts in ``ops.alerts``: begun and ended by what is seen, and marked once people were told."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg.rows import class_row

from austin_crime import messages
from austin_crime.messages import Alert, Message, Topic, Trouble
from austin_crime.warehouse.connection import Connection

LOADS = "select load_id, status, message, started_at, last_seen_at, finished_at from ops.loads"
FRESHNESS = """
    select
        freshness.*, status.is_empty, status.report_count, status.source_url, now() as now,
        extract(day from now() - freshness.portal_updated_at)::integer as portal_age_days
    from mart.freshness cross join mart.data_status as status
"""
# The beginning of an alert that lasts; the end of one whose beginning people know.
UNTOLD = """
    select alert_id, topic, cause, message, load_id, began_at, ended_at from ops.alerts
    where ended_at is null and told_at is null or told_at is not null and ended_at is not null and end_told_at is null
    order by alert_id
"""


def is_there(connection: Connection) -> bool:
    """Whether the warehouse has the table: a run can fail before the first migration."""
    return (
        connection.execute("select to_regclass('ops.alerts')::text as name").fetchall()[0]["name"] is not None
    )


def note_failed_run(connection: Connection, load_id: str, message: str) -> None:
    """Begin an alert for a run that failed before its load was planned: ``ops.loads`` has no row of it.

    A run that is refused because another load is running is no trouble: that one goes on.
    """
    seen = connection.execute(
        "select now() as now, exists (select from ops.loads where load_id = %(load_id)s or status = 'running')"
        " or exists (select from ops.alerts where load_id = %(load_id)s and ended_at is null) as is_known",
        {"load_id": load_id},
    ).fetchall()[0]
    if not seen["is_known"]:
        _begin(
            connection,
            Trouble("load", messages.cause_of_failure(message), message, load_id, seen["now"]),
        )


def note_waiting(
    connection: Connection, load_id: str, checks: Sequence[str], asked_at: datetime, waits_until: datetime
) -> None:
    """Begin an alert for a load that waits for a person's decision."""
    _begin(connection, messages.trouble_of_waiting(load_id, checks, asked_at, waits_until))


def observe_loads(connection: Connection) -> None:
    """Begin or end the alert about loads, by the load that ended last, unless something was seen since."""
    last = connection.execute(
        f"{LOADS} where finished_at > coalesce((select max(seen_at) from ops.alerts where topic = 'load' and ended_at is null),"
        " '-infinity') order by finished_at desc limit 1"
    ).fetchone()
    if last is None:
        return
    checks = connection.execute(
        "select check_name from ops.check_results where load_id = %s and severity = 'block' and status = 'failed' order by check_name",
        (last["load_id"],),
    )
    trouble = messages.trouble_of_load(last, [check["check_name"] for check in checks])
    _record(connection, "load", trouble, last["finished_at"])


def observe_morning(connection: Connection) -> None:
    """Begin the alert that no load has ended today, unless one has or a failure was seen today."""
    last = connection.execute(f"{LOADS} order by started_at desc limit 1").fetchone()
    seen = connection.execute(
        "select now() as now, greatest(max(seen_at), (select max(finished_at) from ops.loads)) as ended_at"
        " from ops.alerts where topic = 'load' and ended_at is null"
    ).fetchall()[0]
    trouble = messages.trouble_of_morning(last, seen["ended_at"], seen["now"])
    if trouble:
        _begin(connection, trouble)


def observe_data(connection: Connection) -> None:
    """Begin or end the alert about late data."""
    freshness = connection.execute(FRESHNESS).fetchone()
    if freshness and not freshness["is_empty"]:
        _record(connection, "data", messages.trouble_of_data(freshness), freshness["now"])


def untold(connection: Connection, airflow_url: str) -> list[Message]:
    """Return what people have not been told yet."""
    freshness = connection.execute(FRESHNESS).fetchone()
    alerts = connection.cursor(row_factory=class_row(Alert)).execute(UNTOLD).fetchall()
    return [messages.describe(alert, freshness, airflow_url) for alert in alerts]


def note_told(connection: Connection, alert_id: int) -> None:
    """Record that people were told of an alert as it is now: of its end if it has ended."""
    connection.execute(
        "update ops.alerts set told_at = coalesce(told_at, now()), end_told_at = case when ended_at is not null then now() end"
        " where alert_id = %s",
        (alert_id,),
    )


def _record(connection: Connection, topic: Topic, trouble: Trouble | None, at: datetime) -> None:
    if trouble:
        _begin(connection, trouble)
    else:
        connection.execute(
            "update ops.alerts set ended_at = %s where topic = %s and ended_at is null", (at, topic)
        )


def _begin(connection: Connection, trouble: Trouble) -> None:
    """Begin an alert, or go on with the open one of this topic: people are told again if the cause is another."""
    values: dict[str, Any] = vars(trouble)
    connection.execute(
        "insert into ops.alerts (topic, cause, message, load_id, began_at, seen_at)"
        " values (%(topic)s, %(cause)s, %(message)s, %(load_id)s, %(seen_at)s, %(seen_at)s)"
        " on conflict (topic) where ended_at is null do update set"
        " told_at = case when alerts.cause = excluded.cause then alerts.told_at end, cause = excluded.cause,"
        " message = excluded.message, load_id = excluded.load_id, seen_at = excluded.seen_at",
        values,
    )
