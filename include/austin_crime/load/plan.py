"""Plan a load: compare the portal with the warehouse, decide what to fetch, and record it."""

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import class_row
from upath import UPath

from austin_crime import contract
from austin_crime.errors import ParameterError
from austin_crime.landing import files
from austin_crime.load.decide import decide_months, has_work, months_of_range, plan_table
from austin_crime.models import Dataset, HeldMonth, PlannedMonth, PortalMonth, PublishedLoad, RunningLoad
from austin_crime.portal.client import Portal
from austin_crime.portal.metadata import ask_dataset
from austin_crime.portal.months import ask_months, ask_recent_counts, newest_stamp
from austin_crime.warehouse import journal, statements
from austin_crime.warehouse.connection import Connection, connect
from austin_crime.warehouse.slot import clear_staging, refuse_other_portal, running_load

log = logging.getLogger(__name__)

UNCHANGED_BY_METADATA = "Unchanged: the portal's metadata are those of the last load."
UNCHANGED_BY_MONTHS = "Unchanged: no month has newer reports, and each has as many as the warehouse holds."
RANGE = ("first_month", "last_month")
LAST_PUBLISHED = """
    select load_id, newest_updated_at, rules_version, dataset_form, metadata_fingerprint, portal_report_count
    from ops.loads where status = 'published' order by finished_at desc limit 1"""


@dataclass(frozen=True)
class Held:
    """What the warehouse holds: its months, the last published load, and whether every aggregate adds up to that."""

    months: list[HeldMonth]
    last: PublishedLoad | None
    aggregates_add_up: bool

    @property
    def report_count(self) -> int:
        """Reports held, rejected ones included."""
        return sum(month.report_count for month in self.months)

    @property
    def last_newest(self) -> datetime | None:
        """The portal's newest stamp when the last published load was planned."""
        return self.last.newest_updated_at if self.last else None


@dataclass(frozen=True)
class Comparison:
    """The portal compared with the warehouse: its months, and what to do with each."""

    portal_months: list[PortalMonth]
    months: list[PlannedMonth]


def plan_dry(portal: Portal, parameters: Mapping[str, Any]) -> list[PlannedMonth]:
    """Return and log what a load would do with each month; nothing is written."""
    with connect() as connection:
        refuse_other_portal(connection)
        held = read_held(connection)
    months = compare(portal, held, ask_dataset(portal), parameters).months
    _show(months)
    return months


def plan_months(
    portal: Portal, load: RunningLoad, folder: UPath, parameters: Mapping[str, Any]
) -> list[PlannedMonth]:
    """Plan a load that holds the slot: write its months and batches to staging, and the portal's answers to the landing.

    No transaction stays open while the portal answers.

    Returns
    -------
    list of PlannedMonth
        If all of them are skipped, or there are none because the metadata are those of the last load, the load has ended as
        unchanged.
    """
    files.empty(folder)
    dataset = ask_dataset(portal)
    files.write_json(folder / "metadata.json", dataset.metadata)
    with connect() as connection:
        journal.note_dataset(connection, load, dataset)
        held = read_held(connection)
        if _is_quiet(held, dataset, parameters):
            journal.end_unchanged(connection, load, UNCHANGED_BY_METADATA)
            return []
        journal.note_columns(connection, load, dataset)
    comparison = compare(portal, held, dataset, parameters)
    files.write_json(folder / "months.json", [asdict(month) for month in comparison.portal_months])
    files.write_json(folder / "plan.json", [asdict(month) for month in comparison.months])
    _show(comparison.months)
    if has_work(comparison.months):
        _write_plan(portal, load, folder, comparison, held, dataset)
        return comparison.months
    with connect() as connection:
        running_load(connection, load)
        journal.note_plan(
            connection, load, comparison.months, newest_stamp(comparison.portal_months), held.report_count
        )
        journal.end_unchanged(connection, load, UNCHANGED_BY_MONTHS)
    return comparison.months


def _write_plan(
    portal: Portal, load: RunningLoad, folder: UPath, comparison: Comparison, held: Held, dataset: Dataset
) -> None:
    """Fill the emptied schema staging with boundaries, months and batches."""
    # Imported here: an unchanged load needs neither pandas nor shapely, whose import takes longer than the rest of it.
    from austin_crime.load import boundaries, extract, stage

    collection = boundaries.ask_boundaries(portal)
    files.write_json(folder / "boundaries.json", collection)
    columns = extract.columns_to_fetch(dataset.source_types)
    with connect() as connection:
        running_load(connection, load)
        journal.note_plan(
            connection, load, comparison.months, newest_stamp(comparison.portal_months), held.report_count
        )
        clear_staging(connection)
        insert_held(connection, held.months)
        boundaries.insert_boundaries(connection, boundaries.read_districts(collection))
        insert_months(connection, comparison.months)
        batches = extract.make_batches(comparison.months, held.last_newest, columns)
        stage.register_batches(connection, batches)
        journal.note_batches(connection, load, batches)


def read_held(connection: Connection) -> Held:
    """Count the reports held by month, and read what the last published load recorded of the portal's months."""
    cursor = connection.cursor(row_factory=class_row(PublishedLoad))
    last = cursor.execute(LAST_PUBLISHED).fetchone()
    rows = connection.execute(statements.read("load/held_months.sql")).fetchall()
    return Held([HeldMonth(**row) for row in rows], last, last is None or _aggregates_add_up(connection))


def _aggregates_add_up(connection: Connection) -> bool:
    """Whether every aggregate in mart has as many reports as the last load published, unlike one changed by hand."""
    row = connection.execute(statements.read("load/aggregates_add_up.sql")).fetchall()[0]
    return bool(row["add_up"])


def _is_quiet(held: Held, dataset: Dataset, parameters: Mapping[str, Any]) -> bool:
    """Whether the metadata alone show that nothing changed since the last published load, and the warehouse holds all of it.

    Metadata without the time of the last change of rows prove nothing.
    """
    last = held.last
    return (
        last is not None
        and dataset.rows_updated_at is not None
        and last.metadata_fingerprint == dataset.fingerprint
        and not parameters.keys() & {"full_reload", *RANGE}
        and _reason_for_all(held, dataset, parameters) is None
        and held.report_count == last.portal_report_count
        and all(month.report_count == month.portal_report_count for month in held.months)
    )


def _reason_for_all(held: Held, dataset: Dataset, parameters: Mapping[str, Any]) -> str | None:
    """Return why every month has to be fetched whole, or None."""
    if parameters.get("full_reload"):
        return "full reload requested"
    if held.last and held.last.rules_version != contract.RULES_VERSION:
        return "new cleaning rules"
    if held.last and held.last.dataset_form != contract.dataset_form(dataset.source_types):
        return "new form of the dataset"
    if not held.aggregates_add_up:
        return "an aggregate does not add up to the reports published last"
    return None


def compare(portal: Portal, held: Held, dataset: Dataset, parameters: Mapping[str, Any]) -> Comparison:
    """Ask the portal for its months and decide what to do with each; open no transaction.

    Raises
    ------
    PortalBusy, PortalAnswer
        From the portal's answers.
    ParameterError
        If the portal has no month between the requested ones.
    """
    portal_months = ask_months(portal, held.last_newest)
    first, last = (parameters.get(name) for name in RANGE)
    requested = months_of_range(first, last, [month.month for month in portal_months])
    if (first or last) and not requested:
        raise ParameterError(
            f"first_month {first}, last_month {last}: the portal has no month between these."
        )
    months = decide_months(
        portal_months,
        held.months,
        recent=ask_recent_counts(portal, portal_months, held.last_newest),
        whole=_reason_for_all(held, dataset, parameters),
        requested=requested,
    )
    return Comparison(portal_months, months)


def _show(months: list[PlannedMonth]) -> None:
    """Log the plan as one table."""
    log.info("Plan:\n%s", "\n".join(plan_table(months)))


def insert_held(connection: Connection, months: list[HeldMonth]) -> None:
    """Keep how many reports ``mart.crimes`` has by month for all later steps of the load."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into staging.held_months (source_month, report_count) values (%s, %s)",
            [(month.month, month.published_count) for month in months],
        )


def insert_months(connection: Connection, months: list[PlannedMonth]) -> None:
    """Write the planned months to the empty ``staging.months``."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into staging.months (source_month, kind, reason, is_mostly_new, portal_count, fetch_count,"
            " newest_updated_at, newest_count, late_count) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    month.month,
                    month.kind,
                    month.reason,
                    month.is_mostly_new,
                    month.portal_count,
                    month.fetch_count,
                    month.newest_updated_at,
                    month.newest_count,
                    month.late_count,
                )
                for month in months
            ],
        )
