"""The types that modules share: frozen dataclasses of JSON values and dates.

Orchestrators pass ``Load``, ``Batch``, ``Manifest`` and ``PlanLine`` from task to task, so these hold JSON values only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

MonthKind = Literal["skipped", "topped up", "whole", "vanished"]


@dataclass(frozen=True)
class PortalMonth:
    """A month of report date at the portal; ``month`` is its first day, None for reports without a date."""

    month: date | None
    report_count: int
    newest_updated_at: datetime
    # Relative to the newest stamp of the last published load; all 0 without such a load.
    newer_count: int = 0
    same_stamp_count: int = 0
    late_count: int = 0


@dataclass(frozen=True)
class RecentCounts:
    """How many reports of a month bear the dataset's newest stamp, and one shortly before it (config.LATE_STAMP_S)."""

    newest_count: int = 0
    late_count: int = 0


@dataclass(frozen=True)
class HeldMonth:
    """A month as the warehouse holds it, and as the portal had it when it was loaded."""

    month: date | None
    # Reports, and those of them that are published and not rejected.
    report_count: int
    published_count: int
    has_duplicates: bool = False
    portal_report_count: int = 0
    newest_updated_at: datetime | None = None
    newest_count: int = 0
    # None if the load that recorded the month did not count them.
    late_count: int | None = None


@dataclass(frozen=True)
class PlannedMonth:
    """What the load does with a month, and why.

    Parameters
    ----------
    fetch_count
        Reports that the portal announced for what is fetched of the month: all, the newer ones, or none.
    newest_count, late_count
        As in RecentCounts, recorded for comparison in the next load.
    """

    month: date | None
    kind: MonthKind
    reason: str
    portal_count: int
    fetch_count: int = 0
    is_mostly_new: bool = False
    newest_updated_at: datetime | None = None
    newest_count: int = 0
    late_count: int = 0


@dataclass(frozen=True)
class PlanLine:
    """One kind of month in a plan."""

    kind: MonthKind
    month_count: int
    report_count: int


@dataclass(frozen=True)
class Batch:
    """A request for the reports of some months.

    Parameters
    ----------
    months
        First days of months, ISO; None for reports without a report date.
    newer_than
        Only reports with a later ``:updated_at``, as the portal writes it; None for all.
    expected_count
        Reports that the portal announced.
    columns
        The columns to ask for, by their name at the portal.
    """

    batch_id: str
    months: tuple[str | None, ...]
    newer_than: str | None
    expected_count: int
    columns: tuple[str, ...]

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> "Batch":
        """Return the batch that was written as JSON."""
        return cls(**{**content, "months": tuple(content["months"]), "columns": tuple(content["columns"])})

    @property
    def month_dates(self) -> set[date | None]:
        """The months as dates."""
        return {date.fromisoformat(month) if month else None for month in self.months}


@dataclass(frozen=True)
class Manifest:
    """What a landed file holds; ``url`` is the address it was requested from."""

    batch_id: str
    report_count: int
    byte_count: int
    sha256: str
    url: str


@dataclass(frozen=True)
class Load:
    """A load, as its steps pass it to each other.

    Parameters
    ----------
    has_work
        Whether the plan has anything to fetch or to remove.
    is_dry_run
        A dry run shows its plan and makes no load.
    is_token_rejected
        Whether the portal rejected the app token while the load was planned; later steps do not send it.
    plan
        The plan as shown to people; empty if the metadata alone showed that nothing changed.
    """

    load_id: str
    attempt: int
    has_work: bool
    is_dry_run: bool = False
    is_token_rejected: bool = False
    plan: tuple[PlanLine, ...] = ()


@dataclass(frozen=True)
class RunningLoad:
    """The row of ``ops.loads`` of the load that holds the slot."""

    load_id: str
    attempt: int
    planned_against: str | None
    parameters: dict[str, Any]


@dataclass(frozen=True)
class Question:
    """What a person has to decide about a load that checks block.

    Parameters
    ----------
    body
        Markdown: what failed, some of the reports concerned, and what publishing would change.
    asked_at, waits_until
        With a time zone.
    """

    subject: str
    body: str
    asked_at: datetime
    waits_until: datetime


@dataclass(frozen=True)
class Answer:
    """A person's decision; ``given_at`` has a time zone."""

    decision: Literal["publish", "reject"]
    decided_by: str
    given_at: datetime


@dataclass(frozen=True)
class PublishedLoad:
    """The row of ``ops.loads`` of the last published load."""

    load_id: str
    newest_updated_at: datetime
    rules_version: int
    dataset_form: str
    metadata_fingerprint: str
    portal_report_count: int


@dataclass(frozen=True)
class Dataset:
    """The dataset as its metadata describe it: the types of its columns, and when its rows changed last."""

    source_types: dict[str, str]
    fingerprint: str
    rows_updated_at: int | None
    is_sample: bool
    metadata: dict[str, Any] = field(repr=False)
