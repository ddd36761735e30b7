"""What people are told of the load and its data: which state is a trouble, and in which words; pure."""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo

from austin_crime import config

Topic = Literal["load", "data"]
AUSTIN = ZoneInfo(config.TIME_ZONE)
ENDED_WELL = ("published", "unchanged")
# As mart.freshness judges it; a test compares the two.
LATE_AFTER_DAYS = 14
TITLE = "Austin crime"
# How the cause of a load that waits begins.
WAITS = "waits for a decision"
# A failed load's message begins with the step.
STEP = re.compile(r"([\w.]+): ")


@dataclass(frozen=True)
class Trouble:
    """A trouble as it is seen now.

    Parameters
    ----------
    cause
        What tells it from other troubles, in a few words that follow "the load" or "the data".
    message
        What happened, and what to do.
    """

    topic: Topic
    cause: str
    message: str
    load_id: str | None
    seen_at: datetime


@dataclass(frozen=True)
class Alert:
    """A row of ``ops.alerts``."""

    alert_id: int
    topic: Topic
    cause: str
    message: str
    load_id: str | None
    began_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class Message:
    """What is sent: a subject, and lines that begin with what they answer; ``alert_id`` is None if no alert is behind it."""

    alert_id: int | None
    subject: str
    lines: tuple[tuple[str, str], ...]


def trouble_of_load(load: Mapping[str, Any], blocking_checks: Sequence[str]) -> Trouble | None:
    """Return why a load did not end well; None if it did.

    Parameters
    ----------
    load
        A row of ``ops.loads`` that has ended.
    blocking_checks
        Names of the checks that blocked it.
    """
    if load["status"] in ENDED_WELL:
        return None
    message = load["message"] or f"Load {load['load_id']} ended {load['status']}."
    cause = f"was {load['status']}"
    if load["status"] == "blocked":
        cause = f"was blocked by {', '.join(blocking_checks)}"
    elif load["status"] == "failed":
        cause = cause_of_failure(message)
    return Trouble("load", cause, message, load["load_id"], load["finished_at"])


def trouble_of_waiting(
    load_id: str, checks: Sequence[str], asked_at: datetime, waits_until: datetime
) -> Trouble:
    """Return that a load waits for a person's decision, because checks failed."""
    message = (
        f"The load is ready, and {', '.join(checks)} failed. It waits until {moment(waits_until)}; without a decision nothing is"
        " published."
    )
    return Trouble("load", f"{WAITS} on {', '.join(checks)}", message, load_id, asked_at)


def cause_of_failure(message: str) -> str:
    """Return at which step a load failed, from a message that begins with it (``plan_load: ...``)."""
    step = STEP.match(message)
    return f"failed at {step[1]}" if step else "failed"


def trouble_of_morning(
    last_load: Mapping[str, Any] | None, ended_at: datetime | None, now: datetime
) -> Trouble | None:
    """Return that no load has ended today, Austin time; None if one has, or if none has ever begun.

    Parameters
    ----------
    last_load
        The row of ``ops.loads`` that began last.
    ended_at
        When a load ended last, or a failure was seen; None if neither was.
    """
    if last_load is None or (ended_at and _day(ended_at) == _day(now)):
        return None
    if last_load["status"] == "running":
        message = (
            f"Load {last_load['load_id']} has been running since {moment(last_load['started_at'])}; its last heartbeat was on"
            f" {moment(last_load['last_seen_at'])}. Its log in Airflow says what it waits for."
        )
    else:
        message = (
            f"No load has begun since {moment(last_load['started_at'])}. Look whether Airflow's scheduler runs, and whether"
            f" the DAG {config.DAG_ID} is paused."
        )
    return Trouble("load", "has not finished this morning", message, last_load["load_id"], now)


def trouble_of_data(freshness: Mapping[str, Any]) -> Trouble | None:
    """Return that the data are late: the newest report, or the portal's last change of its rows, lies too far back.

    Parameters
    ----------
    freshness
        The row of ``mart.freshness``, with ``portal_age_days``, ``source_url`` and ``now``.
    """
    newest_age, portal_age = freshness["newest_report_age_days"], freshness["portal_age_days"]
    if max(newest_age or 0, portal_age or 0) <= LATE_AFTER_DAYS:
        return None
    ages = [
        "no report has a date" if newest_age is None else f"the newest report is {newest_age} days old",
        "the portal does not say when its rows changed last"
        if portal_age is None
        else f"the portal last changed its rows {portal_age} days ago",
    ]
    message = (
        f"Loads succeed, but {' and '.join(ages)}: expected at most {LATE_AFTER_DAYS} days."
        f" The portal: {freshness['source_url']}/d/{config.DATASET_ID}"
    )
    return Trouble("data", "are late", message, None, freshness["now"])


def describe(alert: Alert, freshness: Mapping[str, Any] | None, airflow_url: str) -> Message:
    """Return the message about the beginning of an alert, or about its end if it has one.

    Parameters
    ----------
    freshness
        As for ``trouble_of_data``, with the row of ``mart.data_status``; None if somebody has deleted that row.
    airflow_url
        Where Airflow's pages are; empty if it is not set.
    """
    if alert.ended_at:
        lasted = _lasted(alert.topic, alert.began_at, alert.ended_at)
        again = "loads succeed again" if alert.topic == "load" else "the data is on time again"
        lines = [
            ("What it was", _without_step(alert.message)),
            ("Since", f"{moment(alert.began_at)}, until {moment(alert.ended_at)}"),
            ("Readers see", readers_see(freshness)),
        ]
        return Message(alert.alert_id, f"{TITLE}: {again}, after {lasted}", tuple(lines))
    lines = [
        ("What", _without_step(alert.message)),
        ("Since", moment(alert.began_at)),
        ("Readers see", readers_see(freshness)),
        ("What to do", _remedy(alert, airflow_url)),
    ]
    if airflow_url:
        lines.append(("Look at", _page(alert, airflow_url)))
    subject = f"{TITLE}: the {alert.topic} {alert.cause}"
    return Message(alert.alert_id, subject, tuple(lines))


def unreachable(reason: str, airflow_url: str) -> Message:
    """Return the message that the warehouse does not answer; it is sent by each run, for nothing remembers that it was."""
    lines = [
        ("What", reason),
        ("Readers see", "nothing, if the dashboard asks the same server"),
        ("What to do", f"Start the warehouse again, then a load. {_runbook('A run failed')}"),
    ]
    if airflow_url:
        lines.append(("Look at", f"{airflow_url}/dags/{config.DAG_ID}"))
    return Message(None, f"{TITLE}: the warehouse cannot be reached", tuple(lines))


def as_text(message: Message) -> str:
    """Return a message for a chat: Slack and Teams read the same few signs, and a blank line between lines."""
    lines = [message.subject, *(f"{label}: {text}" for label, text in message.lines)]
    return html.escape("\n\n".join(lines), quote=False)


def as_html(message: Message) -> str:
    """Return the body of an e-mail."""
    return "\n".join(
        f'<p style="overflow-wrap: anywhere"><b>{html.escape(label)}:</b> {_with_links(html.escape(text))}</p>'
        for label, text in message.lines
    )


def moment(at: datetime) -> str:
    """Return a time for people, in Austin: ``Wed, Nov 25, 2026, 03:30 Austin time``."""
    return f"{at.astimezone(AUSTIN):%a, %b %-d, %Y, %H:%M} Austin time"


def readers_see(freshness: Mapping[str, Any] | None) -> str:
    """Return which version readers see, and how old it is."""
    if freshness is None:
        return "no status: mart.data_status has lost its only row, and the next load that publishes writes it again"
    if freshness["is_empty"] or freshness["published_at"] is None:
        return "no data yet"
    newest, checked = freshness["newest_report_at"], freshness["checked_at"]
    return (
        f"the version published on {moment(freshness['published_at'])}: {freshness['report_count']:,} reports"
        + (f", the newest of {newest:%b %-d, %Y}" if newest else "")
        + (f". Last compared with the portal on {moment(checked)}" if checked else "")
    )


def _day(at: datetime) -> Any:
    return at.astimezone(AUSTIN).date()


def _lasted(topic: Topic, began_at: datetime, ended_at: datetime) -> str:
    """Return how long something lasted: ``2 nights`` without a load, ``5 days`` of late data, ``40 minutes``."""
    days = (_day(ended_at) - _day(began_at)).days
    minutes = int((ended_at - began_at).total_seconds() // 60)
    number, unit = (
        (days, "night" if topic == "load" else "day")
        if days
        else (minutes // 60, "hour")
        if minutes >= 60
        else (minutes, "minute")
    )
    return f"{number} {unit}{'' if number == 1 else 's'}"


def _remedy(alert: Alert, airflow_url: str) -> str:
    if alert.topic == "data":
        return _runbook("The data are late")
    start = f'click "Start a load" on the Pipeline page{f", {airflow_url}/plugin/pipeline" if airflow_url else ""}'
    if alert.cause.startswith(WAITS):
        return f"Open the gate of the run, see what failed, and publish the load or reject it. {_runbook('A check blocked the load')}"
    if alert.cause.startswith("was blocked"):
        return (
            f"Look at the reports that failed the check, then {start}. {_runbook('A check blocked the load')}"
        )
    return f"Fix the cause, then {start}. The next nightly load retries automatically. {_runbook('A run failed')}"


def _without_step(message: str) -> str:
    return STEP.sub("", message, count=1) if STEP.match(message) else message


def _runbook(title: str) -> str:
    return f'More in docs/runbook.md, "{title}".'


def _page(alert: Alert, airflow_url: str) -> str:
    """Return the address of the run in Airflow; of the DAG if no run of Airflow saw it."""
    dag = f"{airflow_url}/dags/{config.DAG_ID}"
    if not alert.load_id or alert.load_id.startswith(("prefect__", "python__")):
        return dag
    run = f"{dag}/runs/{quote(alert.load_id)}"
    is_waiting = alert.cause.startswith(WAITS) and not alert.ended_at
    return f"{run}/tasks/gate/required_actions" if is_waiting else run


def _with_links(text: str) -> str:
    """Return HTML in which addresses can be clicked."""
    return re.sub(r"(https?://[^\s,;&]+[^\s,;.&])", r'<a href="\1">\1</a>', text)
