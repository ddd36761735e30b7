"""A person's decision on a load that checks block: the question, and what the answer does."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import sql

from austin_crime import config, contract
from austin_crime.errors import CheckBlocked, LoadRefused
from austin_crime.load import check
from austin_crime.models import Answer, Question, RunningLoad
from austin_crime.parameters import ACCEPTABLE
from austin_crime.warehouse import alerts
from austin_crime.warehouse.connection import Connection
from austin_crime.warehouse.statements import fill

log = logging.getLogger(__name__)

BLOCKING = """
    select check_name, observed, threshold, message from ops.check_results
    where load_id = %s and severity = 'block' and status = 'failed' order by check_name
"""
# Reports before and after, and what publishing would add, edit and remove.
EFFECT = """
    select
        (select count(*) from mart.crimes) as published_count,
        (select count(*) from staging.crimes_next) as next_count,
        -- An empty table is filled with all of them.
        case
            when exists (select from mart.crimes) then (select count(*) from staging.changes where change = 'added')
            else (select count(*) from staging.crimes_next)
        end as added_count,
        (select count(*) from staging.changes where change = 'edited') as edited_count,
        (select count(*) from staging.changes where change = 'removed') as removed_count,
        (select published_at from mart.data_status) as published_at
"""
COLUMNS = {column.source_name: column.name for column in contract.COLUMNS}


def ask(connection: Connection, load: RunningLoad, now: datetime) -> Question | None:
    """Return what a person has to decide, and record that the load waits; None if the gate is open.

    Parameters
    ----------
    now
        The time, with a time zone.

    Raises
    ------
    CheckBlocked
        If a check blocks the load that nobody may accept, or no check ran.
    LoadRefused
        If an earlier attempt of the load has asked: orchestrators would show its question, with its numbers.
    """
    blocking = connection.execute(BLOCKING, (load.load_id,)).fetchall()
    acceptable = set(ACCEPTABLE)
    if not blocking or any(row["check_name"].partition(":")[0] not in acceptable for row in blocking):
        check.pass_gate(connection)
        return None
    if connection.execute(
        "select 1 from ops.decisions where load_id = %s and attempt <> %s", (load.load_id, load.attempt)
    ).fetchone():
        raise LoadRefused(
            f"Load {load.load_id} has asked for a decision in an earlier attempt, whose numbers are no longer right:"
            " trigger a new run. Nothing was published."
        )
    waits_until = next_night(now) - timedelta(seconds=config.DECISION_ENDS_BEFORE_S)
    names = [row["check_name"] for row in blocking]
    connection.execute(
        """
        insert into ops.decisions (load_id, attempt, check_names, asked_at, waits_until)
        values (%(load_id)s, %(attempt)s, %(names)s, %(now)s, %(waits_until)s)
        on conflict (load_id, attempt) do update set
            check_names = excluded.check_names, asked_at = excluded.asked_at, waits_until = excluded.waits_until,
            decision = null, decided_by = null, decided_at = null
        """,
        {
            "load_id": load.load_id,
            "attempt": load.attempt,
            "names": names,
            "now": now,
            "waits_until": waits_until,
        },
    )
    alerts.note_waiting(connection, load.load_id, names, now, waits_until)
    log.warning("The load waits for a decision until %s.", _austin(waits_until))
    return Question(
        subject=f"Publish although {', '.join(names)} failed?",
        body=_body(connection, blocking, waits_until),
        asked_at=now,
        waits_until=waits_until,
    )


def decide(connection: Connection, load: RunningLoad, answer: Answer | None) -> None:
    """Record a decision: publishing accepts exactly the checks asked about; any other ends the load, and commits.

    Parameters
    ----------
    answer
        None if nobody answered in time.

    Raises
    ------
    CheckBlocked
        If the load is not to be published.
    LoadRefused
        If the answer is older than the question.
    """
    asked = connection.execute(
        "select check_names, asked_at from ops.decisions where load_id = %s and attempt = %s",
        (load.load_id, load.attempt),
    ).fetchone()
    if asked is None or (answer and answer.given_at < asked["asked_at"]):
        raise LoadRefused(
            f"The decision was given before load {load.load_id} asked for it, so it does not count: trigger a new run."
            " Nothing was published."
        )
    decision = answer.decision if answer else "none"
    decided_by = answer.decided_by if answer else None
    connection.execute(
        "update ops.decisions set decision = %s, decided_by = %s, decided_at = clock_timestamp()"
        " where load_id = %s and attempt = %s",
        (decision, decided_by, load.load_id, load.attempt),
    )
    if decision == "publish":
        connection.execute(
            "update ops.check_results set status = 'accepted', accepted_by = %s"
            " where load_id = %s and severity = 'block' and status = 'failed' and check_name = any(%s)",
            (decided_by, load.load_id, asked["check_names"]),
        )
        check.pass_gate(connection)
        log.warning("%s accepted %s.", decided_by, ", ".join(asked["check_names"]))
        return
    why = f"{decided_by} rejected the load." if answer else "Nobody decided before the next night."
    message = f"{why} Readers keep the version published last. {_messages(connection, load)}"
    connection.execute(
        "update ops.loads set status = 'blocked', message = %s, finished_at = now() where load_id = %s",
        (message, load.load_id),
    )
    connection.commit()
    raise CheckBlocked(message)


def next_night(now: datetime) -> datetime:
    """Return when the next nightly load starts after a time."""
    local = now.astimezone(ZoneInfo(config.TIME_ZONE))
    night = datetime.combine(local.date(), config.NIGHTLY_AT, local.tzinfo)
    if local + timedelta(seconds=config.DECISION_ENDS_BEFORE_S) >= night:
        night = datetime.combine(local.date() + timedelta(days=1), config.NIGHTLY_AT, local.tzinfo)
    return night


def _messages(connection: Connection, load: RunningLoad) -> str:
    return " ".join(row["message"] for row in connection.execute(BLOCKING, (load.load_id,)))


def _body(connection: Connection, blocking: Sequence[dict[str, Any]], waits_until: datetime) -> str:
    """Return the question in Markdown: what failed, the reports concerned, what publishing would change, what to do."""
    effect = connection.execute(EFFECT).fetchall()[0]
    failed = [
        [
            row["check_name"],
            _finding(row["check_name"]),
            f"{float(row['observed']):g}",
            f"{row['threshold']:g}",
        ]
        for row in blocking
    ]
    parts = [
        f"The load is ready and was not published, because checks failed. It waits for your decision until"
        f" {_austin(waits_until)}; without one, nothing is published and the next nightly load begins.",
        _table(["Check", "Expected", "Came", "At most"], failed),
        f"**Publishing would** add {effect['added_count']:,}, edit {effect['edited_count']:,} and remove"
        f" {effect['removed_count']:,} reports: {effect['published_count']:,} become {effect['next_count']:,}."
        + (
            f" Until then readers see the version of {_austin(effect['published_at'])}."
            if effect["published_at"]
            else " Nothing is published yet."
        ),
    ]
    for row in blocking:
        rows = _sample(connection, row["check_name"])
        if rows:
            title = f"**{row['check_name']}**: some of the reports concerned"
            parts.append(f"{title}\n\n{_table(list(rows[0]), [list(one.values()) for one in rows])}")
    parts.append("**Publish** accepts exactly these checks, for this load alone. **Reject** ends the load.")
    return "\n\n".join(parts)


def _finding(check_name: str) -> str:
    """Return what a check expects, with the unit of its numbers."""
    found = next(one for one in contract.CHECKS if one.name == check_name.partition(":")[0])
    return f"{found.expectation} ({found.unit})"


def _sample(connection: Connection, check_name: str) -> list[dict[str, Any]]:
    """Return some of the reports that a check is about; none for a check about the dataset's form."""
    name, _, subject = check_name.partition(":")
    path = f"samples/{name}.sql"
    if not (config.SQL_DIR / path).is_file():
        return []
    column = subject.rpartition(":")[2]
    names = {"column": sql.Identifier(COLUMNS.get(column, column))}
    return connection.execute(fill(path, **names), {"subject": subject}).fetchall()


def _table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return a table in Markdown."""
    lines = [header, *rows]
    written = [f"| {' | '.join(_cell(value) for value in line)} |" for line in lines]
    return "\n".join([written[0], "|---" * len(header) + "|", *written[1:]])


def _cell(value: Any) -> str:
    """Return a value for a cell of Markdown; the portal's text must not become markup."""
    text = "" if value is None else str(value)
    return "".join(
        f"\\{char}" if char in "\\|`*_[]<>#!" else " " if char in "\r\n" else char for char in text
    )


def _austin(time: datetime) -> str:
    """Return a time in Austin's clock."""
    return f"{time.astimezone(ZoneInfo(config.TIME_ZONE)):%b %-d, %Y, %-I:%M %p} in Austin"
