"""Fetch batches of reports and land each as received: one file a batch."""

import logging
import time
from collections.abc import Container, Iterable, Sequence
from datetime import date, datetime
from typing import IO

import requests
from upath import UPath

from austin_crime import config, contract
from austin_crime.errors import PortalAnswer, PortalShort
from austin_crime.landing import batches, files
from austin_crime.models import Batch, Manifest, PlannedMonth
from austin_crime.portal.body import BodyCounter, gzip_pieces
from austin_crime.portal.client import Portal
from austin_crime.portal.months import socrata_time
from austin_crime.values import month_condition, next_month

log = logging.getLogger(__name__)


def make_batches(
    months: Sequence[PlannedMonth], newer_than: datetime | None, columns: Sequence[str], prefix: str = "batch"
) -> list[Batch]:
    """Pack the months to fetch into batches of one kind, BATCH_ROWS reports and MAX_RANGES_PER_BATCH ranges at most.

    A month of more than BATCH_ROWS reports is a batch of its own.
    """
    groups: list[list[PlannedMonth]] = []
    for kind in ("whole", "topped up"):
        group: list[PlannedMonth] = []
        for month in [month for month in months if month.kind == kind]:
            if group and not _fits(group, month):
                groups.append(group)
                group = []
            group.append(month)
        groups += [group] if group else []
    return [
        Batch(
            batch_id=f"{prefix}-{number:03}",
            months=tuple(month.month.isoformat() if month.month else None for month in group),
            newer_than=socrata_time(newer_than) if newer_than and group[0].kind == "topped up" else None,
            expected_count=sum(month.fetch_count for month in group),
            columns=tuple(columns),
        )
        for number, group in enumerate(groups, start=1)
    ]


def _fits(group: list[PlannedMonth], month: PlannedMonth) -> bool:
    """Whether a batch stays within its limits with one more month."""
    rows = sum(member.fetch_count for member in group) + month.fetch_count
    ranges = _to_ranges([member.month for member in [*group, month]])
    return rows <= config.BATCH_ROWS and len(ranges) <= config.MAX_RANGES_PER_BATCH


def _to_ranges(months: Iterable[date | None]) -> list[tuple[date | None, date | None]]:
    """Join adjacent months to ranges, each from its first day to the first day after it.

    The first is None for reports without a date, the second at the end of the calendar.
    """
    ranges: list[tuple[date | None, date | None]] = []
    for month in months:
        after = next_month(month) if month else None
        if month and ranges and ranges[-1][1] == month:
            ranges[-1] = (ranges[-1][0], after)
        else:
            ranges.append((month, after))
    return ranges


def batch_query(batch: Batch) -> dict[str, str]:
    """Return the SoQL parameters that ask for a batch.

    The limit leaves room for reports that are added meanwhile, and overrides the portal's default of 1000.
    """
    ranges = _to_ranges([date.fromisoformat(month) if month else None for month in batch.months])
    where = f"({' or '.join(month_condition(*bounds) for bounds in ranges)})"
    if batch.newer_than:
        where += f" and :updated_at > '{batch.newer_than}'"
    return {
        "$select": ",".join([":id", ":updated_at", *batch.columns]),
        "$where": where,
        "$order": ":id",
        "$limit": str(limit(batch)),
    }


def limit(batch: Batch) -> int:
    """Return how many reports an answer may have: twice the expected count and 1000."""
    return 2 * batch.expected_count + 1000


def columns_to_fetch(dataset_columns: Container[str]) -> list[str]:
    """Return the kept columns that the dataset has, in the contract's order."""
    return [column.source_name for column in contract.COLUMNS if column.source_name in dataset_columns]


def fetch_batch(portal: Portal, batch: Batch, folder: UPath) -> Manifest:
    """Fetch a batch and land it, unless it has landed already.

    If every try brings fewer reports than the portal announced, the last answer lands all the same: reports may have been
    removed since. Settling compares every month with the portal, and fetches months that differ whole.

    Raises
    ------
    PortalBusy, PortalStale, PortalAnswer
        As the portal answers; PortalBusy also for a body that is cut, empty or not a JSON array. Nothing lands then.
    """
    manifest = batches.landed(folder, batch)
    if manifest:
        log.info("%s has landed already: not fetched again.", batch.batch_id)
        return manifest
    try:
        return portal.patiently(lambda: _fetch_all(portal, batch, folder))
    except PortalShort as failure:
        log.warning("%s It was landed as it is: settling compares its months with the portal.", failure)
    manifest = batches.landed(folder, batch)
    assert manifest is not None, "a short answer has landed"  # noqa: S101 (for the type checker)
    return manifest


def _fetch_all(portal: Portal, batch: Batch, folder: UPath) -> Manifest:
    """Fetch a batch once and land it; PortalShort if it has fewer reports than announced."""
    path = f"/resource/{config.DATASET_ID}.json"
    manifest = land(portal.open(_in_words(batch), path, batch_query(batch), stream=True), batch, folder)
    if manifest.report_count < batch.expected_count:
        report_count = _count_reports(batch, folder)
        if report_count < batch.expected_count:
            raise PortalShort(
                f"Asked for {_in_words(batch)}, the portal sent {report_count} of the {batch.expected_count} reports that it had"
                " announced."
            )
    return manifest


def _count_reports(batch: Batch, folder: UPath) -> int:
    """Count the reports of a landed batch by reading it, for its keys may be written as the quick count does not know them.

    A body that cannot be read counts as empty: it is asked for again, and staging fails if it still cannot be read then.
    """
    from austin_crime.landing import reading  # brings pandas, which few extracts need

    try:
        with batches.open_landed(folder, batch) as body:
            return len(reading.read_reports(body))
    except PortalAnswer as failure:
        log.warning("%s", failure)
        return 0


def _in_words(batch: Batch) -> str:
    """Return what a batch requests, for messages: its name, months and kind."""
    months = [month[:7] if month else "no report date" for month in batch.months]
    span = months[0] if len(months) == 1 else f"{months[0]} to {months[-1]}"
    kind = "newer reports" if batch.newer_than else "reports"
    return f"{batch.batch_id} ({kind} of {span})"


def land(response: requests.Response, batch: Batch, folder: UPath) -> Manifest:
    """Land an answer's body as received; the file appears under its name once it is complete.

    Parameters
    ----------
    response
        Opened with ``stream=True``; the body must not have been read.

    Returns
    -------
    Manifest
        Reports, bytes and SHA-256 of the file.
    """
    began = time.monotonic() - response.elapsed.total_seconds()
    with response, files.write_whole(batches.batch_path(folder, batch.batch_id)) as file:
        counter = _receive(response, batch, file)
    manifest = Manifest(
        batch_id=batch.batch_id,
        report_count=counter.report_count,
        byte_count=counter.byte_count,
        sha256=counter.digest.hexdigest(),
        url=response.url,
    )
    batches.write_manifest(folder, manifest)
    log.info(
        "Landed %s: %s reports, %.1f MB in %.1f s.",
        batch.batch_id,
        counter.report_count,
        counter.byte_count / 1e6,
        time.monotonic() - began,
    )
    return manifest


def _receive(response: requests.Response, batch: Batch, file: IO[bytes]) -> BodyCounter:
    """Write a body to a file as a gzip stream, and return what it holds; PortalBusy if it is not a whole JSON array."""
    counter = BodyCounter(_in_words(batch))
    for piece in gzip_pieces(response, counter.what):
        file.write(piece)
        counter.feed(piece)
    counter.finish()
    return counter
