"""Loads as people see them: a list of nights, the numbers of one load, and its receipt."""

from collections.abc import Mapping
from typing import Any

from austin_crime import config
from austin_crime.pages import stations
from austin_crime.pages.session import NotReady
from austin_crime.parameters import ACCEPTABLE
from austin_crime.warehouse.connection import Connection

LIMIT = 30
LOADS = """
    select
        load_id, attempt, status, orchestrator, parameters ->> 'started_by' as started_by, is_sample, started_at, finished_at,
        extract(epoch from coalesce(finished_at, now()) - started_at)::float as seconds,
        fetched_count, added_count, edited_count, removed_count, rejected_count, portal_report_count, held_report_count,
        skipped_month_count, topped_up_month_count, whole_month_count, vanished_month_count, batch_count, portal_updated_at,
        message
    from ops.loads
"""


def last_loads(connection: Connection, limit: int = LIMIT) -> list[dict[str, Any]]:
    """Return the last loads, the newest first."""
    return connection.execute(f"{LOADS} order by started_at desc limit %s", (limit,)).fetchall()


def status(connection: Connection) -> dict[str, Any]:
    """Return the row of ``mart.data_status``: what is published and how fresh it is; NotReady if somebody has deleted it."""
    row = connection.execute("select * from mart.data_status").fetchone()
    if row is None:
        raise NotReady("mart.data_status has lost its only row. Start a load: it writes the row again.")
    return row


def describe(connection: Connection, load_id: str) -> dict[str, Any] | None:
    """Return a load with a sentence for each step, its checks and files; None if there is no such load.

    Parameters
    ----------
    load_id
        Its id, or ``latest``.
    """
    if load_id == "latest":
        row = next(iter(last_loads(connection, 1)), None)
    else:
        row = connection.execute(f"{LOADS} where load_id = %s", (load_id,)).fetchone()
    if row is None:
        return None
    numbers = _numbers(connection, row["load_id"])
    return {
        "load": row,
        "stations": stations.sentences(row, numbers),
        "checks": _checks(connection, row["load_id"]),
        "files": numbers["files"],
    }


def _numbers(connection: Connection, load_id: str) -> dict[str, Any]:
    """Return what a load recorded beside its row: files received, tables built, checks, and groups compared."""
    files = connection.execute(
        "select count(*) as file_count, coalesce(sum(report_count), 0)::bigint as report_count,"
        " coalesce(sum(rejected_count), 0)::bigint as rejected_count, coalesce(sum(byte_count), 0)::bigint as byte_count"
        " from ops.received_files where load_id = %s",
        (load_id,),
    ).fetchall()[0]
    tables = connection.execute(
        "select table_name, row_count from ops.built_tables where load_id = %s", (load_id,)
    )
    checks = connection.execute(
        "select status, severity, count(*) as check_count from ops.check_results where load_id = %s group by 1, 2",
        (load_id,),
    )
    groups = connection.execute(
        "select coalesce(sum(portal_count) filter (where dimension = 'occurred_year'), 0)::bigint as portal_count,"
        " coalesce(sum(published_count + rejected_count) filter (where dimension = 'occurred_year' and is_equal), 0)::bigint"
        " as equal_count from ops.reconciliations where load_id = %s",
        (load_id,),
    ).fetchall()[0]
    return {
        "files": files,
        "tables": {row["table_name"]: row["row_count"] for row in tables},
        "checks": {(row["severity"], row["status"]): row["check_count"] for row in checks},
        "groups": groups,
    }


def _checks(connection: Connection, load_id: str) -> list[dict[str, Any]]:
    """Return the checks of a load that did not pass, those that block first."""
    rows = connection.execute(
        "select check_name, severity, status, message from ops.check_results"
        " where load_id = %s and status <> 'passed' order by severity, check_name",
        (load_id,),
    ).fetchall()
    acceptable = set(ACCEPTABLE)
    return [row | {"is_acceptable": row["check_name"].partition(":")[0] in acceptable} for row in rows]


def receipt(connection: Connection, load_id: str) -> dict[str, Any]:
    """Return the proof of a load: the portal's counts beside ours, group by group, and the SHA-256 of what was received."""
    groups = connection.execute(
        "select dimension, group_key, portal_count, published_count, rejected_count, is_equal from ops.reconciliations"
        " where load_id = %s order by dimension, is_equal, portal_count desc",
        (load_id,),
    ).fetchall()
    files = connection.execute(
        "select batch_id, attempt, report_count, byte_count, sha256 from ops.received_files where load_id = %s order by batch_id",
        (load_id,),
    ).fetchall()
    return {
        "group_count": len(groups),
        "equal_count": sum(row["is_equal"] for row in groups),
        "dimensions": {
            name: [row for row in groups if row["dimension"] == name] for name in _dimensions(groups)
        },
        "files": files,
    }


def _dimensions(groups: list[dict[str, Any]]) -> list[str]:
    return sorted({row["dimension"] for row in groups})


def newest_reports(connection: Connection, limit: int = 5) -> list[dict[str, Any]]:
    """Return the newest reports, and the load that brought each first: added it, or filled the empty warehouse with it.

    A report of a day that cannot be right, as ``mart.data_status`` judges it, is not the newest.
    """
    return connection.execute(
        """
        with newest as (
            select crimes.* from mart.crimes cross join mart.data_status as status
            where crimes.reported_at < status.newest_report_date + 1
            order by crimes.reported_at desc, crimes.incident_id desc limit %(limit)s
        )
        select
            incident_id, crime_type, location_type, council_district, occurred_at, reported_at, clearance_name, clearance_date,
            (now() at time zone %(zone)s)::date - reported_date as days_ago,
            coalesce(
                (
                    select load_id from ops.crime_changes inner join ops.loads using (load_id)
                    where crime_changes.incident_id = newest.incident_id and change = 'added' order by finished_at limit 1
                ),
                (
                    select load_id from ops.loads
                    where status = 'published' and held_report_count = 0 order by finished_at desc limit 1
                )
            ) as load_id
        from newest order by reported_at desc, incident_id desc
        """,
        {"limit": limit, "zone": config.TIME_ZONE},
    ).fetchall()


def resets(connection: Connection, limit: int = 5) -> list[dict[str, Any]]:
    """Return the last resets, the newest first, each with its tables before and after."""
    rows = connection.execute("select * from ops.resets order by reset_at desc limit %s", (limit,)).fetchall()
    tables = connection.execute(
        "select reset_id, table_name, rows_before, rows_after, sum_before::text, sum_after::text, is_equal from ops.reset_tables"
        " where reset_id = any(%s) order by table_name",
        ([row["reset_id"] for row in rows],),
    ).fetchall()
    return [row | {"tables": _of_reset(tables, row)} for row in rows]


def _of_reset(tables: list[dict[str, Any]], reset: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [table for table in tables if table["reset_id"] == reset["reset_id"]]
