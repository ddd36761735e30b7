"""Invent reports: how many of what, where and when follows the tables in ``calibration``."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb

from sample_portal import boundaries
from sample_portal.datasets import FORMS, SYSTEM_COLUMNS, FormName, reports

HERE = Path(__file__).parent
FEWEST_REPORTS, MOST_REPORTS = 1_000, 2_615_000
POINTS_PER_AREA = 100
# Proportions are shared out among so many slots; a draw is a slot.
SLOTS = 20_000
# The eras of the shares in crime_types.csv, by their first year.
ERAS = {2003: "share_to_2010", 2011: "share_to_2018", 2019: "share_since_2019"}


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
    prepare(connection, recipe)
    for statement in duckdb.extract_statements((HERE / "generate.sql").read_text()):
        connection.execute(statement)
    columns = ", ".join(
        f'cast("{column.name}" as {column.stored_type}) as "{column.name}"'
        for column in (*SYSTEM_COLUMNS, *FORMS[recipe.form])
    )
    # The newest week lies first, as on the portal's pages without an order.
    connection.execute(
        f"create table {reports(recipe.form).table} as"
        f" select {columns} from generated where weeks_back = 0"
        f" union all select {columns} from generated where weeks_back > 0"
    )
    connection.execute("drop view generated")
    for temporary in ("numbered", "drawn_report", "drawn_occurrence"):
        connection.execute(f"drop table {temporary}")


def prepare(connection: duckdb.DuckDBPyConnection, recipe: Recipe) -> None:
    """Read the calibration and set what the statements refer to."""
    until = recipe.last_day
    for name, value in (
        ("seed", recipe.seed),
        ("reports", recipe.reports),
        ("until", until),
        ("slots", SLOTS),
        ("oddities", int(recipe.has_every_oddity)),
        ("by_report", recipe.reported_since is not None),
    ):
        connection.execute(f"set variable {name} = ?", [value])
    share_out(connection, recipe.reports, recipe.reported_since, until)
    shares = " union all ".join(
        f"select {era} as era, {column} as weight, * exclude ({', '.join(ERAS.values())}) from read_csv('{calibration('crime_types')}')"
        for era, column in ERAS.items()
    )
    weigh(connection, "crime_types", shares, "era")
    weigh(connection, "areas", read("district_sectors", "report_count"))
    weigh(connection, "hours", read("hours", "weight"))
    weigh(connection, "location_types", read("location_types", "weight"))
    scatter(connection, recipe.seed)


def scatter(connection: duckdb.DuckDBPyConnection, seed: int) -> None:
    """Make a table of points within each council district."""
    rows = [
        (area, number, *point)
        for area, shape in boundaries.draw().items()
        for number, point in enumerate(boundaries.points_within(shape, POINTS_PER_AREA, seed + area))
    ]
    connection.execute(
        "create temp table area_points as select unnest(?) as area, unnest(?) as point,"
        " round(unnest(?), 8) as longitude, round(unnest(?), 8) as latitude",
        [list(values) for values in zip(*rows, strict=True)],
    )


def share_out(connection: duckdb.DuckDBPyConnection, count: int, since: date | None, until: date) -> None:
    """Share the reports out among the years between two days, in proportion to the days and the year's reports."""
    connection.execute(
        "create temp table allotments (first_place bigint, first_day date, day_count integer, report_count bigint, era integer)"
    )
    known: dict[int, int] = dict(
        connection.execute(f"select * from read_csv('{calibration('years')}')").fetchall()
    )
    start = since or date(min(known), 1, 1)
    years = range(start.year, until.year + 1)
    first_days = {year: max(start, date(year, 1, 1)) for year in years}
    days = {year: (min(until, date(year, 12, 31)) - first_days[year]).days + 1 for year in years}
    weights = {year: known.get(year, known[max(known)]) * days[year] for year in years}
    total, given, passed = sum(weights.values()), 0, 0
    for year in years:
        passed += weights[year]
        due = round(count * passed / total) - given
        era = max(first for first in ERAS if first <= year)
        row = [given, first_days[year], days[year], due, era]
        connection.execute("insert into allotments values (?, ?, ?, ?, ?)", row)
        given += due


def calibration(name: str) -> Path:
    """Return the path of a table of proportions."""
    return HERE / "calibration" / f"{name}.csv"


def read(name: str, weight: str) -> str:
    """Return SQL that reads a table of proportions, its weight under that name."""
    return f"select {weight} as weight, * exclude ({weight}) from read_csv('{calibration(name)}')"


def weigh(connection: duckdb.DuckDBPyConnection, table: str, source: str, group: str = "1") -> None:
    """Make a table whose rows have as many slots each as their weight asks for, within each group."""
    connection.execute(
        f"""
        create temp table {table} as
        with rows as (select row_number() over () as line, * from ({source}) where weight > 0),
        bounds as (
            select
                *,
                sum(weight) over (partition by {group} order by line) as high,
                sum(weight) over (partition by {group}) as total
            from rows
        )
        select
            * exclude (line, weight, high, total),
            unnest(range(
                cast(round({SLOTS} * (high - weight) / total) as bigint), cast(round({SLOTS} * high / total) as bigint)
            )) as slot
        from bounds
        """
    )
