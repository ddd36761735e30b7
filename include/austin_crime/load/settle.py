"""Make what would be published equal to the portal, month by month, or fail and publish nothing."""

import logging
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import date
from typing import Any

from upath import UPath

from austin_crime import config, values
from austin_crime.errors import Contradiction, PortalMoved
from austin_crime.landing import files
from austin_crime.load import extract, stage
from austin_crime.load.changes import find_changes
from austin_crime.load.decide import name_months
from austin_crime.models import Batch, Load, PlannedMonth, PortalMonth
from austin_crime.portal.client import Portal
from austin_crime.portal.counts import ask_counts, totals
from austin_crime.portal.months import ask_months, to_count
from austin_crime.warehouse import statements
from austin_crime.warehouse.connection import Connection, connect
from austin_crime.warehouse.slot import running_load

log = logging.getLogger(__name__)


def settle_months(portal: Portal, load: Load, folder: UPath) -> int:
    """Fetch months whole until what would be published equals the portal; return how many rounds that took.

    A round compares each month, as staged and as it would be published, with what the portal announced, in number and newest
    stamp, and fetches the months that differ whole. If there are none, it asks for the portal's counts and then for its
    months again; months that changed meanwhile are fetched again.

    Raises
    ------
    PortalMoved
        If the portal still changes after MAX_SETTLE_ROUNDS rounds, naming the months.
    Contradiction
        If the portal does not change, and still does not send what it announces after as many rounds.
    LoadEnded
        If this attempt of the load is no longer the running one.
    """
    _restage_missing(portal, load, folder)
    unequal: set[date | None] = set()
    moved: set[date | None] = set()
    for round_number in range(1, config.MAX_SETTLE_ROUNDS + 1):
        unequal = _resolve(load)
        if unequal:
            # The portal may have changed since the plan: what is fetched now is compared with its months as of now.
            moved = _moved_months(portal, load, folder)
            log.warning(
                "%s months differ from the portal and are fetched whole: %s.",
                len(unequal),
                name_months(unequal),
            )
        else:
            moved = portal.patiently(lambda: _keep_counts(portal, load, folder), Contradiction)
            if not moved:
                return round_number
            log.warning(
                "The portal changed %s months during the load; they are fetched whole: %s.",
                len(moved),
                name_months(moved),
            )
        if round_number < config.MAX_SETTLE_ROUNDS:
            _fetch_again(portal, load, unequal | moved, folder)
    advice = "Nothing was published; trigger a new run when its update is over, in an hour or so."
    if moved:
        raise PortalMoved(
            f"The portal changed while it was read, {config.MAX_SETTLE_ROUNDS} times (months {name_months(moved)}). {advice}"
        )
    raise Contradiction(
        f"The portal announces other reports than it sends, {config.MAX_SETTLE_ROUNDS} times (months"
        f" {name_months(unequal)}): a replica of it may be out of date. {advice}"
    )


def _restage_missing(portal: Portal, load: Load, folder: UPath) -> None:
    """Stage every batch again unless exactly their rows are staged.

    Unlogged tables are empty after a crash of the server, and an abandoned load can have left rows.
    """
    with connect() as connection:
        running_load(connection, load)
        batches = stage.registered_batches(connection)
        counts: Counter[str] = Counter()
        for table in stage.REPORT_TABLES:
            for row in connection.execute(
                f"select batch_id, count(*) as n from staging.{table} group by batch_id"
            ):
                counts[row["batch_id"]] += row["n"]
        if {
            staged.batch.batch_id: staged.staged_count for staged in batches if staged.staged_count != 0
        } == counts:
            return
        log.warning("Rows are missing in staging, or too many: staging all batches again from the landing.")
        stage.remove_all(connection)
    for staged in batches:
        extract.fetch_batch(portal, staged.batch, folder)
        with connect() as connection:
            running_load(connection, load)
            stage.supersede(connection, staged.batch)
        stage.stage_batch(load, staged.batch, folder)


def _resolve(load: Load) -> set[date | None]:
    """Find the held reports that are replaced and the duplicates; return the months that are unequal then."""
    with connect() as connection:
        running_load(connection, load)
        # What was found and checked before counts no longer: without it the gate stays closed.
        connection.execute("truncate staging.portal_counts, staging.changes")
        connection.execute("delete from ops.check_results where load_id = %s", (load.load_id,))
        resolve_keys(connection)
        return unequal_months(connection)


def resolve_keys(connection: Connection) -> None:
    """Find the held reports that are replaced and the duplicates."""
    connection.execute(statements.read("load/resolve.sql"))


def unequal_months(connection: Connection) -> set[date | None]:
    """Return the months that differ, as staged or as they would be published, from what the portal announced."""
    rows = connection.execute(statements.read("load/unequal_months.sql"))
    return {row["source_month"] for row in rows}


def _moved_months(portal: Portal, load: Load, folder: UPath) -> set[date | None]:
    """Ask the portal for its months again, record those that changed since they were planned, and return them."""
    months = ask_months(portal)
    number = len(list(folder.glob("months-again-*.json"))) + 1
    files.write_json(folder / f"months-again-{number}.json", [asdict(month) for month in months])
    now = {month.month: month for month in months}
    with connect() as connection:
        running_load(connection, load)
        planned = {row["source_month"]: row for row in connection.execute("select * from staging.months")}
        moved = {
            month for month in now.keys() | planned.keys() if _has_moved(now.get(month), planned.get(month))
        }
        for month in moved:
            _record_month(connection, month, now.get(month))
    return moved


def _has_moved(now: PortalMonth | None, planned: Mapping[str, Any] | None) -> bool:
    """Whether a month has another number of reports or another newest stamp than when it was planned."""
    if now is None or planned is None:
        return (now.report_count if now else 0) != (planned["portal_count"] if planned else 0)
    return (now.report_count, now.newest_updated_at) != (
        planned["portal_count"],
        planned["newest_updated_at"],
    )


def _record_month(connection: Connection, month: date | None, now: PortalMonth | None) -> None:
    """Record a month as the portal has it now, to be fetched whole."""
    count = now.report_count if now else 0
    connection.execute(
        """
        insert into staging.months (
            source_month, kind, reason, is_mostly_new, portal_count, fetch_count, newest_updated_at, newest_count
        )
        values (%s, %s, 'changed during the load', false, %s, %s, %s, 0)
        on conflict (source_month) do update set
            kind = excluded.kind, reason = excluded.reason, is_mostly_new = false,
            portal_count = excluded.portal_count, fetch_count = excluded.fetch_count,
            newest_updated_at = excluded.newest_updated_at, late_count = null
        """,
        (month, "whole" if now else "vanished", count, count, now.newest_updated_at if now else None),
    )


def _fetch_again(portal: Portal, load: Load, months: set[date | None], folder: UPath) -> None:
    """Fetch months whole, replacing what was staged of them."""
    with connect() as connection:
        running_load(connection, load)
        to_fetch = _plan_whole(connection, months)
        kept = connection.execute("select column_name from ops.source_columns where status = 'kept'")
        columns = extract.columns_to_fetch({row["column_name"] for row in kept})
        number = len(list(folder.glob("plan-again-*.json"))) + 1
        files.write_json(folder / f"plan-again-{number}.json", [asdict(month) for month in to_fetch])
        batches = extract.make_batches(to_fetch, None, columns, prefix=f"settle-{number}")
        stage.remove_months(connection, {month.month for month in to_fetch if month.kind == "vanished"})
        stage.register_batches(connection, batches)
        for batch in batches:
            stage.supersede(connection, batch)
    # If one fails, those that have not begun do not start.
    with ThreadPoolExecutor(config.WORKERS) as pool:
        for _ in pool.map(lambda batch: _fetch_and_stage(portal, load, batch, folder), batches):
            pass


def _plan_whole(connection: Connection, months: set[date | None]) -> list[PlannedMonth]:
    """Record that months are fetched whole, and return them."""
    rows = connection.execute(
        "update staging.months set kind = case when portal_count = 0 then 'vanished' else 'whole' end,"
        " reason = case when kind in ('whole', 'vanished') then reason else 'unequal after topping up' end,"
        " fetch_count = portal_count, is_mostly_new = false"
        " where source_month = any(%s) or (source_month is null and %s)"
        " returning source_month, kind, reason, portal_count",
        ([month for month in months if month], None in months),
    ).fetchall()
    return [
        PlannedMonth(
            row["source_month"], row["kind"], row["reason"], row["portal_count"], row["portal_count"]
        )
        for row in sorted(rows, key=lambda row: row["source_month"] or date.max)
    ]


def _fetch_and_stage(portal: Portal, load: Load, batch: Batch, folder: UPath) -> None:
    """Land a batch, clean and stage it."""
    extract.fetch_batch(portal, batch, folder)
    stage.stage_batch(load, batch, folder)


def _keep_counts(portal: Portal, load: Load, folder: UPath) -> set[date | None]:
    """Ask for the portal's counts by year, crime type and district and keep them; return the months that changed meanwhile.

    Raises
    ------
    Contradiction
        If no month changed, and the totals of the counts differ from that of the months.
    """
    counts = ask_counts(portal)
    moved = _moved_months(portal, load, folder)
    if moved:
        return moved
    with connect() as connection:
        running_load(connection, load)
        months = connection.execute("select sum(portal_count) as total from staging.months").fetchall()[0]
        if totals(counts) != {months["total"]}:
            raise Contradiction(
                f"The portal counts {months['total']} reports by month, and by year, crime type and district"
                f" {', '.join(map(str, sorted(totals(counts))))}: a replica of it is out of date."
            )
        files.write_json(folder / "portal_counts.json", counts)
        insert_counts(connection, counts)
        # In one transaction: without the portal's counts the gate stays closed, so nothing is published without its changes.
        conclude(connection, folder)
    return set()


def insert_counts(connection: Connection, counts: Mapping[str, list[dict[str, Any]]]) -> None:
    """Replace the staged counts of the portal, their group keys cleaned."""
    connection.execute("truncate staging.portal_counts")
    for dimension, rows in counts.items():
        cleaned: Counter[str | None] = Counter()
        for row in rows:
            cleaned[_read_group_key(dimension, row.get("group_key"))] += to_count(row)
        with connection.cursor() as cursor:
            cursor.executemany(
                "insert into staging.portal_counts (dimension, group_key, report_count) values (%s, %s, %s)",
                [(dimension, key, number) for key, number in cleaned.items()],
            )


def _read_group_key(dimension: str, key: Any) -> str | None:
    """Read a key of the portal's counts, which may be a JSON number."""
    return values.read_group_key(dimension, None if key is None else values.as_text(key))


def conclude(connection: Connection, folder: UPath) -> None:
    """Give duplicates their raw JSON, and list what publishing adds, edits and removes, in ``staging.changes``."""
    _describe_duplicates(connection, folder)
    find_changes(connection)


def _describe_duplicates(connection: Connection, folder: UPath) -> None:
    """Give duplicates their raw JSON as received."""
    duplicates = connection.execute(
        "select batches.batch, array_agg(rejected.source_row_id) as row_ids"
        " from staging.rejected_reports as rejected"
        " inner join staging.duplicate_reports as staged using (source_row_id)"
        " inner join staging.batches as batches on staged.batch_id = batches.batch_id"
        " where rejected.batch_id is null group by batches.batch_id"
    ).fetchall()
    for row in duplicates:
        raw = stage.raw_reports(folder, Batch.of(row["batch"]), set(row["row_ids"]))
        connection.execute(
            "update staging.rejected_reports set raw = described.report"
            " from unnest(%s::text[], %s::jsonb[]) as described (row_id, report)"
            " where source_row_id = described.row_id and batch_id is null",
            (list(raw), list(raw.values())),
        )
