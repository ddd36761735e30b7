"""Months of report date, the unit of a load, as the portal counts them."""

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from austin_crime import config, values
from austin_crime.errors import Contradiction, PortalAnswer
from austin_crime.models import PlannedMonth, PortalMonth, RecentCounts
from austin_crime.portal import answers
from austin_crime.portal.client import Portal

log = logging.getLogger(__name__)

MONTH = "date_trunc_ym(rep_date) as month"
COUNT = "count(*) as report_count"
FIRST_STAMP = datetime.min.replace(tzinfo=UTC)
# More than any number of months; the portal's default would be 1000.
LIMIT = "50000"


def ask_months(portal: Portal, last_newest: datetime | None = None) -> list[PortalMonth]:
    """Ask the portal for its months: their reports, newest stamps, and how many reports changed since the last load.

    Parameters
    ----------
    last_newest
        The portal's newest stamp when the last published load was planned.

    Returns
    -------
    list of PortalMonth
        Reports without a report date are a month of their own. Takes one query without ``last_newest``, else up to four.

    Raises
    ------
    Contradiction
        If the answers contradict each other at every try, as those of different replicas can.
    PortalAnswer
        If a month or a count cannot be read.
    """
    months = portal.patiently(lambda: _ask_once(portal, last_newest), Contradiction)
    log.info(
        "The portal has %s reports in %s months.", sum(month.report_count for month in months), len(months)
    )
    return months


def _ask_once(portal: Portal, last_newest: datetime | None) -> list[PortalMonth]:
    rows = portal.query(
        "the number of reports by month and their newest change",
        f"{MONTH},{COUNT},max(:updated_at) as newest_updated_at",
        ["report_count", "newest_updated_at"],
        group="month",
        order="month",
        limit=LIMIT,
    )
    if not rows:
        raise Contradiction(
            "The portal has no reports at all: expected some. Nothing was loaded; trigger a new run later."
        )
    months = _joined(
        PortalMonth(to_month(row.get("month")), to_count(row), _to_stamp(row["newest_updated_at"]))
        for row in rows
    )
    return _with_newer_counts(portal, months, last_newest) if last_newest else months


def _with_newer_counts(portal: Portal, months: list[PortalMonth], last_newest: datetime) -> list[PortalMonth]:
    """Return the months with their counts of reports stamped after, at and shortly before a stamp."""
    stamp = socrata_time(last_newest)
    since = count_months(portal, f":updated_at >= '{stamp}'")
    has_newer = any(month.newest_updated_at > last_newest for month in months)
    newer = count_months(portal, f":updated_at > '{stamp}'") if has_newer else {}
    late = count_months(portal, _shortly_before(last_newest))
    counted = [
        replace(
            month,
            newer_count=newer.get(month.month, 0),
            same_stamp_count=since.get(month.month, 0) - newer.get(month.month, 0),
            late_count=late.get(month.month, 0),
        )
        for month in months
    ]
    contradicted = [month for month in counted if _is_contradicted(month, last_newest)]
    if contradicted or (since.keys() | late.keys()) - {month.month for month in months}:
        raise Contradiction(
            f"The portal's counts by month contradict each other ({len(contradicted)} months, for example with a change after"
            f" {stamp} and no report changed after it): a replica of the portal is out of date."
        )
    return counted


def _is_contradicted(month: PortalMonth, last_newest: datetime) -> bool:
    """Whether the counts of a month cannot be of one state of the portal."""
    return (
        (month.newest_updated_at > last_newest and month.newer_count == 0)
        or (month.newest_updated_at < last_newest and month.newer_count > 0)
        or (month.newest_updated_at == last_newest and month.newer_count + month.same_stamp_count == 0)
        or month.same_stamp_count < 0
        or month.newer_count + month.same_stamp_count + month.late_count > month.report_count
    )


def ask_recent_counts(
    portal: Portal, months: list[PortalMonth], last_newest: datetime | None
) -> dict[date | None, RecentCounts]:
    """Return for each month how many of its reports bear the dataset's newest stamp, and how many a late stamp."""
    newest = newest_stamp(months)
    if newest == last_newest:
        return {month.month: RecentCounts(month.same_stamp_count, month.late_count) for month in months}
    newest_counts = count_months(portal, f":updated_at = '{socrata_time(newest)}'")
    late_counts = count_months(portal, _shortly_before(newest))
    return {
        month.month: RecentCounts(newest_counts.get(month.month, 0), late_counts.get(month.month, 0))
        for month in months
    }


def newest_stamp(months: Iterable[PortalMonth | PlannedMonth]) -> datetime:
    """Return the dataset's newest stamp; the next load looks for newer ones.

    A stamp in the future would hide every change until then. A month that has one is left out, and so its newer reports are
    fetched in every load. If every month has one, the oldest of them counts.
    """
    stamps = [month.newest_updated_at for month in months if month.newest_updated_at]
    latest = datetime.now(UTC) + timedelta(seconds=config.CLOCK_TOLERANCE_S)
    return max((stamp for stamp in stamps if stamp <= latest), default=min(stamps))


def _shortly_before(stamp: datetime) -> str:
    """Return the condition for reports that were stamped shortly before a stamp."""
    span = timedelta(seconds=config.LATE_STAMP_S)
    begin = max(stamp, FIRST_STAMP + span) - span
    return f":updated_at >= '{socrata_time(begin)}' and :updated_at < '{socrata_time(stamp)}'"


def count_months(portal: Portal, where: str) -> dict[date | None, int]:
    """Ask the portal for the number of reports by month that meet a condition."""
    rows = portal.query(
        f"the number of reports by month where {where}",
        f"{MONTH},{COUNT}",
        ["report_count"],
        where=where,
        group="month",
        order="month",
        limit=LIMIT,
    )
    counts: Counter[date | None] = Counter()
    for row in rows:
        counts[to_month(row.get("month"))] += to_count(row)
    return counts


def _joined(months: Iterable[PortalMonth]) -> list[PortalMonth]:
    """Return each month once: the portal may write one in several ways, and has several without a date."""
    joined: dict[date | None, PortalMonth] = {}
    for month in months:
        other = joined.get(month.month)
        joined[month.month] = (
            replace(
                month,
                report_count=month.report_count + other.report_count,
                newest_updated_at=max(month.newest_updated_at, other.newest_updated_at),
            )
            if other
            else month
        )
    return list(joined.values())


def to_month(key: Any) -> date | None:
    """Read a month as the portal sends it, ``2024-05-01T00:00:00.000``; PortalAnswer if it is not one."""
    try:
        return values.read_month_key(None if key is None else values.as_text(key))
    except values.Unreadable as error:
        raise PortalAnswer(
            f"Asked for months: {error}. A report has this as its rep_date. Nothing was loaded; tell the publisher, and"
            " trigger a new run when it is corrected."
        ) from None


def _to_stamp(value: Any) -> datetime:
    """Read an ``:updated_at``; PortalAnswer if it is not one."""
    try:
        return values.read_newest_stamp(values.as_text(value))
    except values.Unreadable as error:
        raise PortalAnswer(f"Asked for the newest change of a month: {error}. {answers.ADVICE}") from None


def to_count(row: dict[str, Any]) -> int:
    """Read the number of reports in a row; PortalAnswer if it is not one."""
    try:
        return values.read_count(values.as_text(row["report_count"]))
    except values.Unreadable as error:
        raise PortalAnswer(f"Asked for a number of reports: {error}. {answers.ADVICE}") from None


def socrata_time(moment: datetime) -> str:
    """Write a stamp as the portal does: UTC, milliseconds, ``Z``."""
    spec = "milliseconds" if moment.microsecond % 1000 == 0 else "microseconds"
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=spec) + "Z"
