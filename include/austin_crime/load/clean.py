"""Clean one batch of reports: pandas on Arrow types, vectorised; pure."""

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from austin_crime import contract

# Arrow knows a year 0; Python, and so every reader written in it, does not.
YEAR_ONE = dt.datetime(1, 1, 1)  # noqa: DTZ001 (Austin wall time)
STRING = pd.ArrowDtype(pa.string())
# Takes note of a rule and how many values it made null.
Count = Callable[[str, int], None]


class Cleaned(NamedTuple):
    """What a batch becomes."""

    # Reports with a readable key, shape (n, 25): the columns of mart.crimes.
    crimes: pd.DataFrame
    # Reports without one, shape (m, 9): the columns of staging.rejected_reports that a batch knows.
    rejects: pd.DataFrame
    # Values that could not be read, counted as ``rule:source column``.
    findings: Counter[str]


def clean_crimes(reports: pd.DataFrame) -> Cleaned:
    """Clean reports by the rules of the contract.

    Parameters
    ----------
    reports
        As ``read.read_reports`` gives them.

    Returns
    -------
    Cleaned
        Every report is in ``crimes`` or in ``rejects``, none in both. Times are Austin wall time without zone,
        ``source_updated_at`` is UTC.
    """
    findings: Counter[str] = Counter()
    reports = reports.replace("", pd.NA)
    columns = {
        column.name: clean_column(reports[column.source_name], column, findings)
        for column in contract.COLUMNS
        if column.kind != "key"
    }
    crimes = pd.DataFrame(columns, index=reports.index)
    crimes["occurred_month"] = to_month(crimes["occurred_date"])
    crimes["occurred_hour"] = hour_of(crimes["occurred_time"])
    crimes["clearance_name"] = name_clearance(crimes["clearance_status"], findings)
    crimes["source_month"] = to_month(crimes["reported_date"])
    crimes["source_row_id"] = reports[":id"]
    crimes["source_updated_at"] = cast(reports[":updated_at"], pa.timestamp("us", tz="UTC"))
    keys, reasons = clean_keys(reports["incident_report_number"], findings)
    crimes.insert(0, "incident_id", keys)
    is_rejected = reasons.notna()
    return Cleaned(
        crimes=crimes[~is_rejected],
        rejects=describe_rejects(crimes[is_rejected], reports[is_rejected], reasons[is_rejected]),
        findings=+findings,
    )


def clean_column(values: pd.Series, column: contract.Column, findings: Counter[str]) -> pd.Series:
    """Clean a column as its kind says; what cannot be read becomes null and is counted."""

    def count(rule: str, number: int) -> None:
        findings[f"{rule}:{column.source_name}"] += number

    return CLEANERS[column.kind](values, count)


def to_text(values: pd.Series, count: Count) -> pd.Series:
    """Keep text as sent."""
    return values


def to_code(values: pd.Series, count: Count) -> pd.Series:
    """Read whole numbers of up to nine digits."""
    return cast(keep(values, r"\d{1,9}", "number_unreadable", count), pa.int32())


def to_flag(values: pd.Series, count: Count) -> pd.Series:
    """Read Y and N."""
    return keep(values, "[YN]", "flag_unreadable", count) == "Y"


def to_date(values: pd.Series, count: Count) -> pd.Series:
    """Read the date of ISO 8601 timestamps."""
    return cast(to_timestamp(values, count), pa.date32())


def to_block_group(values: pd.Series, count: Count) -> pd.Series:
    """Return census GEOIDs of twelve digits: the state in front, zeros that a number lost put back."""
    return contract.STATE_FIPS + keep(values, r"\d{1,10}", "block_group_unreadable", count).str.zfill(10)


def keep(values: pd.Series, pattern: str, rule: str, count: Count) -> pd.Series:
    """Keep the values that match a pattern as a whole; the others become null and are counted."""
    is_readable = values.str.fullmatch(pattern)
    count(rule, int((~is_readable.fillna(True)).sum()))
    return values.where(is_readable.fillna(False))


def cast(values: pd.Series, to: pa.DataType) -> pd.Series:
    """Cast an Arrow-backed series with Arrow's own rules, which read ISO 8601."""
    array = pc.cast(pa.chunked_array(values.array.__arrow_array__()), to, safe=False)
    return pd.Series(pd.arrays.ArrowExtensionArray(array), index=values.index)


def to_timestamp(values: pd.Series, count: Count) -> pd.Series:
    """Read ISO 8601 timestamps without zone, of the years 1 to 9999; microseconds."""
    try:
        read = cast(values, pa.timestamp("us"))
    except pa.ArrowInvalid:
        # Value by value, so that what one becomes never depends on the others.
        readable = [value for value in values.dropna().unique() if is_timestamp(value)]
        read = cast(values.where(values.isin(readable)), pa.timestamp("us"))
    read = read.where(read >= YEAR_ONE)
    count("date_unreadable", int((read.isna() & values.notna()).sum()))
    return read


def is_timestamp(value: str) -> bool:
    """Whether Arrow reads a value as a timestamp."""
    try:
        pa.scalar(value).cast(pa.timestamp("us"))
    except pa.ArrowInvalid:
        return False
    return True


def to_time(values: pd.Series, count: Count) -> pd.Series:
    """Read HHMM without leading zeros ("5" is 00:05) as a time of day."""
    number = cast(keep(values, r"\d{1,4}", "time_unreadable", count), pa.int64())
    hour = number // 100
    minute = number - hour * 100
    count("hour_out_of_range", int((hour > 23).sum()))
    count("minute_out_of_range", int(((hour <= 23) & (minute > 59)).sum()))
    microseconds = (hour * 3600 + minute * 60) * 1_000_000
    return cast(microseconds.where((hour <= 23) & (minute <= 59)), pa.time64("us"))


def to_district(values: pd.Series, count: Count) -> pd.Series:
    """Read council districts, 1 to 10."""
    names = [str(district) for district in contract.COUNCIL_DISTRICTS]
    is_known = values.isin(names)
    count("district_unreadable", int((~is_known & values.notna()).sum()))
    return cast(values.where(is_known), pa.int16())


CLEANERS: dict[contract.Kind, Callable[[pd.Series, Count], pd.Series]] = {
    "text": to_text,
    "integer": to_code,
    "flag": to_flag,
    "timestamp": to_timestamp,
    "date": to_date,
    "time": to_time,
    "district": to_district,
    "block_group": to_block_group,
}


def to_month(dates: pd.Series) -> pd.Series:
    """Return the first day of each date's month."""
    array = pc.floor_temporal(pa.chunked_array(dates.array.__arrow_array__()), unit="month")
    return pd.Series(pd.arrays.ArrowExtensionArray(array), index=dates.index)


def hour_of(times: pd.Series) -> pd.Series:
    """Return the hour of times of day."""
    array = pc.cast(pc.hour(pa.chunked_array(times.array.__arrow_array__())), pa.int16())
    return pd.Series(pd.arrays.ArrowExtensionArray(array), index=times.index)


def name_clearance(statuses: pd.Series, findings: Counter[str]) -> pd.Series:
    """Return the clearance status in words; null where there is none or an unknown one."""
    names = statuses.map(contract.CLEARANCE_NAMES).astype(STRING)
    findings["clearance_status_unknown:clearance_status"] += int((names.isna() & statuses.notna()).sum())
    return names


def clean_keys(values: pd.Series, findings: Counter[str]) -> tuple[pd.Series, pd.Series]:
    """Return the keys as integers, and why a report is rejected (null if it is not)."""
    is_readable = values.str.fullmatch(r"\d{1,18}").fillna(False)
    reasons = pd.Series(pd.NA, index=values.index, dtype=STRING)
    reasons = reasons.mask(~is_readable, "unreadable_key").mask(values.isna(), "missing_key")
    for reason, number in reasons.value_counts().items():
        findings[f"{reason}:incident_report_number"] += int(number)
    return cast(values.where(is_readable), pa.int64()), reasons


def clean_group_key(dimension: str, key: str | None) -> str | None:
    """Clean a key of the portal's own counts as the same value in a report would be; of a year, the number."""
    if not key:
        return None
    if dimension == "occurred_year":
        year = to_timestamp(pd.Series([key], dtype=STRING), lambda rule, number: None).dt.year[0]
        return None if pd.isna(year) else str(year)
    if dimension == "council_district":
        return key if key in {str(district) for district in contract.COUNCIL_DISTRICTS} else None
    return key


def describe_rejects(crimes: pd.DataFrame, reports: pd.DataFrame, reasons: pd.Series) -> pd.DataFrame:
    """Return rejected reports with their reason and the raw JSON."""
    rejects = crimes[
        [
            "source_row_id",
            "source_updated_at",
            "source_month",
            "incident_id",
            "occurred_date",
            "crime_type",
            "council_district",
        ]
    ].assign(reason=reasons)
    raw = [
        json.dumps({k: v for k, v in report.items() if pd.notna(v)}) for report in reports.to_dict("records")
    ]
    return rejects.assign(raw=pd.Series(raw, index=rejects.index, dtype=STRING))
