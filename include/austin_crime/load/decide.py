"""Decide what to fetch of each month, from the portal's months and those that the warehouse holds; pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from austin_crime.models import HeldMonth, MonthKind, PlanLine, PlannedMonth, PortalMonth, RecentCounts

# A month with a larger share of newer reports is fetched whole, any other is topped up.
TOP_UP_SHARE = 0.5
# Kinds and reasons that have a line of their own in the table of a plan.
TABLE_LINES = 8


def decide_months(
    portal_months: Iterable[PortalMonth],
    held: Iterable[HeldMonth],
    *,
    recent: Mapping[date | None, RecentCounts] | None = None,
    whole: str | None = None,
    requested: set[date | None] | None = None,
) -> list[PlannedMonth]:
    """Decide for each month what to fetch; pure.

    Parameters
    ----------
    portal_months, held
        The months of both sides; each side has a month at most once.
    recent
        Counts to record of each month, for comparison in the next load.
    whole
        A reason to fetch every month whole, such as new cleaning rules.
    requested
        Months to treat as changed.

    Returns
    -------
    list of PlannedMonth
        Every month of either side, oldest first, the one without a date last. If any is not skipped, the months that
        hold duplicates are fetched whole as well.
    """
    held_by_month = {month.month: month for month in held}
    planned = [
        _decide_month(
            month,
            held_by_month.get(month.month),
            (recent or {}).get(month.month, RecentCounts()),
            whole or ("requested" if month.month in (requested or ()) else None),
        )
        for month in portal_months
    ]
    at_portal = {month.month for month in planned}
    planned += [
        PlannedMonth(month, "vanished", "the portal no longer has it", 0)
        for month in held_by_month
        if month not in at_portal
    ]
    if any(month.kind != "skipped" for month in planned):
        planned = [
            _fetched_whole(month, "a key has duplicates") if _has_duplicates(month, held_by_month) else month
            for month in planned
        ]
    return sorted(planned, key=lambda planned_month: planned_month.month or date.max)


def _decide_month(
    month: PortalMonth, held: HeldMonth | None, recent: RecentCounts, whole: str | None
) -> PlannedMonth:
    """Decide for one month that the portal has."""
    reason = _reason_for_whole(month, held, whole)
    kind: MonthKind = "whole"
    if reason is None and month.newer_count:
        kind, reason = "topped up", "newer reports"
    elif reason is None:
        kind, reason = "skipped", "nothing newer, as many held"
    return PlannedMonth(
        month=month.month,
        kind=kind,
        reason=reason,
        portal_count=month.report_count,
        fetch_count={"whole": month.report_count, "topped up": month.newer_count}.get(kind, 0),
        # A month fetched for another reason takes all ids as read: a replay of the load then needs no earlier load.
        is_mostly_new=kind == "whole" and is_mostly_new(month) and not whole,
        newest_updated_at=month.newest_updated_at,
        newest_count=recent.newest_count,
        late_count=recent.late_count,
    )


def _reason_for_whole(month: PortalMonth, held: HeldMonth | None, whole: str | None) -> str | None:
    """Return why a month has to be fetched whole, or None."""
    if held is None or held.report_count == 0:
        return "not held"
    if whole:
        return whole
    if is_mostly_new(month):
        return "most of it is newer"
    if held.newest_updated_at and month.newest_updated_at < held.newest_updated_at:
        return "its newest stamp fell"
    if _has_other_stamps(month, held):
        return "another number of reports bears the stamps of the last update"
    # Changed by hand: a count that happens to equal the portal's would prove nothing.
    if held.report_count != held.portal_report_count:
        return f"not as it was loaded ({held.report_count} held, {held.portal_report_count} loaded)"
    if month.newer_count == 0 and month.report_count != held.report_count:
        return f"reports removed at the portal ({month.report_count} there, {held.report_count} held, nothing newer)"
    return None


def _has_other_stamps(month: PortalMonth, held: HeldMonth) -> bool:
    """Whether reports got the newest stamp of the last load, or a late stamp, after that load was planned.

    That happens when two updates of the portal overlap. A report that was changed since has left its old stamp, so in a
    month with newer reports only a larger count of the newest stamp proves it. Of late stamps any other count is taken
    for it, unless most of the month was stamped then.
    """
    if month.same_stamp_count > held.newest_count:
        return True
    if month.newer_count == 0 and month.same_stamp_count < held.newest_count:
        return True
    if held.late_count is None:
        return False
    if month.newer_count and held.late_count > month.report_count * TOP_UP_SHARE:
        return month.late_count > held.late_count
    return month.late_count != held.late_count


def is_mostly_new(month: PortalMonth) -> bool:
    """Whether most reports of a month are newer than the last load."""
    return month.newer_count > month.report_count * TOP_UP_SHARE


def _has_duplicates(month: PlannedMonth, held: dict[date | None, HeldMonth]) -> bool:
    """Whether a key of the month has duplicates, and the portal still has the month."""
    return month.kind != "vanished" and month.month in held and held[month.month].has_duplicates


def _fetched_whole(month: PlannedMonth, reason: str) -> PlannedMonth:
    """Return the month as fetched whole, with all ids and stamps taken as read."""
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


def summarize(months: list[PlannedMonth]) -> list[PlanLine]:
    """Return how many months of each kind the plan has, and how many reports are to be fetched of them."""
    return [
        PlanLine(
            kind=kind,
            month_count=number,
            report_count=sum(month.fetch_count for month in months if month.kind == kind),
        )
        for kind, number in Counter(month.kind for month in months).items()
    ]


def plan_table(months: list[PlannedMonth]) -> list[str]:
    """Return the plan as a table of at most ten lines: one for each kind and reason, those with most months first."""
    groups: dict[tuple[str, str], list[PlannedMonth]] = {}
    for month in months:
        groups.setdefault((month.kind, month.reason.partition(" (")[0]), []).append(month)
    largest = sorted(groups.items(), key=lambda group: -len(group[1]))
    lines = [f"{'months':>6}  {'kind':9}  {'reports to fetch':>16}  why"]
    for (kind, reason), members in largest[:TABLE_LINES]:
        fetched = sum(month.fetch_count for month in members)
        lines.append(
            f"{len(members):6}  {kind:9}  {fetched:16,}  {reason}, {name_months({m.month for m in members}, 2)}"
        )
    rest = [month for _, members in largest[TABLE_LINES:] for month in members]
    if rest:
        lines.append(
            f"{len(rest):6}  others     {sum(month.fetch_count for month in rest):16,}  other reasons"
        )
    return lines


def name_months(months: set[date | None], shown: int = 12) -> str:
    """Write months for people: ``2024-05, 2024-06, without a date``; the first ones of many."""
    ordered = sorted(months, key=lambda month: month or date.max)
    names = [f"{month:%Y-%m}" if month else "without a date" for month in ordered]
    return ", ".join(names[:shown]) + (f" and {len(names) - shown} more" if len(names) > shown else "")
