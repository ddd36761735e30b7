"""Fetch batches of reports and land each as received: one file a batch."""

import io
import logging
import time
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import IO, Any, TypedDict

import requests
from isal import igzip
from upath import UPath

from austin_crime import config, contract, landing, portal
from austin_crime.body import BodyCounter, gzip_pieces
from austin_crime.months import PlannedMonth, socrata_time

log = logging.getLogger(__name__)


class Batch(TypedDict):
    """A request for the reports of some months; JSON all through, for it travels between tasks."""

    batch_id: str
    # First days of months, ISO; None for reports without a report date.
    months: list[str | None]
    newer_than: str | None
    expected_count: int
    columns: list[str]


class Manifest(TypedDict):
    """What a landed file holds."""

    batch_id: str
    report_count: int
    byte_count: int
    sha256: str
    asked: str


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
            if group and not fits(group, month):
                groups.append(group)
                group = []
            group.append(month)
        groups += [group] if group else []
    return [
        Batch(
            batch_id=f"{prefix}-{number:03}",
            months=[month.month.isoformat() if month.month else None for month in group],
            newer_than=socrata_time(newer_than) if newer_than and group[0].kind == "topped up" else None,
            expected_count=sum(month.fetch_count for month in group),
            columns=list(columns),
        )
        for number, group in enumerate(groups, start=1)
    ]


def fits(group: list[PlannedMonth], month: PlannedMonth) -> bool:
    """Whether one more month keeps a batch within its limits."""
    rows = sum(member.fetch_count for member in group) + month.fetch_count
    ranges = to_ranges([member.month for member in [*group, month]])
    return rows <= config.BATCH_ROWS and len(ranges) <= config.MAX_RANGES_PER_BATCH


def to_ranges(months: Iterable[date | None]) -> list[tuple[date, date] | None]:
    """Join adjacent months to ranges from a first day to the first day after; None stays None, for no date."""
    ranges: list[tuple[date, date] | None] = []
    for month in months:
        last = ranges[-1] if ranges else None
        if month and last and last[1] == month:
            ranges[-1] = (last[0], next_month(month))
        else:
            ranges.append((month, next_month(month)) if month else None)
    return ranges


def next_month(month: date) -> date:
    """Return the first day of the month after."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def batch_query(batch: Batch) -> dict[str, str]:
    """Return the SoQL parameters that ask for a batch.

    The limit leaves room for reports that come while we read, and is never the portal's default of 1000.
    """
    ranges = to_ranges([date.fromisoformat(month) if month else None for month in batch["months"]])
    parts = [
        f"(rep_date >= '{bounds[0]}T00:00:00' and rep_date < '{bounds[1]}T00:00:00')"
        if bounds
        else "rep_date is null"
        for bounds in ranges
    ]
    where = f"({' or '.join(parts)})"
    if batch["newer_than"]:
        where += f" and :updated_at > '{batch['newer_than']}'"
    return {
        "$select": ",".join([":id", ":updated_at", *batch["columns"]]),
        "$where": where,
        "$order": ":id",
        "$limit": str(limit(batch)),
    }


def limit(batch: Batch) -> int:
    """Return how many reports an answer may have: twice the expected and a page."""
    return 2 * batch["expected_count"] + 1000


def columns_to_fetch(dataset_columns: Container[str]) -> list[str]:
    """Return the kept columns that the dataset has, in the contract's order."""
    return [column.source_name for column in contract.COLUMNS if column.source_name in dataset_columns]


def batch_path(folder: UPath, batch_id: str) -> UPath:
    """Return where a batch lands."""
    return folder / f"{batch_id}.json.gz"


def landed(folder: UPath, batch: Batch) -> Manifest | None:
    """Return the manifest of a batch that has landed whole, else None."""
    path = batch_path(folder, batch["batch_id"])
    manifest_path = path.with_name(f"{batch['batch_id']}.manifest.json")
    if not (path.exists() and manifest_path.exists()):
        return None
    manifest: Manifest = landing.read_json(manifest_path)
    return manifest if landing.sha256(path) == manifest["sha256"] else None


def land_response(response: requests.Response, batch: Batch, folder: UPath) -> Manifest:
    """Judge an answer and land its body as received; the file appears under its name only when complete.

    Parameters
    ----------
    response
        Opened with ``stream=True``; the body must not have been read.

    Returns
    -------
    Manifest
        Reports, bytes and SHA-256 of the file.

    Raises
    ------
    PortalBusy, PortalStale, TokenRejected, PortalAnswer
        As the status says; PortalBusy also for a body that is cut, empty or not the JSON array that was asked for.
        Nothing has landed then.
    """
    began = time.monotonic() - response.elapsed.total_seconds()
    path = batch_path(folder, batch["batch_id"])
    with response:
        portal.judge_answer(response)
        with landing.write_whole(path) as file:
            counter = receive(response, batch, file)
    manifest = Manifest(
        batch_id=batch["batch_id"],
        report_count=counter.report_count,
        byte_count=counter.byte_count,
        sha256=counter.digest.hexdigest(),
        asked=response.url,
    )
    landing.write_json(path.with_name(f"{batch['batch_id']}.manifest.json"), manifest)
    log.info(
        "landed %s: %s reports, %.1f MB in %.1f s",
        batch["batch_id"],
        counter.report_count,
        counter.byte_count / 1e6,
        time.monotonic() - began,
    )
    return manifest


def receive(response: requests.Response, batch: Batch, file: IO[bytes]) -> BodyCounter:
    """Write a body to a file as a gzip stream, and return what it holds.

    Raises
    ------
    PortalBusy, PortalAnswer
        If it is cut, empty, not the JSON array that was asked for, or as long as the limit lets it be.
    """
    counter = BodyCounter(response.url)
    for piece in gzip_pieces(response):
        file.write(piece)
        counter.feed(piece)
    counter.finish()
    if counter.report_count >= limit(batch):
        raise portal.PortalAnswer(
            f"{response.url}: expected about {batch['expected_count']} reports, came {counter.report_count}, as many as"
            " the limit lets through: the dataset grew while we read. Trigger a new run."
        )
    return counter


def fetch_batch(batch: Batch, folder: UPath) -> Manifest:
    """Ask for a batch and land it, unless it has landed whole already."""
    manifest = landed(folder, batch)
    if manifest:
        log.info("%s has landed already", batch["batch_id"])
        return manifest
    return ask_batch(batch, folder)


@portal.patient
def ask_batch(batch: Batch, folder: UPath) -> Manifest:
    """Ask for a batch and land it."""
    response = portal.get(f"/resource/{config.DATASET_ID}.json", batch_query(batch), stream=True)
    return land_response(response, batch, folder)


@contextmanager
def open_landed(folder: UPath, batch: Batch) -> Iterator[io.BufferedIOBase]:
    """Open the body of a landed batch, which unpacks as it is read.

    Raises
    ------
    FileNotFoundError
        If the batch has not landed, or its file is damaged.
    """
    path = batch_path(folder, batch["batch_id"])
    if landed(folder, batch) is None:
        raise FileNotFoundError(f"{path} is missing or damaged: trigger a new run.")
    with path.open("rb") as packed_body, igzip.IGzipFile(fileobj=packed_body) as body:
        yield body


def manifests(folder: UPath) -> dict[str, Any]:
    """Return the manifests of all batches landed in a folder, by batch."""
    return {
        manifest["batch_id"]: manifest
        for manifest in map(landing.read_json, sorted(folder.glob("*.manifest.json")))
    }
