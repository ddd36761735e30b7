"""How the portal writes values, as SQL for DuckDB: for programs, and in the export for people."""

from collections.abc import Sequence

from sqlglot import exp

from sample_portal.data.datasets import Column, Kind

DATES = "%Y-%m-%dT%H:%M:%S.%g"


def quote(text: str) -> str:
    """Write a text as a literal of SQL."""
    return exp.Literal.string(text).sql(dialect="duckdb")


def plain(name: str, kind: Kind) -> str:
    """Return SQL that gives a value as the portal writes it, without quotes."""
    forms = {
        # A whole number has no decimals, whatever its type here.
        "number": rf"regexp_replace(cast({name} as varchar), '\.0$', '')",
        "floating_timestamp": f"strftime({name}, '{DATES}')",
        "fixed_timestamp": f"strftime({name}, '{DATES}Z')",
    }
    return forms.get(kind, f"cast({name} as varchar)")


def json_value(name: str, kind: Kind) -> str:
    """Return SQL that gives a value as JSON: every scalar is a string, a checkbox and an object are not."""
    if kind == "text":
        return f"cast(to_json({name}) as varchar)"
    return (
        plain(name, kind)
        if kind in {"checkbox", "location", "multipolygon"}
        else f"'\"' || {plain(name, kind)} || '\"'"
    )


def display_rows(table: str, columns: Sequence[Column], *, is_old: bool) -> str:
    """Return SQL that gives the whole table as lines of CSV for people, quotes where they are needed."""
    values = [f"{_display(column, is_old=is_old)} as c{number}" for number, column in enumerate(columns)]
    quoted = [
        f"coalesce(case when regexp_matches({name}, '[\",\\n]') then '\"' || replace({name}, '\"', '\"\"') || '\"' else {name} end, '')"
        for name in (f"c{number}" for number in range(len(columns)))
    ]
    return f"select {' || chr(44) || '.join(quoted)} from (select {', '.join(values)} from {table})"


def _display(column: Column, *, is_old: bool) -> str:
    """Return SQL that gives a value as the export for people shows it.

    Parameters
    ----------
    is_old
        Twelve hours and a time in every date, as before 2025; since then 24 hours behind two spaces.
    """
    name = f'"{column.name}"'
    if column.kind == "floating_timestamp" and is_old:
        return f"strftime({name}, '%m/%d/%Y %I:%M:%S %p')"
    if column.kind == "floating_timestamp":
        return f"strftime({name}, '{'%m/%d/%Y' if column.is_day else '%m/%d/%Y  %H:%M'}')"
    if column.kind == "location":
        return f"'(' || ({name} ->> 'latitude') || ', ' || ({name} ->> 'longitude') || ')'"
    return plain(name, column.kind)
