"""What cleaning does with any text at all, beside a reading of our own with Python's ``datetime`` and ``re``.

Every value is read, or it becomes null and is counted by exactly one rule of the contract; never an exception.
"""

import datetime as dt
import io
import json
import re
import string
from collections import Counter
from fractions import Fraction

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from austin_crime import contract, values
from austin_crime.landing import reading
from austin_crime.load import clean

REPORT = {
    ":id": "row-aaaa-bbbb_cccc",
    ":updated_at": "2024-06-02T10:00:00.123Z",
    "incident_report_number": "1",
}
NAMES = {column.source_name: column.name for column in contract.COLUMNS} | {
    ":id": "source_row_id",
    ":updated_at": "source_updated_at",
}
FRAME_COLUMNS = [*reading.SYSTEM_COLUMNS, *(column.source_name for column in contract.COLUMNS)]
# What is almost a number or a date: digits of other scripts, blanks, signs, points, letters, other separators.
ODD = "".join([string.digits * 2, "٣５०²", " \t\n\u00a0", "+-.,:/", "eTZx_"])
ANY_TEXT = st.text(st.characters() | st.characters(categories=["Cs"]), min_size=1)
ODD_TEXT = st.text(ODD, min_size=1, max_size=12)
DIGITS = st.text(string.digits, min_size=1, max_size=22)
TEXT = ANY_TEXT | ODD_TEXT | DIGITS
ISO_DATE = st.dates().map(dt.date.isoformat)
ISO_TIME = st.datetimes().map(lambda moment: moment.isoformat(timespec="milliseconds"))
US_TIME = st.datetimes().map(lambda moment: f"{moment:%m/%d/%Y %I:%M:%S %p}")
ZONED = st.datetimes().map(lambda moment: f"{moment.isoformat()}Z")
NEARLY_ISO = st.from_regex(r"\d{4}-\d\d-\d\d([T ][0-2]\d(:[0-6]\d(:[0-6]\d(\.\d{1,9})?)?)?)?", fullmatch=True)
OFFSET = st.from_regex(
    r"\d{4}-\d\d-\d\d[T ][0-2]\d:[0-6]\d(:[0-6]\d)?[+-][0-2]\d(:?[0-6]\d)?", fullmatch=True
)
DATES = ISO_DATE | ISO_TIME | US_TIME | ZONED | OFFSET | NEARLY_ISO | TEXT
NUMBERS = st.from_regex(
    r"[ ]?[+-]?0{0,2}[0-9]{1,12}(\.0{0,3}5?)?([eE][+-]?[0-9]{1,2})?[ ]?",
    fullmatch=True,
    alphabet=st.characters(codec="ascii"),
)

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
    name = NAMES[column]
    return cleaned.crimes[name].array.__arrow_array__().to_pylist(), cleaned.rule_counts


def expect(column, texts, read):
    """Expect each text to become the value that ``read`` returns, or to be null and counted once by the rule it names."""
    found, rule_counts = clean_texts(column, texts)

    expected = [read(text) for text in texts]
    assert found == [None if value in contract.RULES else value for value in expected]
    assert rule_counts == Counter(f"{value}:{column}" for value in expected if value in contract.RULES)


def expect_each(column, texts):
    """Expect a column to be read as each of its texts is by itself."""
    kind = next(kept.kind for kept in contract.COLUMNS if kept.source_name == column)
    readings = [values.READERS[kind](text) for text in texts]

    found, rule_counts = clean_texts(column, texts)

    kept = [reading.value for reading in readings if kind != "key" or reading.value is not None]
    assert found == kept
    unknown = Counter(values.read_clearance(text).rule for text in texts if column == "clearance_status")
    assert rule_counts == Counter(
        f"{reading.rule}:{column}" for reading in readings if reading.rule
    ) + Counter({f"{rule}:{column}": number for rule, number in unknown.items() if rule})


def whole(text, most):
    """Read a whole number of so many digits, by way of fractions; None if it is none."""
    found = re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE]([+-]?[0-9]+))?", text.strip())
    if not found or abs(int(found[2] or 0)) > 999:
        return None
    number = Fraction(found[0])
    return int(number) if number.denominator == 1 and 0 <= number < 10**most else None


def if_whole(most, rule, then=lambda number: number):
    """Return a reader of whole numbers."""

    def read(text):
        if not text.strip():
            return None
        number = whole(text, most)
        return rule if number is None else then(number)

    return read


def to_time(number):
    hour, minute = divmod(number, 100)
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
    "2024-02-30T00:00:00.000",
    "2024-05-25T23:28:00.000+02:00",
    "-0044-03-15",
    "now",
    "today",
    "NaT",
]


@many
@given(st.sampled_from(contract.COLUMNS), batches(TEXT | DATES | NUMBERS | st.just(""), *KNOWN_DATES))
def test_a_column_is_read_as_each_of_its_texts_by_itself(column, texts):
    expect_each(column.source_name, texts)


@many
@given(batches(ISO_DATE | ISO_TIME) | batches(ISO_DATE | ISO_TIME | ZONED) | batches(NEARLY_ISO))
def test_dates_that_arrow_reads_are_read_the_same_by_themselves(texts):
    expect_each("clearance_date", texts)
    expect_each("rep_date_time", texts)


@many
@given(st.sampled_from(["occ_date", "occ_date_time"]), NEARLY_ISO | st.sampled_from(KNOWN_DATES))
def test_a_date_is_read_the_same_whatever_is_beside_it(column, text):
    expect_each(column, [text])
    expect_each(column, [text, "no date"])


@many
@given(batches(DIGITS, "0", "9" * 18))
def test_keys_that_arrow_reads_are_read_the_same_by_themselves(texts):
    expect_each("incident_report_number", texts)
    expect_each("incident_report_number", [text for text in texts if len(text) <= 18])


@many
@given(batches(ZONED | OFFSET | NEARLY_ISO | TEXT | st.just("")), st.booleans())
def test_updated_at_is_read_as_each_by_itself(texts, only_zoned):
    stamps = [text for text in texts if re.search("Z|[+-][0-9]{2}:?[0-9]{2}$", text)] if only_zoned else texts
    reports = [REPORT | {":updated_at": text, ":id": f"row-{n}"} for n, text in enumerate(stamps)]

    cleaned = clean.clean_crimes(
        pd.DataFrame(reports, columns=FRAME_COLUMNS, dtype=pd.ArrowDtype(pa.string()))
    )

    readings = [values.read_stamp(text) for text in stamps]
    assert cleaned.crimes["source_updated_at"].array.__arrow_array__().to_pylist() == [
        reading.value for reading in readings
    ]
    assert cleaned.rule_counts == Counter(
        f"{reading.rule}::updated_at" for reading in readings if reading.rule
    )


@many
@given(batches(DATES | TEXT, *KNOWN_DATES))
def test_the_month_of_a_report_is_that_of_its_date_as_the_portal_groups_by_it(texts):
    reports = [REPORT | {"rep_date": text, ":id": f"row-{n}"} for n, text in enumerate(texts)]

    crimes = clean.clean_crimes(
        pd.DataFrame(reports, columns=FRAME_COLUMNS, dtype=pd.ArrowDtype(pa.string()))
    ).crimes

    months = crimes["source_month"].array.__arrow_array__().to_pylist()
    assert months == [values.read_month(text) for text in texts]
    for day, month in zip(crimes["reported_date"].array.__arrow_array__().to_pylist(), months, strict=True):
        assert day is None or day.replace(day=1) == month


@many
@given(batches(NUMBERS | TEXT, "0000000601", "999999999", "000000601"))
def test_a_code_is_a_whole_number_of_up_to_nine_digits(texts):
    expect("ucr_code", texts, if_whole(9, "number_unreadable"))


@many
@given(batches(NUMBERS | TEXT, "5", "0005", "00005", "2359", "2400", "1970", "-5", "5.0", " 5", "\uff15"))
def test_a_time_is_hours_and_minutes_or_a_counted_null(texts):
    expect("occ_time", texts, if_whole(4, "time_unreadable", to_time))


@many
@given(batches(NUMBERS | TEXT, "4530023181", "5", "0"))
def test_a_block_group_has_twelve_digits_with_the_state_in_front(texts):
    expect("census_block_group", texts, if_whole(10, "block_group_unreadable", "48{:010}".format))


@many
@given(batches(st.integers(-1, 12).map(str) | NUMBERS | TEXT, "1", "10", "07", "7.0"))
def test_a_council_district_is_one_to_ten(texts):
    known = if_whole(
        18, "district_unreadable", lambda number: number if 1 <= number <= 10 else "district_unreadable"
    )
    expect("council_district", texts, known)


@many
@given(batches(TEXT, "Y", "N", "y", "YES", "Y ", "YN"))
def test_a_flag_is_y_or_n(texts):
    flags = {"Y": True, "N": False, "": None}
    expect("family_violence", texts, lambda text: flags.get(text.strip().upper(), "flag_unreadable"))


@many
@given(batches(TEXT))
def test_text_stays_as_it_was_sent(texts):
    found, rule_counts = clean_texts("crime_type", texts)

    assert found == [re.sub("[\0\ud800-\udfff]", "\ufffd", text) if text.strip() else None for text in texts]
    assert rule_counts == Counter(
        ["character_replaced:crime_type" for text in found if text and "\ufffd" in text]
    )


@many
@given(ANY_TEXT | st.text(min_size=490, max_size=600))
def test_what_is_kept_of_a_text_can_be_held_and_is_a_group_of_the_portals_counts(text):
    kept = values.read_text(text).value

    assert kept == values.read_group_key("crime_type", text)
    assert kept is None or ("\0" not in kept and len(kept.encode()) <= 2000)


@pytest.mark.parametrize(
    "column", [column.source_name for column in contract.COLUMNS if column.kind != "text"]
)
def test_every_column_that_is_not_text_counts_what_it_cannot_read_by_one_rule(column):
    _, rule_counts = clean_texts(column, ["\u00bd"])

    [(counted_rule, number)] = rule_counts.items()
    rule, _, counted = counted_rule.partition(":")
    assert (rule in contract.RULES, counted, number) == (True, column, 1)


def test_every_rule_of_the_contract_is_counted_by_some_value():
    texts_of = {
        "incident_report_number": ["", "x"],
        "ucr_code": ["x"],
        "family_violence": ["x"],
        "occ_date": ["x", "10000-01-01", "2024-01-01T00:00:00-06:00"],
        "occ_time": ["2400", "1970", "x"],
        "council_district": ["x"],
        "census_block_group": ["x"],
        "clearance_status": ["x"],
        "crime_type": ["\0", "x" * 501],
        ":id": [""],
        ":updated_at": [""],
    }

    counted = {
        counted_rule.partition(":")[0]
        for column, texts in texts_of.items()
        for counted_rule in clean_texts(column, texts)[1]
    }

    # Of two rows with one key the loads find the duplicates, over all batches and what is held.
    assert counted == contract.RULES.keys() - {"duplicate_key"}
