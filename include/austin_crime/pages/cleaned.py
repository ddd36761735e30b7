"""A report as received beside what the cleaning rules make of it, value by value."""

from collections.abc import Callable, Mapping
from typing import Any

from austin_crime import contract, values
from austin_crime.portal import answers
from austin_crime.values import Reading


def _read_month(text: str) -> Reading[Any]:
    return Reading(values.read_month(text))


def _read_hour(text: str) -> Reading[Any]:
    time = values.read_time(text).value
    return Reading(time.hour if time else None)


# What every column is made of: the source's name, ours, and how a text is read.
READERS: tuple[tuple[str, str, Callable[[str], Reading[Any]]], ...] = (
    *((column.source_name, column.name, values.READERS[column.kind]) for column in contract.COLUMNS),
    ("occ_date", "occurred_month", _read_month),
    ("occ_time", "occurred_hour", _read_hour),
    ("clearance_status", "clearance_name", values.read_clearance),
    ("rep_date", "source_month", _read_month),
    (":id", "source_row_id", values.read_row_id),
    (":updated_at", "source_updated_at", values.read_stamp),
)
# Read as an empty text if they are absent.
NEVER_ABSENT = ("incident_report_number", ":id", ":updated_at")


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
    for source_name, name, read in READERS:
        text = texts.get(source_name)
        is_read = text is not None or source_name in NEVER_ABSENT
        reading = read(text or "") if is_read else Reading(None)
        rows.append(_row(source_name, text, name, reading.value, reading.rule))
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
