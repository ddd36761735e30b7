"""Invent reports: how many of what, where and when follows the tables in ``calibration``."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb

from sample_portal.data import boundaries
from sample_portal.data.datasets import FORMS, SYSTEM_COLUMNS, FormName, reports

HERE = Path(__file__).parent
FEWEST_REPORTS, MOST_REPORTS = 1_000, 2_615_000
_POINTS_PER_AREA = 100


def _table(name: str) -> str:
    """Return SQL that reads a table of the calibration."""
    return f"read_csv('{HERE / 'calibration' / name}.csv')"


_CRIME_TYPES = f"""
    select cast(era[7:] as integer) as era, * exclude (era)
    from (unpivot {_table("crime_types")} on columns('share_.*') into name era value weight)
"""
# How often a profile's reports are of a district, and how much more or less often in an era.
_AREAS = f"""
    select
        profiles.profile, eras.first_year as era, profiles.weight * eras.factor as weight,
        try_cast(council_district as integer) as council_district
    from (unpivot {_table("profiles")} on columns(* exclude profile) into name council_district value weight) as profiles
    inner join (unpivot {_table("eras")} on columns(* exclude first_year) into name council_district value factor) as eras
        using (council_district)
"""
_SECTORS = f"""
    select report_count as weight, coalesce(council_district, 0) as area, sector from {_table("district_sectors")}
"""


@dataclass(frozen=True)
class Recipe:
    """What to generate; the same recipe gives the same reports."""

    reports: int = 100_000
    seed: int = 1
    until: date | None = None
    form: FormName = "present"
    # Whether every kind of dirty value occurs, however few the reports.
    has_every_oddity: bool = True
    # The first day of report, for the reports of a week or so; without one they occurred in all the years.
    reported_since: date | None = None

    @property
    def last_day(self) -> date:
        """The day of the newest report; no date of any kind lies after it."""
        return self.until or last_saturday(datetime.now(UTC).date())


def last_saturday(today: date) -> date:
    """Return the last Saturday that is at least a week before a day."""
    week_ago = today - timedelta(days=7)
    return week_ago - timedelta(days=(week_ago.weekday() - 5) % 7)


def generate(connection: duckdb.DuckDBPyConnection, recipe: Recipe) -> None:
    """Make the table ``reports`` in an open database."""
    _prepare(connection, recipe)
    for statement in duckdb.extract_statements((HERE / "generate.sql").read_text()):
        connection.execute(statement)
    columns = ", ".join(
        f'cast("{column.name}" as {column.stored_type}) as "{column.name}"'
        for column in (*SYSTEM_COLUMNS, *FORMS[recipe.form])
    )
    # The newest week lies first, as on the portal's pages without an order.
    connection.execute(
        f"create table {reports(recipe.form).table} as"
        f" select {columns} from generated order by weeks_back > 0, place"
    )
    connection.execute("drop view generated")
    for temporary in ("numbered", "drawn_report", "drawn_occurrence", "drawn_place"):
        connection.execute(f"drop table {temporary}")


def _prepare(connection: duckdb.DuckDBPyConnection, recipe: Recipe) -> None:
    """Read the calibration and set what the statements refer to."""
    until = recipe.last_day
    for name, value in (
        ("seed", recipe.seed),
        ("reports", recipe.reports),
        ("until", until),
        ("oddities", int(recipe.has_every_oddity)),
        ("by_report", recipe.reported_since is not None),
        ("since", recipe.reported_since or date(2003, 1, 1)),
    ):
        connection.execute(f"set variable {name} = ?", [value])
    _share_out(connection)
    _weigh(connection, "crime_types", _CRIME_TYPES, "era")
    _weigh(connection, "areas", _AREAS, "era, profile")
    _weigh(connection, "sectors", _SECTORS, "area")
    _weigh(connection, "hours", f"from {_table('hours')}")
    _weigh(connection, "location_types", f"from {_table('location_types')}")
    _scatter(connection, recipe.seed)


def _scatter(connection: duckdb.DuckDBPyConnection, seed: int) -> None:
    """Make a table of points within each council district."""
    rows = [
        (area, number, *point)
        for area, shape in boundaries.draw().items()
        for number, point in enumerate(boundaries.points_within(shape, _POINTS_PER_AREA, seed + area))
    ]
    connection.execute(
        "create temp table area_points as select unnest(?) as area, unnest(?) as point,"
        " round(unnest(?), 8) as longitude, round(unnest(?), 8) as latitude",
        [list(values) for values in zip(*rows, strict=True)],
    )


def _share_out(connection: duckdb.DuckDBPyConnection) -> None:
    """Share the reports out among the years from ``since`` to ``until``, by their days and their real reports."""
    connection.execute(
        f"""
        create temp table allotments as
        with known as (from {_table("years")}),
        days as (select unnest(range(getvariable('since'), getvariable('until') + 1, interval 1 day)) as day),
        spans as (
            select
                year(day) as year, cast(min(day) as date) as first_day, count(*) as day_count,
                count(*) / dayofyear(make_date(year(day), 12, 31)) as part
            from days group by year(day)
        ),
        shared as (
            select
                spans.*, known.undated_odds, known.report_count * spans.part as weight,
                cast(round(
                    getvariable('reports') * sum(weight) over (order by spans.year) / sum(weight) over ()
                ) as bigint) as high
            from spans
            inner join known on known.occurred_year = least(spans.year, (select max(occurred_year) from known))
        )
        select
            first_day, day_count, undated_odds,
            lag(high, 1, 0) over (order by year) as first_place,
            high - first_place as report_count,
            (select max(first_year) from {_table("eras")} where first_year <= shared.year) as era
        from shared
        """
    )


def _weigh(connection: duckdb.DuckDBPyConnection, name: str, source: str, group: str = "1") -> None:
    """Make a table whose rows begin where a chance from 0 to 1 must be at least to be theirs, within each group."""
    connection.execute(
        f"""
        create temp table {name} as
        with rows as (select row_number() over () as line, * from ({source}) where weight > 0)
        select
            * exclude (line, weight),
            coalesce(sum(weight) over (
                partition by {group} order by line rows between unbounded preceding and 1 preceding
            ), 0) / sum(weight) over (partition by {group}) as low
        from rows
        """
    )
