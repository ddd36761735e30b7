"""The numbers of the public edition, as the warehouse's views define them; only what was published is read."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from austin_crime.pages import loads
from austin_crime.warehouse.connection import Connection
from austin_crime.warehouse.statements import read


@dataclass(frozen=True)
class Status:
    """What is published and how fresh it is; a row of mart.data_status."""

    is_empty: bool
    is_sample: bool | None
    source_url: str | None
    load_id: str | None
    report_count: int
    rejected_count: int
    newest_report_date: date | None
    portal_updated_at: datetime | None
    published_at: datetime | None
    notice: str


@dataclass(frozen=True)
class Week:
    """Seven days, and the same weekdays of the year before."""

    first_date: date
    last_date: date
    report_count: int
    arrived_pct: Decimal | None
    expected_count: int | None
    notice: str
    year_before_first_date: date
    year_before_last_date: date
    year_before_count: int
    is_more_than_chance: bool | None


@dataclass(frozen=True)
class Comparison:
    """A row of mart.comparisons for the whole city; ``change_pct`` is None where a percent would mislead."""

    period_name: str
    first_date: date
    last_date: date
    crime_group: str
    report_count: int
    year_before_count: int
    change_count: int
    change_pct: Decimal | None
    is_more_than_chance: bool
    verdict: str
    notice: str


@dataclass(frozen=True)
class District:
    """A council district's last twelve months; ``boundary`` is a GeoJSON MultiPolygon."""

    council_district: int | None
    area_name: str
    first_date: date
    last_date: date
    report_count: int
    year_before_count: int
    change_count: int
    change_pct: Decimal | None
    is_more_than_chance: bool
    verdict: str
    per_1000_residents: float | None
    is_estimate: bool
    boundary: dict[str, Any] | None


@dataclass(frozen=True)
class CrimeType:
    """One of the most common types of the last twelve months."""

    crime_type: str | None
    report_count: int
    report_pct: float


@dataclass(frozen=True)
class NumberToCheck:
    """A row of mart.check_yourself that is not about a district."""

    number_id: str
    number_name: str
    definition: str
    report_count: int
    our_query: str
    portal_query_url: str


@dataclass(frozen=True)
class MonthChange:
    """How many reports of a month a load added, less those that it removed."""

    occurred_month: date
    report_count_change: int


@dataclass(frozen=True)
class LastLoad:
    """What the load that published last did; of a load that filled an empty warehouse, nothing is compared."""

    is_first: bool
    added_count: int
    edited_count: int
    removed_count: int
    added_recent_count: int
    edited_old_count: int
    cleared_count: int
    months: tuple[MonthChange, ...]
    group_count: int
    equal_count: int


@dataclass(frozen=True)
class Numbers:
    """All numbers of one edition; of an empty warehouse, its status only."""

    status: Status
    notice: str = ""
    weeks: tuple[Week, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    districts: tuple[District, ...] = ()
    types: tuple[CrimeType, ...] = ()
    checks: tuple[NumberToCheck, ...] = ()
    last_load: LastLoad | None = None

    @property
    def week(self) -> Week | None:
        """The last seven complete days."""
        return self.weeks[-1] if self.weeks else None

    def groups(self, period_name: str) -> list[Comparison]:
        """Return the groups of a period, the largest first."""
        rows = [row for row in self.comparisons if row.period_name == period_name]
        return sorted(
            (row for row in rows if row.crime_group != "All crimes"), key=lambda row: -row.report_count
        )

    def whole_city(self, period_name: str) -> Comparison | None:
        """Return all crimes of a period; None if there is no report with a date."""
        rows = (row for row in self.comparisons if row.crime_group == "All crimes")
        return next((row for row in rows if row.period_name == period_name), None)


def read_numbers(connection: Connection) -> Numbers:
    """Return the numbers of what is published now."""
    row = loads.status(connection)
    status = Status(**{name: row[name] for name in Status.__annotations__})
    if status.is_empty or status.load_id is None:
        return Numbers(status)
    [completeness] = connection.execute("select notice from mart.completeness").fetchall()
    columns = ", ".join(Comparison.__annotations__)
    compared = connection.execute(
        f"select {columns} from mart.comparisons where area_name = 'Whole city' order by report_count desc, crime_group".encode()
    )
    return Numbers(
        status=status,
        notice=completeness["notice"],
        weeks=tuple(Week(**row) for row in connection.execute(read("edition/weeks.sql"))),
        comparisons=tuple(Comparison(**row) for row in compared),
        districts=tuple(District(**row) for row in connection.execute(read("edition/districts.sql"))),
        types=tuple(CrimeType(**row) for row in connection.execute(read("edition/types.sql"))),
        checks=tuple(NumberToCheck(**row) for row in connection.execute(read("edition/checks.sql"))),
        last_load=_read_last_load(connection, status.load_id),
    )


def _read_last_load(connection: Connection, load_id: str) -> LastLoad | None:
    """Return what a load did; None if ops.loads no longer has it."""
    load = connection.execute(
        "select coalesce(held_report_count, 0) = 0 as is_first, added_count, edited_count, removed_count"
        " from ops.loads where load_id = %s",
        (load_id,),
    ).fetchone()
    if load is None:
        return None
    [ages] = connection.execute(read("edition/ages.sql")).fetchall()
    months = tuple(MonthChange(**row) for row in connection.execute(read("edition/months.sql")))
    receipt = loads.receipt(connection, load_id)
    return LastLoad(
        **load, **ages, months=months, group_count=receipt["group_count"], equal_count=receipt["equal_count"]
    )
