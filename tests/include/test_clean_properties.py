"""What cleaning does with any text at all, beside a reading of our own with Python's ``datetime`` and ``re``.

Every value is read, or it becomes null and is counted by exactly one rule of the contract; never an exception.
"""

import datetime as dt
import io
import json
import re
import string
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from austin_crime import contract
from austin_crime.landing import reading
from austin_crime.load import clean

REPORT = {
    ":id": "row-aaaa-bbbb_cccc",
    ":updated_at": "2024-06-02T10:00:00.123Z",
    "incident_report_number": "1",
}
# What is almost a number or a date: digits of other scripts, blanks, signs, points, letters, other separators.
ODD = "".join([string.digits * 2, "٣５०²", " \t\n\u00a0", "+-.,:/", "eTZx_"])
# A text that the portal may send; it has no room for NUL and halves of surrogate pairs, for it keeps them in PostgreSQL.
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
ODD_TEXT = st.text(ODD, min_size=1, max_size=12)
DIGITS = st.text(string.digits, min_size=1, max_size=22)
TEXT = ANY_TEXT | ODD_TEXT | DIGITS
ISO_DATE = st.dates().map(dt.date.isoformat)
ISO_TIME = st.datetimes().map(lambda moment: moment.isoformat(timespec="milliseconds"))
US_TIME = st.datetimes().map(lambda moment: f"{moment:%m/%d/%Y %I:%M:%S %p}")
ZONED = st.datetimes().map(lambda moment: f"{moment.isoformat()}Z")
NEARLY_ISO = st.from_regex(r"\d{4}-\d\d-\d\d([T ][0-2]\d(:[0-6]\d(:[0-6]\d(\.\d{1,9})?)?)?)?", fullmatch=True)
DATES = ISO_DATE | ISO_TIME | US_TIME | ZONED | NEARLY_ISO | TEXT

# An example is a batch; its texts must not depend on each other.
many = settings(max_examples=30, deadline=None, derandomize=True, database=None)


def batches(texts, *known):
    """Return batches of such texts, which always hold the known ones, too."""
    return st.lists(texts, max_size=40).map(lambda drawn: [*drawn, *known])


def clean_texts(column, texts):
    """Clean reports that differ in one column; return the column's values and what was counted."""
    reports = [REPORT | {":id": f"row-{n}", column: text} for n, text in enumerate(texts)]
    body = "[" + "\n,".join(json.dumps(report) for report in reports) + "\n]\n"
    cleaned = clean.clean_crimes(reading.read_reports(io.BytesIO(body.encode())))
    name = next(kept.name for kept in contract.COLUMNS if kept.source_name == column)
    return cleaned.crimes[name].array.__arrow_array__().to_pylist(), cleaned.findings


def expect(column, texts, read):
    """Expect each text to become the value that ``read`` returns, or to be null and counted once by the rule it names."""
    values, findings = clean_texts(column, texts)

    expected = [read(text) for text in texts]
    assert values == [None if value in contract.RULES else value for value in expected]
    assert findings == Counter(f"{value}:{column}" for value in expected if value in contract.RULES)


def digits(text, most):
    return re.fullmatch(f"[0-9]{{1,{most}}}", text) is not None


def read_moment(text):
    """Read a timestamp of the years 1 to 9999 to the microsecond, without a zone; a date alone is its midnight."""
    found = re.fullmatch(
        r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ]([0-9]{2})(?::([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?)?)?",
        text,
    )
    if not found:
        return "date_unreadable"
    *whole, fraction = found.groups(default="0")
    try:
        return dt.datetime(*map(int, whole), int(fraction.ljust(6, "0")))  # noqa: DTZ001 (Austin wall time)
    except ValueError:
        return "date_unreadable"


def read_day(text):
    moment = read_moment(text)
    return moment if moment == "date_unreadable" else moment.date()


def read_time(text):
    if not digits(text, 4):
        return "time_unreadable"
    hour, minute = divmod(int(text), 100)
    if hour > 23:
        return "hour_out_of_range"
    return dt.time(hour, minute) if minute < 60 else "minute_out_of_range"


KNOWN_DATES = [
    "2024-02-29",
    "2023-02-29",
    "0001-01-01T00:00:00.000",
    "0000-12-31",
    "9999-12-31T23:59:59.999",
    "10000-01-01",
    "2024-05-25T24:00:00",
    "2024-05-25T23:28:00.123456789",
    "2024-05-25T23:28:00.000Z",
    "2024",
    "now",
    "today",
    "NaT",
]


@many
@given(batches(DATES, *KNOWN_DATES, "05/25/2024 11:28:00 PM"))
def test_a_timestamp_is_iso_8601_or_a_counted_null(texts):
    expect("occ_date_time", texts, read_moment)


@many
@given(batches(DATES))
def test_a_date_is_that_of_its_timestamp(texts):
    expect("rep_date", texts, read_day)


@many
@given(batches(ISO_DATE | ISO_TIME))
def test_a_batch_of_good_dates_is_read_the_same(texts):
    expect("clearance_date", texts, read_day)


@many
@given(
    batches(
        st.integers(0, 9999).map(str) | st.integers(0, 99).map("{:04}".format) | TEXT, "5", "0005", "00005"
    )
)
def test_a_time_is_hours_and_minutes_or_a_counted_null(texts):
    expect("occ_time", [*texts, "2359", "2400", "1970", "-5", "5.0", " 5", "\uff15"], read_time)


@many
@given(batches(TEXT, "0000000601", "999999999", "000000601"))
def test_a_code_is_a_whole_number_of_up_to_nine_digits(texts):
    expect("ucr_code", texts, lambda text: int(text) if digits(text, 9) else "number_unreadable")


@many
@given(batches(TEXT, "4530023181", "5", "0"))
def test_a_block_group_has_twelve_digits_with_the_state_in_front(texts):
    expect(
        "census_block_group",
        texts,
        lambda text: f"48{int(text):010}" if digits(text, 10) else "block_group_unreadable",
    )


@many
@given(batches(st.integers(-1, 12).map(str) | TEXT, "1", "10", "07", "7.0"))
def test_a_council_district_is_one_to_ten_as_written(texts):
    known = {"1": 1, "2": 2, "3": 3, "4": 4, "5": 5, "6": 6, "7": 7, "8": 8, "9": 9, "10": 10}

    expect("council_district", texts, lambda text: known.get(text, "district_unreadable"))


@many
@given(batches(TEXT, "Y", "N", "y", "YES", "Y ", "YN"))
def test_a_flag_is_y_or_n(texts):
    expect("family_violence", texts, lambda text: {"Y": True, "N": False}.get(text, "flag_unreadable"))


@many
@given(batches(TEXT))
def test_text_stays_as_it_was_sent(texts):
    assert clean_texts("crime_type", texts) == (texts, {})


@many
@given(batches(TEXT | st.just(""), "0", "007", "9" * 18, "9" * 19, "-1"))
def test_a_key_is_a_whole_number_of_up_to_eighteen_digits_or_the_report_is_rejected(texts):
    keys, findings = clean_texts("incident_report_number", texts)

    assert keys == [int(text) for text in texts if digits(text, 18)]
    assert findings == Counter(
        f"{'unreadable_key' if text else 'missing_key'}:incident_report_number"
        for text in texts
        if not digits(text, 18)
    )


@pytest.mark.parametrize(
    "column", [column.source_name for column in contract.COLUMNS if column.kind != "text"]
)
def test_every_column_that_is_not_text_counts_what_it_cannot_read_by_one_rule(column):
    _, findings = clean_texts(column, ["\u00bd"])

    [(finding, number)] = findings.items()
    rule, _, counted = finding.partition(":")
    assert (rule in contract.RULES, counted, number) == (True, column, 1)


def test_every_rule_of_the_contract_is_counted_by_some_value():
    values = {
        "incident_report_number": ["", "x"],
        "ucr_code": ["x"],
        "family_violence": ["x"],
        "occ_date": ["x"],
        "occ_time": ["2400", "1970", "x"],
        "council_district": ["x"],
        "census_block_group": ["x"],
        "clearance_status": ["x"],
    }

    counted = {
        finding.partition(":")[0]
        for column, texts in values.items()
        for finding in clean_texts(column, texts)[1]
    }

    # Of two rows with one key the loads find the loser, over all batches and what is held.
    assert counted == contract.RULES.keys() - {"duplicate_key"}
