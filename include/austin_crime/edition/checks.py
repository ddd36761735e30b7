"""How a reader gets each headline number without us: what it counts, the SQL, and the query of the city's own API.

Single numbers come from mart.check_yourself, where the dashboard has them from; counts by a column are added here.
"""

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
    return [
        *(
            Check(
                one.number_id,
                one.number_name,
                one.definition,
                one.our_query,
                one.portal_query_url,
                one.report_count,
            )
            for one in numbers.checks
        ),
        *_counts_by(numbers),
    ]


def _counts_by(numbers: Numbers) -> Iterator[Check]:
    """Yield the checks of counts by a column: districts and types of twelve months, groups of the year."""
    portal = numbers.status.source_url or config.DEFAULT_SOURCE_URL
    year, months = numbers.whole_city("Year to date"), numbers.whole_city("Last 12 months")
    if not (year and months):
        return
    first, last = months.first_date, months.last_date
    yield _by(portal, "districts", "Reports by council district", "council_district", first, last)
    yield _by(portal, "types", "The most common types", "crime_type", first, last)
    yield Check(
        "groups",
        "Crime types in groups",
        f"Reports from {year.first_date} to {year.last_date}, by the group of their crime type. The groups are ours:"
        " crime_groups.csv says which type is in which. The city's answer is by type; add up those of a group.",
        "select crime_group, count(*)\nfrom mart.crimes\n"
        "inner join mart.crime_groups on crimes.crime_type is not distinct from crime_groups.crime_type\n"
        f"where occurred_date between '{year.first_date}' and '{year.last_date}'\n"
        "group by crime_group\norder by count(*) desc",
        _url(portal, "crime_type", year.first_date, year.last_date),
    )


def _by(portal: str, name: str, title: str, column: str, first: date, last: date) -> Check:
    """Return the check of the numbers of reports by a column, whose name is the same here and there."""
    return Check(
        name,
        title,
        f"Reports whose day of occurrence lies from {first} to {last}, counted by {column}.",
        f"select {column}, count(*)\nfrom mart.crimes\nwhere occurred_date between '{first}' and '{last}'\n"
        f"group by {column}\norder by count(*) desc",
        _url(portal, column, first, last),
    )


def _url(portal: str, column: str, first: date, last: date) -> str:
    """Return the address at which the city counts the reports of some days by a column."""
    clauses = {
        "$select": f"{column},count(*)",
        "$where": f"occ_date between '{first}T00:00:00' and '{last}T23:59:59'",
        "$group": column,
        "$order": "count(*) desc",
        "$limit": LIMIT,
    }
    return f"{portal}/resource/{config.DATASET_ID}.json?{urlencode(clauses, safe='$(),*')}"
