"""Check what would be published, and keep every finding; the gate decides by them."""

import logging
from decimal import Decimal
from typing import Any

from austin_crime import config, contract, parameters
from austin_crime.errors import CheckBlocked
from austin_crime.models import RunningLoad
from austin_crime.warehouse.connection import Connection

log = logging.getLogger(__name__)


def check_load(connection: Connection, load: RunningLoad) -> list[dict[str, Any]]:
    """Run every check and the comparison with the portal's counts, and commit the findings to ops.

    Returns
    -------
    list of dict
        The rows of ``ops.check_results``.
    """
    accepted = set(load.parameters.get("accept", []))
    parameters.refuse_unknown_names(accepted)
    for name in ("profile", "reconcile"):
        connection.execute((config.SQL_DIR / "load" / f"{name}.sql").read_bytes())
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
    connection.commit()
    for result in results:
        if result["status"] != "passed":
            log.warning("%s", result["message"])
    return results


def run_check(connection: Connection, check: contract.Check, accepted: set[str]) -> list[dict[str, Any]]:
    """Run one check's file and judge each subject; a check without subjects passes."""
    statement = (config.SQL_DIR / "checks" / f"{check.name}.sql").read_bytes()
    rows = connection.execute(statement).fetchall() or [{"subject": None, "observed": Decimal(0)}]
    return [judge(check, row["subject"], row["observed"], accepted) for row in rows]


def judge(check: contract.Check, subject: str | None, observed: Any, accepted: set[str]) -> dict[str, Any]:
    """Return a finding; pure."""
    name = f"{check.name}:{subject}" if subject else check.name
    has_passed = observed <= check.threshold
    is_accepted = check.is_acceptable and bool({name, check.name} & accepted)
    status = "passed" if has_passed else "accepted" if is_accepted else "failed"
    message = f"{name}: expected that {check.expectation} (at most {check.threshold:g} {check.unit}), came {observed:g}."
    rule = contract.RULES.get(subject.partition(":")[0]) if subject else None
    message += f" {rule}" if rule else ""
    if status == "failed" and check.severity == "block":
        message += (
            f" If that is right, start a run with accept = {name}; until then the last good data stay."
            if check.is_acceptable
            else " Nothing was published; this cannot be accepted: trigger a new run, and look into ops if it comes again."
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
    """Ask the gate; CheckBlocked with what the blocking checks say."""
    verdict = connection.execute((config.SQL_DIR / "gate.sql").read_bytes()).fetchall()[0]
    if not verdict["may_publish"]:
        raise CheckBlocked(verdict["said"])
