"""Read one text as each kind of value; pure. clean.py reads columns with these functions."""

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Generic, NamedTuple, TypeVar

from austin_crime import contract

Value = TypeVar("Value", covariant=True)

# Unicode's white space, written out because libraries disagree on it.
BLANKS = (
    "\t\n\v\f\r \x1c\x1d\x1e\x1f\x85\xa0\u1680"
    + "".join(map(chr, range(0x2000, 0x200B)))
    + "\u2028\u2029\u202f\u205f\u3000"
)
# Replaces characters that PostgreSQL cannot hold.
REPLACEMENT = "\ufffd"
UNHOLDABLE = re.compile("[\0\ud800-\udfff]")
NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?0*[0-9]{1,3})?")
MOMENT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:(?:[Tt]|[ ]+)([0-9]{2})(?::([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]+))?)?)?)?"
    r"[ ]*(?:([Zz])|([+-])([0-9]{2}):?([0-9]{2})?)?"
)
ODD_YEAR = re.compile(r"(?:0000|-[0-9]+|[+]?[0-9]{5,})-[0-9]{2}(?:-.*)?", re.DOTALL)
MONTH = re.compile(r"([0-9]{4})-([0-9]{2})(?![0-9])")
# The stamp of a report without a readable one: older than all others.
NO_STAMP = datetime(1970, 1, 1, tzinfo=UTC)
LAST_MONTH = date(9999, 12, 1)
LAST_MOMENT = "9999-12-31T23:59:59.999"


class Reading(NamedTuple, Generic[Value]):
    """The value of a text, None if it has none, and the rule of the contract that applied to it, if any."""

    value: Value | None
    rule: str | None = None


class Unreadable(ValueError):
    """A value that the portal computed, and that a load needs, cannot be read."""


def as_text(value: object) -> str:
    """Return a JSON value as the text that the portal would write in quotes."""
    return value if isinstance(value, str) else json.dumps(value)


def holdable(text: str) -> str:
    """Return a text with what PostgreSQL cannot hold, NUL and halves of surrogate pairs, replaced by �."""
    return UNHOLDABLE.sub(REPLACEMENT, text)


def read_text(text: str) -> Reading[str]:
    """Keep text as sent; blanks alone are null."""
    kept = holdable(text)
    if not kept.strip(BLANKS):
        return Reading(None)
    if len(kept) > contract.TEXT_LIMIT:
        return Reading(kept[: contract.TEXT_LIMIT], "text_cut")
    return Reading(kept, "character_replaced" if REPLACEMENT in kept else None)


def read_row_id(text: str) -> Reading[str]:
    """Keep a row's ``:id`` as sent; clean.py gives a report without one an id."""
    read = read_text(text)
    return Reading(None, "row_id_missing") if read.value is None else read


def _read_whole(text: str, digits: int, rule: str) -> Reading[int]:
    """Read a whole number of at most the given digits, however its decimal is written: 5, 05, 5.0, +5, 5e0."""
    written = text.strip(BLANKS)
    if not written:
        return Reading(None)
    if not NUMBER.fullmatch(written):
        return Reading(None, rule)
    number = Decimal(written)
    if not number:
        return Reading(0)
    if number < 0 or number.adjusted() >= digits or number != number.to_integral_value():
        return Reading(None, rule)
    return Reading(int(number))


def read_key(text: str) -> Reading[int]:
    """Read an incident number; a report without one is rejected."""
    read = _read_whole(text, 18, "unreadable_key")
    return Reading(None, "missing_key") if read == (None, None) else read


def read_code(text: str) -> Reading[int]:
    """Read a whole number of up to nine digits."""
    return _read_whole(text, 9, "number_unreadable")


def read_district(text: str) -> Reading[int]:
    """Read a council district, 1 to 10."""
    read = _read_whole(text, 2, "district_unreadable")
    if read.value is not None and read.value not in contract.COUNCIL_DISTRICTS:
        return Reading(None, "district_unreadable")
    return read


def read_block_group(text: str) -> Reading[str]:
    """Return a census GEOID of twelve digits: with the state in front, and zeros that a number lost."""
    number, rule = _read_whole(text, 10, "block_group_unreadable")
    return Reading(None, rule) if number is None else Reading(f"{contract.STATE_FIPS}{number:010}")


def read_time(text: str) -> Reading[time]:
    """Read HHMM as a number, without leading zeros ("5" is 00:05), as a time of day."""
    number, rule = _read_whole(text, 4, "time_unreadable")
    if number is None:
        return Reading(None, rule)
    hour, minute = divmod(number, 100)
    if hour > 23:
        return Reading(None, "hour_out_of_range")
    return Reading(time(hour, minute)) if minute < 60 else Reading(None, "minute_out_of_range")


def read_flag(text: str) -> Reading[bool]:
    """Read Y and N."""
    written = text.strip(BLANKS).upper()
    return Reading(
        {"Y": True, "N": False}.get(written), None if written in ("", "Y", "N") else "flag_unreadable"
    )


def read_clearance(text: str) -> Reading[str]:
    """Return a clearance status in words."""
    written = text.strip(BLANKS)
    name = contract.CLEARANCE_NAMES.get(written)
    return Reading(name, "clearance_status_unknown" if written and name is None else None)


def read_timestamp(text: str) -> Reading[datetime]:
    """Read an ISO 8601 timestamp of the years 1 to 9999 as wall time, to the microsecond."""
    written = text.strip(BLANKS)
    if not written:
        return Reading(None)
    moment, offset = _read_moment(written)
    if moment is None:
        return Reading(None, "year_out_of_range" if ODD_YEAR.fullmatch(written) else "date_unreadable")
    return Reading(moment, "date_with_offset" if offset else None)


def read_date(text: str) -> Reading[date]:
    """Read the date of an ISO 8601 timestamp."""
    moment, rule = read_timestamp(text)
    return Reading(moment and moment.date(), rule)


def read_month(text: str) -> date | None:
    """Read the month of a date, even if its day or hour does not exist; None if there is none.

    The portal's months and those of reports are both read here, so that they never differ.
    """
    match = MONTH.match(text.strip(BLANKS))
    try:
        return date(int(match[1]), int(match[2]), 1) if match else None
    except ValueError:
        return None


def read_stamp(text: str) -> Reading[datetime]:
    """Read an ``:updated_at``: UTC unless it has another offset."""
    moment, offset = _read_moment(text.strip(BLANKS))
    try:
        if moment is not None:
            return Reading((moment - (offset or timedelta())).replace(tzinfo=UTC))
    except OverflowError:
        pass
    return Reading(NO_STAMP, "stamp_unreadable")


def _read_moment(written: str) -> tuple[datetime | None, timedelta | None]:
    """Read an ISO 8601 timestamp and its offset from UTC as written; None if absent or not a valid date."""
    match = MOMENT.fullmatch(written)
    if not match:
        return None, None
    *numbers, fraction, _, sign, hours, minutes = match.groups(default="0")
    offset = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1)
    if int(hours) > 23 or int(minutes) > 59:
        return None, None
    year, month, day, hour, minute, second = map(int, numbers)
    try:
        moment = datetime(year, month, day, hour, minute, second, int(fraction[:6].ljust(6, "0")))  # noqa: DTZ001 (as written)
    except ValueError:
        return None, None
    return moment, offset if match[8] or match[9] else None


READERS: dict[contract.Kind, Callable[[str], Reading[object]]] = {
    "key": read_key,
    "text": read_text,
    "integer": read_code,
    "flag": read_flag,
    "timestamp": read_timestamp,
    "date": read_date,
    "time": read_time,
    "district": read_district,
    "block_group": read_block_group,
}


def read_count(text: str) -> int:
    """Read a count of reports from the portal; Unreadable if it is not a number."""
    number, _ = _read_whole(text, 18, "number_unreadable")
    if number is None:
        raise Unreadable(f"expected a number of reports, got {text!r}")
    return number


def read_month_key(text: str | None) -> date | None:
    """Read a month that the portal grouped by; None for reports without a date or with one outside of the years 1 to 9999.

    ``month_condition(None)`` asks for just these reports. Unreadable if it is not a month.
    """
    written = (text or "").strip(BLANKS)
    month = read_month(written)
    if month is None and written and not ODD_YEAR.fullmatch(written):
        raise Unreadable(f"expected a month such as 2024-05-01T00:00:00.000, got {text!r}")
    return month


def read_newest_stamp(text: str | None) -> datetime:
    """Read a month's newest ``:updated_at`` from the portal; Unreadable if it is not a timestamp."""
    stamp, rule = read_stamp(text or "")
    if stamp is None or rule:
        raise Unreadable(f"expected a time such as 2024-05-01T00:00:00.000Z, got {text!r}")
    return stamp


def read_group_key(dimension: str, key: str | None) -> str | None:
    """Read a group key of the portal's counts as clean.py would read the value in a report; for a year, its number."""
    if key is None:
        return None
    if dimension == "occurred_year":
        month = read_month(key)
        year = month.year if month else _read_whole(key, 4, "number_unreadable").value
        return str(year) if year else None
    if dimension == "council_district":
        district = read_district(key).value
        return None if district is None else str(district)
    return read_text(key).value


def next_month(month: date) -> date | None:
    """Return the first day of the month after; None after the last month of the calendar."""
    return None if month == LAST_MONTH else date(month.year + month.month // 12, month.month % 12 + 1, 1)


def month_condition(first: date | None, after: date | None = None) -> str:
    """Return the SoQL condition for reports from one month up to, but excluding, another; or for reports without a month.

    Parameters
    ----------
    first
        First day of the first month; None for reports without a date of the years 1 to 9999.
    after
        First day of the month after the last, as ``next_month`` returns it.
    """
    if first is None:
        return f"(rep_date is null or rep_date < '0001-01-01T00:00:00' or rep_date > '{LAST_MOMENT}')"
    until = f"rep_date < '{after}T00:00:00'" if after else f"rep_date <= '{LAST_MOMENT}'"
    return f"(rep_date >= '{first}T00:00:00' and {until})"
