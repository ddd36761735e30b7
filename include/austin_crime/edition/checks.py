"""How a reader gets each headline number without us: what it counts, the SQL, and the query of the city's own API."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from austin_crime import config
from austin_crime.edition.numbers import Numbers

# More than there are crime types; the API's default is 1000.
LIMIT = "5000"


@dataclass(frozen=True)
class Check:
    """A number, or several by a key, and the two ways to it.

    Parameters
    ----------
    name
        What the page refers to it by.
    number
        The number, if it is one.
    query
        SQL for the warehouse.
    url
        Query of the city's API; it counts rejected reports, too, and what has changed since the load.
    """

    name: str
    title: str
    definition: str
    query: str
    url: str
    number: int | None = None


def list_checks(numbers: Numbers) -> list[Check]:
    """Return a check for each headline number of an edition."""
    portal = numbers.status.source_url or config.DEFAULT_SOURCE_URL
    total = Check(
        "total",
        "All reports",
        "Reports published by the load, one for each incident number, of any date.",
        "select count(*)\nfrom mart.crimes",
        _url(portal, "count(*)"),
        numbers.status.report_count,
    )
    checks = [total, *(_period(portal, *period) for period in _periods(numbers))]
    year, months = numbers.whole_city("Year to date"), numbers.whole_city("Last 12 months")
    if year and months:
        first, last = months.first_date, months.last_date
        checks += [
            _by(portal, "districts", "Reports by council district", "council_district", first, last),
            _by(portal, "types", "The most common types", "crime_type", first, last),
            _groups(portal, year.first_date, year.last_date),
        ]
    return checks


def _periods(numbers: Numbers) -> Iterator[tuple[str, str, date, date, int]]:
    """Yield the numbers of reports from one day to another: name, title, first day, last day, number."""
    if week := numbers.week:
        yield "week", "This week", week.first_date, week.last_date, week.report_count
        first, last = week.year_before_first_date, week.year_before_last_date
        yield "week-before", "The same weekdays of the year before", first, last, week.year_before_count
    if year := numbers.whole_city("Year to date"):
        yield "year", "This year", year.first_date, year.last_date, year.report_count
        last = _year_before(year.last_date)
        first = date(last.year, 1, 1)
        yield "year-before", "The same days of the year before", first, last, year.year_before_count
    if months := numbers.whole_city("Last 12 months"):
        yield "months", "The last twelve months", months.first_date, months.last_date, months.report_count


def _period(portal: str, name: str, title: str, first: date, last: date, number: int) -> Check:
    """Return the check of the number of reports from one day to another."""
    definition = f"Reports whose day of occurrence lies from {first} to {last}, both included."
    query = f"select count(*)\nfrom mart.crimes\nwhere occurred_date between '{first}' and '{last}'"
    return Check(name, title, definition, query, _url(portal, "count(*)", _where(first, last)), number)


def _by(portal: str, name: str, title: str, column: str, first: date, last: date) -> Check:
    """Return the check of the numbers of reports by a column, whose name is the same here and there."""
    return Check(
        name,
        title,
        f"Reports whose day of occurrence lies from {first} to {last}, counted by {column}.",
        f"select {column}, count(*)\nfrom mart.crimes\nwhere occurred_date between '{first}' and '{last}'\n"
        f"group by {column}\norder by count(*) desc",
        _url(portal, f"{column},count(*)", _where(first, last), column),
    )


def _groups(portal: str, first: date, last: date) -> Check:
    """Return the check of the groups, which the city does not have: its answer is by crime type."""
    return Check(
        "groups",
        "Crime types in groups",
        f"Reports from {first} to {last}, by the group of their crime type. The groups are ours: crime_groups.csv says which type"
        " is in which. The city's answer is by type; add up those of a group.",
        "select crime_group, count(*)\nfrom mart.crimes\n"
        "inner join mart.crime_groups on crimes.crime_type is not distinct from crime_groups.crime_type\n"
        f"where occurred_date between '{first}' and '{last}'\ngroup by crime_group\norder by count(*) desc",
        _url(portal, "crime_type,count(*)", _where(first, last), "crime_type"),
    )


def _year_before(day: date) -> date:
    """Return the same day of the year before, February 28 where there is no 29."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _where(first: date, last: date) -> str:
    return f"occ_date between '{first}T00:00:00' and '{last}T00:00:00'"


def _url(portal: str, select: str, where: str = "", group: str = "") -> str:
    """Return the address of a query; what is not given is left out."""
    clauses = {"$select": select, "$where": where, "$group": group}
    if group:
        clauses |= {"$order": "count(*) desc", "$limit": LIMIT}
    given = {name: clause for name, clause in clauses.items() if clause}
    return f"{portal}/resource/{config.DATASET_ID}.json?{urlencode(given, safe='$(),*')}"
