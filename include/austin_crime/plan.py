"""Plan a load: compare the portal with the warehouse and write down what to fetch."""

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, NamedTuple

from upath import UPath

from austin_crime import config, contract, extract, landing, portal
from austin_crime.loads import Connection, Row, clear_staging, running_load
from austin_crime.metadata import ask_dataset, fingerprint, note_columns, note_metadata, source_types
from austin_crime.months import (
    HeldMonth,
    PlannedMonth,
    PortalMonth,
    ask_months,
    decide_months,
    has_work,
    months_of_range,
    summarise,
    with_newest_counts,
)

log = logging.getLogger(__name__)

MONTHS_SHOWN = 40


class Comparison(NamedTuple):
    """The portal beside the warehouse."""

    heard: list[PortalMonth]
    months: list[PlannedMonth]
    # The portal's newest stamp when the last published load was planned, and now.
    last_newest: datetime | None
    newest: datetime | None
    held_report_count: int


def write_plan(
    connection: Connection, load: Row, folder: UPath, asked: Mapping[str, Any]
) -> list[PlannedMonth]:
    """Plan a load that holds the slot: write its months and batches to staging, and to the landing what was heard.

    Returns
    -------
    list of PlannedMonth
        If all of them are skipped, or there are none because the metadata told enough, the load has ended as unchanged.
    """
    landing.empty(folder)
    metadata = ask_dataset()
    landing.write_json(folder / "metadata.json", metadata)
    note_metadata(connection, load, metadata)
    connection.commit()
    if is_quiet(connection, metadata, asked):
        end_unchanged(
            connection, load, "Unchanged: the portal says that its data are those of the last load."
        )
        return []
    note_columns(connection, load, metadata)
    connection.commit()
    comparison = compare(connection, metadata, asked)
    landing.write_json(folder / "months.json", [asdict(month) for month in comparison.heard])
    landing.write_json(folder / "plan.json", [asdict(month) for month in comparison.months])
    show(comparison.months)
    running_load(connection, load)
    note_comparison(connection, load, comparison)
    if has_work(comparison.months):
        connection.commit()
        stage_plan(connection, folder, comparison, extract.columns_to_fetch(source_types(metadata)))
    else:
        end_unchanged(
            connection, load, "Unchanged: no month has anything newer, and each has as many as are held."
        )
    return comparison.months


def stage_plan(connection: Connection, folder: UPath, comparison: Comparison, columns: list[str]) -> None:
    """Fill the empty schema staging with boundaries, months and batches."""
    # Imported here: a quiet night needs neither pandas nor shapely, and their import takes longer than the rest of it.
    from austin_crime import boundaries, stage

    districts = boundaries.ask_boundaries(folder)
    clear_staging(connection)
    boundaries.insert_boundaries(connection, districts)
    insert_months(connection, comparison.months)
    stage.register_batches(
        connection, extract.make_batches(comparison.months, comparison.last_newest, columns)
    )


def compare(connection: Connection, metadata: Mapping[str, Any], asked: Mapping[str, Any]) -> Comparison:
    """Ask the portal for its months and decide what to do with each."""
    last = last_published(connection)
    held = held_months(connection)
    whole = reason_for_all(connection, last, metadata, asked)
    last_newest = last["newest_updated_at"] if last else None
    # No transaction stays open while the portal takes its time.
    connection.commit()
    heard = ask_months(last_newest)
    if not heard:
        raise portal.PortalAnswer(
            f"{config.source_url()}: expected reports, and the portal has none: no rows is never no news."
        )
    first, last_month = asked.get("first_month"), asked.get("last_month")
    wanted = months_of_range(first, last_month, [month.month for month in heard])
    if (first or last_month) and not wanted:
        raise ValueError(
            f"first_month {first}, last_month {last_month}: the portal has no month between these."
        )
    months = decide_months(
        with_newest_counts(heard, last_newest),
        held,
        whole=whole,
        wanted=wanted,
    )
    return Comparison(
        heard=heard,
        months=months,
        last_newest=last_newest,
        newest=max((month.newest_updated_at for month in heard), default=None),
        held_report_count=sum(month.report_count for month in held),
    )


def reason_for_all(
    connection: Connection, last: Row | None, metadata: Mapping[str, Any], asked: Mapping[str, Any]
) -> str | None:
    """Return why every month has to be fetched whole, or None."""
    if asked.get("full_reload"):
        return "full reload asked for"
    if last and last["rules_version"] != contract.RULES_VERSION:
        return "new cleaning rules"
    if last and last["dataset_form"] != contract.dataset_form(source_types(metadata)):
        return "new form of the dataset"
    if last and not aggregates_add_up(connection):
        return "an aggregate does not add up to the reports published last"
    return None


def aggregates_add_up(connection: Connection) -> bool:
    """Whether every aggregate in mart has as many reports as were published last; one that was emptied by hand has not."""
    row = connection.execute((config.SQL_DIR / "load" / "aggregates_add_up.sql").read_bytes()).fetchall()[0]
    return bool(row["add_up"])


def last_published(connection: Connection) -> Row | None:
    """Return the last published load."""
    return connection.execute(
        "select * from ops.loads where status = 'published' order by finished_at desc limit 1"
    ).fetchone()


def is_quiet(connection: Connection, metadata: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    """Whether the metadata alone show that nothing changed since the last published load, and we hold all of it.

    Metadata that do not say when rows changed last show nothing.
    """
    last = last_published(connection)
    if (
        last is None
        or metadata.get("rowsUpdatedAt") is None
        or asked.keys() & {"full_reload", "first_month", "last_month"}
        or last["metadata_fingerprint"] != fingerprint(metadata)
        or reason_for_all(connection, last, metadata, asked) is not None
    ):
        return False
    held = held_months(connection)
    return sum(month.report_count for month in held) == last["portal_report_count"] and all(
        month.report_count == month.portal_report_count for month in held
    )


def end_unchanged(connection: Connection, load: Row, message: str) -> None:
    """End the load as unchanged, with the sums that it proved."""
    connection.execute(
        "update ops.loads set status = 'unchanged', message = %s, finished_at = clock_timestamp(), batch_count = 0,"
        " portal_report_count = (select sum(portal_report_count) from ops.source_months),"
        " held_report_count = (select count(*) from mart.crimes) + (select count(*) from ops.rejected_reports),"
        " rejected_count = (select count(*) from ops.rejected_reports)"
        " where load_id = %s",
        (message, load["load_id"]),
    )
    log.info("%s", message)


def note_comparison(connection: Connection, load: Row, comparison: Comparison) -> None:
    """Write down the plan's sums."""
    kinds = Counter(month.kind for month in comparison.months)
    connection.execute(
        "update ops.loads set newest_updated_at = %s, portal_report_count = %s, held_report_count = %s,"
        " skipped_month_count = %s, topped_up_month_count = %s, whole_month_count = %s, vanished_month_count = %s"
        " where load_id = %s",
        (
            comparison.newest,
            sum(month.portal_count for month in comparison.months),
            comparison.held_report_count,
            kinds["skipped"],
            kinds["topped up"],
            kinds["whole"],
            kinds["vanished"],
            load["load_id"],
        ),
    )


def insert_months(connection: Connection, months: list[PlannedMonth]) -> None:
    """Write the planned months to ``staging.months``."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into staging.months (source_month, kind, reason, is_mostly_new, portal_count, newest_updated_at,"
            " newest_count) values (%s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    month.month,
                    month.kind,
                    month.reason,
                    month.is_mostly_new,
                    month.portal_count,
                    month.newest_updated_at,
                    month.newest_count,
                )
                for month in months
            ],
        )


def show(months: list[PlannedMonth]) -> None:
    """Log the plan: how many months of each kind, and the first of those that are not skipped."""
    for line in summarise(months):
        log.info("%s months %s, %s reports to fetch", line["month_count"], line["kind"], line["report_count"])
    for month in [month for month in months if month.kind != "skipped"][:MONTHS_SHOWN]:
        log.info("%s: %s, %s (%s reports)", month.month, month.kind, month.reason, month.fetch_count)


def held_months(connection: Connection) -> list[HeldMonth]:
    """Count what the warehouse holds by month and recall what the portal said of it at the last published load."""
    rows = connection.execute((config.SQL_DIR / "load" / "held_months.sql").read_bytes()).fetchall()
    return [
        HeldMonth(
            month=row["source_month"],
            report_count=row["report_count"],
            has_twins=row["has_twins"],
            portal_report_count=row["portal_report_count"],
            newest_updated_at=row["newest_updated_at"],
            newest_count=row["newest_count"],
        )
        for row in rows
    ]
