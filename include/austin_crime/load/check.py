"""Check what would be published, and keep every check result; the gate decides from them."""

import logging
from decimal import Decimal
from typing import Any

from psycopg import sql

from austin_crime import contract, parameters
from austin_crime.errors import CheckBlocked
from austin_crime.models import RunningLoad
from austin_crime.warehouse.connection import Connection
from austin_crime.warehouse.statements import columns_of, fill, read

log = logging.getLogger(__name__)

# The key, which is never null; columns that are null exactly where another one is; and the portal's id and stamp.
NOT_PROFILED = {
    "incident_id",
    "occurred_month",
    "clearance_name",
    "source_month",
    "source_row_id",
    "source_updated_at",
}


def check_load(connection: Connection, load: RunningLoad) -> list[dict[str, Any]]:
    """Run every check and the comparison with the portal's counts, and write the check results to ops.

    Returns
    -------
    list of dict
        The rows of ``ops.check_results``.
    """
    accepted = set(load.parameters.get("accept", []))
    parameters.refuse_unknown_names(accepted)
    profile(connection)
    connection.execute(read("load/reconcile.sql"))
    results = [result for check in contract.CHECKS for result in run_check(connection, check, accepted)]
    connection.execute("delete from ops.check_results where load_id = %s", (load.load_id,))
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            insert into ops.check_results
                (load_id, check_name, severity, status, observed, threshold, message, accepted_by, checked_at)
            values (%(load_id)s, %(check_name)s, %(severity)s, %(status)s, %(observed)s, %(threshold)s, %(message)s,
                %(accepted_by)s, clock_timestamp())
            """,
            [
                result
                | {
                    "load_id": load.load_id,
                    "accepted_by": load.parameters["started_by"] if result["status"] == "accepted" else None,
                }
                for result in results
            ],
        )
    for result in results:
        if result["status"] != "passed":
            log.warning("%s", result["message"])
    return results


def profile(connection: Connection) -> None:
    """Record how filled each column of what would be published is: counted, or that of the last load with what changes."""
    columns = [name for name in columns_of(connection, "mart.crimes") if name not in NOT_PROFILED]
    counts = sql.SQL(", ").join(
        sql.SQL("{}, count({})").format(name, sql.Identifier(name)) for name in columns
    )
    last = connection.execute(read("load/last_profile.sql"), {"columns": columns}).fetchall()[0]
    connection.execute(fill(f"load/profile_{'changes' if last['is_added_to'] else 'all'}.sql", counts=counts))
    connection.execute(read("load/note_profile.sql"))


def run_check(connection: Connection, check: contract.Check, accepted: set[str]) -> list[dict[str, Any]]:
    """Run one check's file and judge each subject; a check without subjects passes."""
    rows = connection.execute(read(f"checks/{check.name}.sql")).fetchall() or [
        {"subject": None, "observed": Decimal(0)}
    ]
    return [judge(check, row["subject"], row["observed"], accepted) for row in rows]


def judge(check: contract.Check, subject: str | None, observed: Any, accepted: set[str]) -> dict[str, Any]:
    """Return the check result for one subject; pure."""
    name = f"{check.name}:{subject}" if subject else check.name
    has_passed = observed <= check.threshold
    is_accepted = check.is_acceptable and bool({name, check.name} & accepted)
    status = "passed" if has_passed else "accepted" if is_accepted else "failed"
    message = f"{name}: expected that {check.expectation} (at most {check.threshold:g} {check.unit}), got {observed:g}."
    rule = contract.RULES.get(subject.partition(":")[0]) if subject else None
    message += f" {rule}" if rule else ""
    if status == "failed" and check.severity == "block":
        message += (
            f" If that is right, start a run with accept = {name}; until then the data published last stay."
            if check.is_acceptable
            else " Nothing was published, and this check cannot be accepted: trigger a new run; if it fails again, one with full_reload = true, and look into ops."
        )
    return {
        "check_name": name,
        "severity": check.severity,
        "status": status,
        "observed": observed,
        "threshold": check.threshold,
        "message": message,
    }


def pass_gate(connection: Connection) -> None:
    """Raise CheckBlocked, with the messages of the blocking checks, unless the load may publish."""
    gate = connection.execute(read("gate.sql")).fetchall()[0]
    if not gate["may_publish"]:
        raise CheckBlocked(gate["message"])
