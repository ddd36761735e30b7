"""A report as received beside what the cleaning rules make of it, value by value."""

from collections.abc import Mapping
from typing import Any

from austin_crime import contract, values
from austin_crime.portal import answers

# Derived from another column: by what, and how its text is read.
DERIVED = {
    "occurred_month": ("occ_date", values.read_month),
    "occurred_hour": ("occ_time", lambda text: _hour(text)),
    "clearance_name": ("clearance_status", lambda text: values.read_clearance(text).value),
    "source_month": ("rep_date", values.read_month),
    "source_updated_at": (":updated_at", lambda text: values.read_stamp(text).value),
}


def _hour(text: str) -> int | None:
    time = values.read_time(text).value
    return time.hour if time else None


def compare(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a report's columns: source name, raw value, name and value in ``mart.crimes``, and the rule that applied.

    Parameters
    ----------
    report
        As it lies in a landed file.

    Returns
    -------
    list of dict
        ``is_changed`` tells whether the cleaned value reads otherwise than the raw one.
    """
    texts = {name: values.as_text(value) for name, value in report.items() if value is not None}
    rows = []
    for column in contract.COLUMNS:
        text = texts.get(column.source_name)
        reading = values.READERS[column.kind](text) if text is not None else values.Reading(None)
        rows.append(_row(column.source_name, text, column.name, reading.value, reading.rule))
    for name, (source_name, read) in DERIVED.items():
        text = texts.get(source_name)
        rows.append(_row(source_name, text, name, read(text) if text is not None else None, None))
    return rows


def _row(source_name: str, text: str | None, name: str, value: Any, rule: str | None) -> dict[str, Any]:
    shown = _shown(value)
    return {
        "source_name": source_name,
        "raw": text,
        "name": name,
        "value": shown,
        "rule": contract.RULES.get(rule) if rule else None,
        "is_changed": shown != text,
    }


def _shown(value: Any) -> str | None:
    """Return a cleaned value as a person reads it."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat(sep=" ") if hasattr(value, "hour") and hasattr(value, "year") else str(value)


def expect_reports(rows: list[Any]) -> list[dict[str, Any]]:
    """Return what lies in a file as reports; PortalAnswer if it is none."""
    return answers.expect_rows(rows, "reports")
