"""Clean one batch of reports: pandas on Arrow types; pure. How one text is read is in values.py."""

import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from austin_crime import contract, values
from austin_crime.values import Reading

STRING, INTEGER = pa.string(), pa.int64()
TIMESTAMP, STAMP = pa.timestamp("us"), pa.timestamp("us", tz="UTC")
TYPES: dict[contract.Kind, pa.DataType] = {
    "key": INTEGER,
    "text": STRING,
    "integer": pa.int32(),
    "flag": pa.bool_(),
    "timestamp": TIMESTAMP,
    "date": pa.date32(),
    "time": pa.time64("us"),
    "district": pa.int16(),
    "block_group": STRING,
}
# Columns that Arrow reads as values.py does, and much faster: keys and ids that all match, and times.
PLAIN_KEY = "^[0-9]{1,18}$"
ZERO_OFFSET = "(Z|[+-]00:?00)$"
PLAIN_ID = "^[!-~]{1,100}$"
FIRST_MOMENT, LAST_MOMENT = pa.scalar(dt.datetime.min, TIMESTAMP), pa.scalar(dt.datetime.max, TIMESTAMP)  # noqa: DTZ901
# Counts the values that a rule applied to.
Count = Callable[[str, int], None]


class Cleaned(NamedTuple):
    """A cleaned batch."""

    # Reports with a readable key: the columns of mart.crimes.
    crimes: pd.DataFrame
    # Reports without one, shape (m, 9): the columns of staging.rejected_reports that follow from a batch.
    rejects: pd.DataFrame
    # Number of values to which a rule applied, by ``rule:source column``.
    rule_counts: Counter[str]


def clean_crimes(reports: pd.DataFrame) -> Cleaned:
    """Clean reports by the rules of the contract.

    Parameters
    ----------
    reports
        As ``landing.reading.read_reports`` returns them.

    Returns
    -------
    Cleaned
        Every report is in ``crimes`` or in ``rejects``, none in both. Times are Austin wall time without zone,
        ``source_updated_at`` is UTC.
    """
    rule_counts: Counter[str] = Counter()
    columns = {
        column.name: _read_column(reports[column.source_name], column, rule_counts)
        for column in contract.COLUMNS
    }
    crimes = pd.DataFrame(columns, index=reports.index)
    crimes["occurred_month"] = _to_month(crimes["occurred_date"], reports["occ_date"])
    crimes["occurred_hour"] = _hour_of(crimes["occurred_time"])
    crimes["clearance_name"] = _read_each(
        reports["clearance_status"], values.read_clearance, STRING, _counter(rule_counts, "clearance_status")
    )
    crimes["source_month"] = _to_month(crimes["reported_date"], reports["rep_date"])
    crimes["source_row_id"] = read_row_ids(reports, _counter(rule_counts, ":id"))
    crimes["source_updated_at"] = _read_stamps(reports[":updated_at"], _counter(rule_counts, ":updated_at"))
    reasons = _why_rejected(reports["incident_report_number"], crimes["incident_id"])
    is_rejected = reasons.notna()
    return Cleaned(
        crimes=crimes[~is_rejected],
        rejects=_describe_rejects(crimes[is_rejected], reports[is_rejected], reasons[is_rejected]),
        rule_counts=+rule_counts,
    )


def _counter(rule_counts: Counter[str], source_name: str) -> Count:
    """Return a function that counts the rules applied to a column."""

    def count(rule: str, number: int) -> None:
        rule_counts[f"{rule}:{source_name}"] += number

    return count


def ignore(rule: str, number: int) -> None:
    """Count nothing."""


def _read_column(texts: pd.Series, column: contract.Column, rule_counts: Counter[str]) -> pd.Series:
    """Read a column by its kind; a value that cannot be read becomes null, and rules are counted."""
    count = _counter(rule_counts, column.source_name)
    if column.kind == "key":
        return _read_keys(texts, count)
    moments = _cast_wall_times(_to_array(texts)) if column.kind in ("timestamp", "date") else None
    if moments is not None:
        return _to_series(moments.cast(TYPES[column.kind], safe=False), texts.index)
    return _read_each(texts, values.READERS[column.kind], TYPES[column.kind], count)


def _read_each(
    texts: pd.Series, reader: Callable[[str], Reading[object]], to: pa.DataType, count: Count
) -> pd.Series:
    """Read each different text once; what is not valid UTF-8 is read with � in its place."""
    encoded = pc.dictionary_encode(_to_array(texts))
    readings = [
        reader(text.decode(errors="replace")) for text in encoded.dictionary.cast(pa.binary()).to_pylist()
    ]
    if any(reading.rule for reading in readings):
        rules = pa.array([reading.rule for reading in readings], STRING).take(encoded.indices)
        for applied in pc.value_counts(rules.drop_null()).to_pylist():
            count(applied["values"], applied["counts"])
    read = pa.array([reading.value for reading in readings], to).take(encoded.indices)
    return _to_series(read, texts.index)


def _to_array(series: pd.Series) -> pa.Array:
    """Return an Arrow-backed series as one array."""
    return pa.chunked_array(series.array.__arrow_array__()).combine_chunks()


def _to_series(array: pa.Array, index: pd.Index) -> pd.Series:
    """Return an array as an Arrow-backed series."""
    return pd.Series(pd.arrays.ArrowExtensionArray(array), index=index)


def _matches(texts: pd.Series, pattern: str) -> bool:
    """Whether every text of a series matches, and none is null."""
    return bool(
        not texts.isna().any()
        and pc.all(pc.match_substring_regex(_to_array(texts), pattern), min_count=0).as_py()
    )


def _cast_wall_times(texts: pa.Array) -> pa.Array | None:
    """Cast timestamps, without or with an offset of zero, by Arrow; None if it cannot read one of them."""
    moments = _cast_moments(texts, TIMESTAMP)
    if moments is None:
        moments = _cast_moments(pc.replace_substring_regex(texts, ZERO_OFFSET, ""), TIMESTAMP)
    return moments


def _cast_moments(texts: pa.Array, to: pa.DataType) -> pa.Array | None:
    """Cast timestamps by Arrow, which reads ISO 8601; None if there is one that it does not read."""
    try:
        moments = pc.cast(texts, to)
    except pa.ArrowInvalid:
        return None
    wall = moments.cast(TIMESTAMP)
    is_outside = pc.or_(pc.less(wall, FIRST_MOMENT), pc.greater(wall, LAST_MOMENT))
    return None if pc.any(is_outside).as_py() else moments


def _read_stamps(texts: pd.Series, count: Count) -> pd.Series:
    """Read ``:updated_at``; every report has one."""
    moments = None if texts.isna().any() else _cast_moments(_to_array(texts), STAMP)
    if moments is not None:
        return _to_series(moments, texts.index)
    return _read_each(texts.fillna(""), values.read_stamp, STAMP, count)


def _read_keys(texts: pd.Series, count: Count) -> pd.Series:
    """Read incident numbers."""
    if _matches(texts, PLAIN_KEY):
        return _to_series(_to_array(texts).cast(INTEGER), texts.index)
    return _read_each(texts.fillna(""), values.read_key, INTEGER, count)


def _why_rejected(texts: pd.Series, keys: pd.Series) -> pd.Series:
    """Return the rule by which each report is rejected; null if it has a key."""
    texts = texts.fillna("").where(keys.isna())
    return _read_each(texts, lambda text: Reading(values.read_key(text).rule), STRING, ignore)


def read_row_ids(reports: pd.DataFrame, count: Count) -> pd.Series:
    """Return the portal's row ids; a row without one gets a hash of its content, the same whenever it is read."""
    ids = reports[":id"]
    if _matches(ids, PLAIN_ID):
        return ids
    ids = _read_each(ids.fillna(""), values.read_row_id, STRING, count)
    seen: Counter[str] = Counter()
    made = []
    for raw in raw_json(reports[ids.isna()]):
        name = f"without id {hashlib.sha256(raw.encode()).hexdigest()[:16]}"
        seen[name] += 1
        made.append(f"{name} {seen[name]}")
    ids[ids.isna()] = made
    return ids


def _to_month(dates: pd.Series, texts: pd.Series) -> pd.Series:
    """Return the first day of each date's month; that of an unreadable date, the month that ``values.read_month`` reads."""
    months = _to_series(pc.floor_temporal(_to_array(dates), unit="month"), dates.index)
    unread = texts.where(dates.isna())
    return months.fillna(
        _read_each(unread, lambda text: Reading(values.read_month(text)), pa.date32(), ignore)
    )


def _hour_of(times: pd.Series) -> pd.Series:
    """Return the hour of times of day."""
    return _to_series(pc.hour(_to_array(times)).cast(pa.int16()), times.index)


def _describe_rejects(crimes: pd.DataFrame, reports: pd.DataFrame, reasons: pd.Series) -> pd.DataFrame:
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
    return rejects.assign(raw=_to_series(pa.array(raw_json(reports), STRING), rejects.index))


def raw_json(reports: pd.DataFrame) -> list[str]:
    """Return reports as JSON without absent keys; what PostgreSQL cannot hold is replaced."""
    texts = [
        _read_each(reports[name], lambda text: Reading(values.holdable(text)), STRING, ignore).tolist()
        for name in reports.columns
    ]
    return [
        json.dumps({name: text for name, text in zip(reports.columns, row, strict=True) if pd.notna(text)})
        for row in zip(*texts, strict=True)
    ]
