"""The page: one HTML file that needs no script, no other file and no network."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from austin_crime import config
from austin_crime.edition import checks, drawing
from austin_crime.edition.numbers import Numbers
from austin_crime.edition.tables import TableFiles
from austin_crime.pages.stations import counted, size

AUSTIN = ZoneInfo(config.TIME_ZONE)
TEMPLATE = "page.html.jinja"


def render(numbers: Numbers, tables: Sequence[TableFiles]) -> str:
    """Return the page as HTML; every value is escaped."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": "{:,}".format,
        "signed": signed,
        "day": day,
        "days": days,
        "month": "{:%B %Y}".format,
        "moment": moment,
        "counted": counted,
        "size": size,
    }
    return environment.get_template(TEMPLATE).render(
        numbers=numbers,
        status=numbers.status,
        week=numbers.week,
        year=numbers.whole_city("Year to date"),
        months=numbers.whole_city("Last 12 months"),
        groups=numbers.groups("Year to date"),
        map=drawing.draw_map(numbers.districts),
        bars=drawing.draw_weeks(numbers.weeks),
        checks=checks.list_checks(numbers),
        tables=tables,
    )


def signed(value: int | Decimal) -> str:
    """Return a difference with its sign: ``+1,024``, or ``0``, with a real minus."""
    return f"{value:+,}".replace("-", "−") if value else "0"


def day(value: date) -> str:
    """Return a day: ``November 24, 2026``."""
    return f"{value:%B} {value.day}, {value.year}"


def days(last: date, first: date) -> str:
    """Return the days up to the last one: ``November 18 to 24, 2026``, the month and the year of the first where they differ."""
    if first.year != last.year:
        return f"{day(first)}, to {day(last)}"
    return f"{first:%B} {first.day} to {last.day if first.month == last.month else f'{last:%B} {last.day}'}, {last.year}"


def moment(value: datetime) -> str:
    """Return a time in Austin: ``November 26, 2026, 3:41 a.m.``."""
    local = value.astimezone(AUSTIN)
    half = "a.m." if local.hour < 12 else "p.m."
    return f"{day(local)}, {local.hour % 12 or 12}:{local:%M} {half}"
