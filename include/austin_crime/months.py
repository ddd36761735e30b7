"""Months of report date, the unit of a load: ask the portal for them and decide what to fetch of each."""

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Literal, TypedDict

from austin_crime import config, portal

log = logging.getLogger(__name__)

MonthKind = Literal["skipped", "topped up", "whole", "vanished"]
# A month of fewer than this share of newer reports is topped up, of more is fetched whole.
TOP_UP_SHARE = 0.5


@dataclass(frozen=True)
class PortalMonth:
    """A month of report date at the portal; ``month`` is its first day, None for reports without a date."""

    month: date | None
    report_count: int
    newest_updated_at: datetime
    # Reports newer than the last published load's newest stamp, and with just that stamp; 0 without such a load.
    newer_count: int = 0
    same_stamp_count: int = 0
    # Reports that bear the newest stamp of the whole dataset now.
    newest_count: int = 0


@dataclass(frozen=True)
class HeldMonth:
    """A month as the warehouse holds it, rejected reports included, and as the portal was when it was loaded."""

    month: date | None
    report_count: int
    has_twins: bool = False
    portal_report_count: int = 0
    newest_updated_at: datetime | None = None
    newest_count: int = 0


@dataclass(frozen=True)
class PlannedMonth:
    """What the load does with a month, and why."""

    month: date | None
    kind: MonthKind
    reason: str
    portal_count: int
    fetch_count: int = 0
    is_mostly_new: bool = False
    newest_updated_at: datetime | None = None
    newest_count: int = 0


class PlanLine(TypedDict):
    """One kind of month in a plan."""

    kind: MonthKind
    month_count: int
    report_count: int


def ask_months(last_newest: datetime | None = None) -> list[PortalMonth]:
    """Ask the portal for its months: how many reports, their newest stamp, and what is newer than a stamp.

    Parameters
    ----------
    last_newest
        The portal's newest stamp when the last published load was planned.

    Returns
    -------
    list of PortalMonth
        Reports without a report date are a month of their own. Takes two queries when nothing is newer.

    Raises
    ------
    PortalStale
        If a month is said to have a newer stamp and no newer report: not the same replica answered.
    """
    rows = portal.query(
        "date_trunc_ym(rep_date) as month,count(*) as report_count,max(:updated_at) as newest_updated_at",
        group="month",
        order="month",
        limit="50000",
    )
    stamps = {to_month(row.get("month")): datetime.fromisoformat(row["newest_updated_at"]) for row in rows}
    since = count_months(f":updated_at >= '{socrata_time(last_newest)}'") if last_newest else {}
    has_newer = last_newest and any(stamp > last_newest for stamp in stamps.values())
    newer = count_months(f":updated_at > '{socrata_time(last_newest)}'") if last_newest and has_newer else {}
    contradicted = [
        month
        for month, stamp in stamps.items()
        if last_newest and stamp > last_newest and not newer.get(month)
    ]
    if contradicted:
        raise portal.PortalStale(
            f"{config.source_url()}: {len(contradicted)} months have a report newer than {last_newest}, and are said to have"
            " none when asked for it: a replica of the portal is out of date; ask again in some minutes."
        )
    log.info(
        "the portal has %s reports in %s months", sum(int(row["report_count"]) for row in rows), len(rows)
    )
    return [
        PortalMonth(
            month=month,
            report_count=int(row["report_count"]),
            newest_updated_at=stamps[month],
            newer_count=newer.get(month, 0),
            same_stamp_count=since.get(month, 0) - newer.get(month, 0),
        )
        for row, month in zip(rows, stamps, strict=True)
    ]


def with_newest_counts(months: list[PortalMonth], last_newest: datetime | None) -> list[PortalMonth]:
    """Return the months with how many of their reports bear the newest stamp of the whole dataset."""
    newest = max(month.newest_updated_at for month in months)
    if newest == last_newest:
        return [replace(month, newest_count=month.same_stamp_count) for month in months]
    counts = count_months(f":updated_at = '{socrata_time(newest)}'")
    return [replace(month, newest_count=counts.get(month.month, 0)) for month in months]


def count_months(where: str) -> dict[date | None, int]:
    """Ask the portal how many reports each month has that meet a condition."""
    rows = portal.query(
        "date_trunc_ym(rep_date) as month,count(*) as report_count",
        where=where,
        group="month",
        order="month",
        limit="50000",
    )
    return {to_month(row.get("month")): int(row["report_count"]) for row in rows}


def to_month(value: str | None) -> date | None:
    """Read a month as the portal sends it, ``2024-05-01T00:00:00.000``; PortalAnswer if it is none."""
    try:
        return datetime.fromisoformat(value).date() if value else None
    except ValueError:
        raise portal.PortalAnswer(
            f"{config.source_url()}: expected a month of the years 1 to 9999 such as 2024-05-01T00:00:00.000, came {value!r}:"
            " a report has this as its rep_date. Nothing was loaded; tell the publisher, and trigger a new run when it is mended."
        ) from None


def socrata_time(moment: datetime) -> str:
    """Write a stamp as the portal does: UTC, milliseconds, ``Z``."""
    spec = "milliseconds" if moment.microsecond % 1000 == 0 else "microseconds"
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=spec) + "Z"


def decide_months(
    portal_months: Iterable[PortalMonth],
    held: Iterable[HeldMonth],
    *,
    whole: str | None = None,
    wanted: set[date | None] | None = None,
) -> list[PlannedMonth]:
    """Decide for each month what to fetch; pure.

    Parameters
    ----------
    portal_months, held
        Both sides; each month at most once a side.
    whole
        A reason to fetch every month whole, such as new cleaning rules.
    wanted
        Months to treat as changed.

    Returns
    -------
    list of PlannedMonth
        Every month that either side has, oldest first, the one without a date last. If any is not skipped, the
        months of keys that occur twice are fetched whole as well.
    """
    held_by_month = {month.month: month for month in held}
    planned = [
        decide_month(
            month,
            held_by_month.get(month.month),
            whole or ("asked for" if month.month in (wanted or ()) else None),
        )
        for month in portal_months
    ]
    known = {month.month for month in planned}
    planned += [
        PlannedMonth(month, "vanished", "the portal no longer has it", 0)
        for month in held_by_month
        if month not in known
    ]
    if any(month.kind != "skipped" for month in planned):
        planned = [
            fetch_whole(month, "a key occurs twice") if is_twin(month, held_by_month) else month
            for month in planned
        ]
    return sorted(planned, key=lambda planned_month: planned_month.month or date.max)


def decide_month(month: PortalMonth, held: HeldMonth | None, whole: str | None) -> PlannedMonth:
    """Decide for one month that the portal has."""
    reason = whole_because(month, held, whole)
    kind: MonthKind = "whole"
    if reason is None and month.newer_count:
        kind, reason = "topped up", f"{month.newer_count} newer"
    elif reason is None:
        kind, reason = "skipped", "nothing newer, as many held"
    return PlannedMonth(
        month=month.month,
        kind=kind,
        reason=reason,
        portal_count=month.report_count,
        fetch_count={"whole": month.report_count, "topped up": month.newer_count}.get(kind, 0),
        # Fetched for another reason, it takes the ids that are read: such a load needs none before it.
        is_mostly_new=kind == "whole" and is_mostly_new(month) and not whole,
        newest_updated_at=month.newest_updated_at,
        newest_count=month.newest_count,
    )


def whole_because(month: PortalMonth, held: HeldMonth | None, whole: str | None) -> str | None:
    """Return why a month has to be fetched whole, or None."""
    if held is None or held.report_count == 0:
        return "not held"
    if whole:
        return whole
    if is_mostly_new(month):
        return "most of it is newer"
    if held.newest_updated_at and month.newest_updated_at < held.newest_updated_at:
        return "its newest stamp fell"
    if month.same_stamp_count > held.newest_count:
        return "more reports bear the stamp that was the newest"
    # Emptied by hand: a number that happens to be the portal's would prove nothing.
    if held.report_count != held.portal_report_count:
        return f"{held.report_count} held of the {held.portal_report_count} that were loaded"
    if month.newer_count == 0 and month.report_count != held.report_count:
        return f"{month.report_count} at the portal, {held.report_count} held, nothing newer"
    return None


def is_mostly_new(month: PortalMonth) -> bool:
    """Whether most of a month is newer than the last load."""
    return month.newer_count > month.report_count * TOP_UP_SHARE


def is_twin(month: PlannedMonth, held: dict[date | None, HeldMonth]) -> bool:
    """Whether the month holds a key that occurs twice and is not fetched for that already."""
    return month.kind != "vanished" and month.month in held and held[month.month].has_twins


def fetch_whole(month: PlannedMonth, reason: str) -> PlannedMonth:
    """Return the month to be fetched whole, its ids and stamps refreshed whatever its content."""
    return replace(month, kind="whole", reason=reason, fetch_count=month.portal_count, is_mostly_new=False)


def months_of_range(first: str | None, last: str | None, months: Iterable[date | None]) -> set[date | None]:
    """Return the months from ``2024-01`` to ``2024-03``, both included; none if no bound is given."""
    if not first and not last:
        return set()
    lower, upper = first or "0000-00", last or "9999-99"
    return {month for month in months if month and lower <= f"{month:%Y-%m}" <= upper}


def has_work(months: list[PlannedMonth]) -> bool:
    """Whether a plan has anything to fetch or to remove."""
    return any(month.kind != "skipped" for month in months)


def summarise(months: list[PlannedMonth]) -> list[PlanLine]:
    """Return how many months of each kind the plan has, and how many reports are to be fetched of them."""
    return [
        PlanLine(
            kind=kind,
            month_count=number,
            report_count=sum(month.fetch_count for month in months if month.kind == kind),
        )
        for kind, number in Counter(month.kind for month in months).items()
    ]
