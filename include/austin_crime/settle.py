"""Make what was staged equal to the portal, month by month, or fail and publish nothing."""

import logging
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import asdict
from datetime import date
from typing import Any

from upath import UPath

from austin_crime import config, extract, landing, portal, stage, values
from austin_crime.loads import Connection, running_load, warehouse
from austin_crime.months import PlannedMonth, ask_months

log = logging.getLogger(__name__)

# The portal's own counts that the check compares with: dimension, and the query's group.
PORTAL_DIMENSIONS = {
    "occurred_year": "date_trunc_y(occ_date)",
    "crime_type": "crime_type",
    "council_district": "council_district",
}


class PortalMoved(Exception):
    """The portal changed while it was read, again and again; nothing is published."""


def settle_months(connection: Connection, load: Mapping[str, Any], folder: UPath) -> int:
    """Fetch months whole until what would be live equals the portal; return how many rounds that took.

    A round restages what is missing, fetches unequal months whole, asks for the portal's counts and then for its
    months again; months that moved while we read are fetched again.

    Raises
    ------
    PortalMoved
        After MAX_SETTLE_ROUNDS rounds, with the months.
    LoadEnded
        If this attempt of the load is no longer the running one.
    """
    restage_missing(connection, load, folder)
    for round_number in range(1, config.MAX_SETTLE_ROUNDS + 1):
        running_load(connection, load)
        resolve(connection)
        wrong = unequal_months(connection)
        if wrong:
            # The portal may have moved since the plan: what is fetched now is compared with what it has now.
            wrong |= moved_months(connection, load, folder)
            log.warning(
                "%s months differ from the portal and are fetched whole: %s", len(wrong), name_months(wrong)
            )
        else:
            keep_portal_counts(connection, folder)
            wrong = moved_months(connection, load, folder)
            if not wrong:
                describe_losers(connection, folder)
                connection.commit()
                return round_number
            log.warning("the portal changed %s months while we read: %s", len(wrong), name_months(wrong))
        if round_number < config.MAX_SETTLE_ROUNDS:
            fetch_again(connection, load, wrong, folder)
    raise PortalMoved(
        f"The portal changed while we read (months {name_months(wrong)}), {config.MAX_SETTLE_ROUNDS} times over."
        " Nothing was published; trigger a new run when its upload is over, in an hour or so."
    )


def restage_missing(connection: Connection, load: Mapping[str, Any], folder: UPath) -> None:
    """Stage every batch again unless just what they hold is staged.

    Unlogged tables are empty after a crash of the server, and a load that was taken for dead can have left rows.
    """
    running_load(connection, load)
    counts: Counter[str] = Counter()
    for table in stage.REPORT_TABLES:
        for row in connection.execute(
            f"select batch_id, count(*) as n from staging.{table} group by batch_id"
        ):
            counts[row["batch_id"]] += row["n"]
    batches = stage.known_batches(connection)
    if {
        known["batch_id"]: known["staged_count"] for known in batches if known["staged_count"] != 0
    } == counts:
        connection.commit()
        return
    log.warning("other rows are staged than the batches hold: staging all of them again from the landing")
    stage.remove_all(connection)
    for known in batches:
        extract.fetch_batch(known["batch"], folder)
        stage.supersede(connection, known["batch"])
        stage.stage_batch(connection, load, known["batch"], folder)


def resolve(connection: Connection) -> None:
    """Find out which held reports are replaced and which rows lose their key."""
    connection.execute((config.SQL_DIR / "load" / "resolve.sql").read_bytes())
    connection.commit()


def unequal_months(connection: Connection) -> set[date | None]:
    """Return the months of which we would have another number of reports than the portal."""
    rows = connection.execute((config.SQL_DIR / "load" / "unequal_months.sql").read_bytes())
    months = {row["source_month"] for row in rows}
    connection.commit()
    return months


def moved_months(connection: Connection, load: Mapping[str, Any], folder: UPath) -> set[date | None]:
    """Ask the portal for its months again, take note of those that moved since they were planned, and return them."""
    heard = ask_months()
    asked_before = len(list(folder.glob("months-again-*.json")))
    landing.write_json(folder / f"months-again-{asked_before + 1}.json", [asdict(month) for month in heard])
    now = {month.month: month for month in heard}
    running_load(connection, load)
    planned = {row["source_month"]: row for row in connection.execute("select * from staging.months")}
    moved = {
        month
        for month in now.keys() | planned.keys()
        if (now[month].report_count if month in now else 0)
        != (planned[month]["portal_count"] if month in planned else 0)
        or (
            month in now
            and month in planned
            and now[month].newest_updated_at != planned[month]["newest_updated_at"]
        )
    }
    for month in moved:
        there = now.get(month)
        connection.execute(
            """
            insert into staging.months (source_month, kind, reason, is_mostly_new, portal_count, newest_updated_at, newest_count)
            values (%s, %s, 'moved while we read', false, %s, %s, 0)
            on conflict (source_month) do update set
                kind = excluded.kind, reason = excluded.reason, is_mostly_new = false,
                portal_count = excluded.portal_count, newest_updated_at = excluded.newest_updated_at
            """,
            (
                month,
                "whole" if there else "vanished",
                there.report_count if there else 0,
                there.newest_updated_at if there else None,
            ),
        )
    connection.commit()
    return moved


def fetch_again(
    connection: Connection, load: Mapping[str, Any], months: set[date | None], folder: UPath
) -> None:
    """Fetch months whole, in place of what was staged of them."""
    running_load(connection, load)
    rows = connection.execute(
        "update staging.months set kind = case when portal_count = 0 then 'vanished' else 'whole' end,"
        " reason = case when kind in ('whole', 'vanished') then reason else 'unequal after topping up' end,"
        " is_mostly_new = false"
        " where source_month = any(%s) or (source_month is null and %s)"
        " returning source_month, kind, reason, portal_count",
        ([month for month in months if month], None in months),
    ).fetchall()
    to_fetch = [
        PlannedMonth(
            row["source_month"], row["kind"], row["reason"], row["portal_count"], row["portal_count"]
        )
        for row in sorted(rows, key=lambda row: row["source_month"] or date.max)
    ]
    kept = connection.execute("select column_name from ops.source_columns where status = 'kept'")
    columns = extract.columns_to_fetch({row["column_name"] for row in kept})
    number = len(list(folder.glob("plan-again-*.json"))) + 1
    landing.write_json(folder / f"plan-again-{number}.json", [asdict(month) for month in to_fetch])
    batches = extract.make_batches(to_fetch, None, columns, prefix=f"settle-{number}")
    stage.remove_months(connection, {month.month for month in to_fetch if month.kind == "vanished"})
    stage.register_batches(connection, batches)
    for batch in batches:
        stage.supersede(connection, batch)
    connection.commit()
    # In this step's context, whose signs of life each answer gives. One that fails ends those that have not begun.
    contexts = [copy_context() for _ in batches]
    with ThreadPoolExecutor(config.WORKERS) as pool:
        for _ in pool.map(
            lambda context, batch: context.run(fetch_and_stage, load, batch, folder), contexts, batches
        ):
            pass


def fetch_and_stage(load: Mapping[str, Any], batch: extract.Batch, folder: UPath) -> None:
    """Land a batch, clean and stage it."""
    extract.fetch_batch(batch, folder)
    with warehouse() as connection:
        stage.stage_batch(connection, load, batch, folder)


def keep_portal_counts(connection: Connection, folder: UPath) -> None:
    """Ask the portal for its counts by year, crime type and district, land and stage them."""
    heard = {
        dimension: portal.query(
            f"{group} as group_key,count(*) as report_count",
            group="group_key",
            order="group_key",
            limit="50000",
        )
        for dimension, group in PORTAL_DIMENSIONS.items()
    }
    landing.write_json(folder / "portal_counts.json", heard)
    insert_portal_counts(connection, heard)
    connection.commit()


def insert_portal_counts(connection: Connection, heard: Mapping[str, list[dict[str, str]]]) -> None:
    """Stage the portal's counts in place of those that were, with their keys cleaned."""
    connection.execute("truncate staging.portal_counts")
    for dimension, rows in heard.items():
        counts: Counter[str | None] = Counter()
        for row in rows:
            counts[values.read_group_key(dimension, row.get("group_key"))] += values.read_count(
                row["report_count"]
            )
        with connection.cursor() as cursor:
            cursor.executemany(
                "insert into staging.portal_counts (dimension, group_key, report_count) values (%s, %s, %s)",
                [(dimension, key, number) for key, number in counts.items()],
            )


def describe_losers(connection: Connection, folder: UPath) -> None:
    """Give reports that lost their key to a newer twin the raw JSON that they came as."""
    losers = connection.execute(
        "select batches.batch, array_agg(loser.source_row_id) as row_ids"
        " from staging.rejected_reports as loser"
        " inner join staging.duplicate_reports as staged using (source_row_id)"
        " inner join staging.batches as batches on staged.batch_id = batches.batch_id"
        " where loser.batch_id is null group by batches.batch_id"
    ).fetchall()
    for row in losers:
        raw = stage.raw_reports(folder, row["batch"], set(row["row_ids"]))
        with connection.cursor() as cursor:
            cursor.executemany(
                "update staging.rejected_reports set raw = %s where source_row_id = %s and batch_id is null",
                [(report, row_id) for row_id, report in raw.items()],
            )


def name_months(months: set[date | None]) -> str:
    """Write months for people: ``2024-05, 2024-06, without a date``; the first twelve."""
    names = [
        f"{month:%Y-%m}" if month else "without a date"
        for month in sorted(months, key=lambda m: m or date.max)
    ]
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
