"""What each kind of value is read as, by examples of how it may be written."""

import datetime as dt
from datetime import UTC, date, datetime

import pytest

from austin_crime import contract, values


def wall(*numbers):
    return datetime(*numbers)  # noqa: DTZ001 (Austin wall time)


FIVE = [
    "5",
    "05",
    "5.0",
    "5.00",
    "5.",
    " 5 ",
    "+5",
    "5e0",
    "5E+0",
    "0.5e1",
    ".5e1",
    "50e-1",
    "\u00a05\t",
    "0" * 30 + "5",
]
NOT_WHOLE = ["5.5", "1,000", "0x5", "NaN", "Infinity", "-5", "1e-999", "1e999", "1e99999", "five", "5 5", "٥", "５", "²", "5\0", "+", ".", "e5"]  # fmt: skip


@pytest.mark.parametrize("text", FIVE)
@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (values.read_key, 5),
        (values.read_code, 5),
        (values.read_district, 5),
        (values.read_block_group, "480000000005"),
        (values.read_time, dt.time(0, 5)),
        (lambda text: values.Reading(values.read_count(text)), 5),
        (lambda text: values.Reading(values.read_group_key("council_district", text)), "5"),
        (lambda text: values.Reading(values.read_group_key("occurred_year", text)), "5"),
    ],
)
def test_equal_numbers_are_one_however_they_are_written(read, expected, text):
    assert read(text) == (expected, None)


@pytest.mark.parametrize("text", NOT_WHOLE)
@pytest.mark.parametrize(
    ("read", "rule"),
    [
        (values.read_key, "unreadable_key"),
        (values.read_code, "number_unreadable"),
        (values.read_district, "district_unreadable"),
        (values.read_block_group, "block_group_unreadable"),
        (values.read_time, "time_unreadable"),
    ],
)
def test_what_is_no_whole_number_is_counted_by_a_rule(read, rule, text):
    assert read(text) == (None, rule)


@pytest.mark.parametrize(
    ("read", "text", "reading"),
    [
        (values.read_key, "20230000005.0", (20230000005, None)),
        (values.read_key, "2.023e10", (20230000000, None)),
        (values.read_key, "9" * 18, (10**18 - 1, None)),
        (values.read_key, "1" + "0" * 18, (None, "unreadable_key")),
        (values.read_key, "-0.0", (0, None)),
        (values.read_key, " ", (None, "missing_key")),
        (values.read_code, "999999999", (999999999, None)),
        (values.read_code, "2147483648", (None, "number_unreadable")),
        (values.read_district, "10.0", (10, None)),
        (values.read_district, "0", (None, "district_unreadable")),
        (values.read_district, "11", (None, "district_unreadable")),
        (values.read_block_group, "4530452001.0", ("484530452001", None)),
        (values.read_block_group, "4.530452e+09", ("484530452000", None)),
        (values.read_block_group, "484530452001", (None, "block_group_unreadable")),
        (values.read_time, "930.0", (dt.time(9, 30), None)),
        (values.read_time, "0930", (dt.time(9, 30), None)),
        (values.read_time, "9.3e2", (dt.time(9, 30), None)),
        (values.read_time, "2400.0", (None, "hour_out_of_range")),
        (values.read_time, "1970.0", (None, "minute_out_of_range")),
        (values.read_time, "10000", (None, "time_unreadable")),
        (values.read_flag, "Y", (True, None)),
        (values.read_flag, " n ", (False, None)),
        (values.read_flag, "true", (None, "flag_unreadable")),
        (values.read_clearance, " C ", ("Cleared by arrest", None)),
        (values.read_clearance, "X", (None, "clearance_status_unknown")),
    ],
)
def test_a_number_or_flag_is_read_up_to_its_limits(read, text, reading):
    assert read(text) == reading


@pytest.mark.parametrize(
    "read", [*(reader for kind, reader in values.READERS.items() if kind != "key"), values.read_clearance]
)
@pytest.mark.parametrize("text", ["", " ", "\t\u00a0\n"])
def test_blanks_alone_are_nothing_and_counted_by_no_rule(read, text):
    assert read(text) == (None, None)


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-03T04:05:06.000",
        "2024-02-03T04:05:06",
        "2024-02-03 04:05:06",
        " 2024-02-03T04:05:06.000 ",
        "2024-02-03T04:05:06.000000",
        "2024-02-03T04:05:06.000000000",
        "2024-02-03T04:05:06,0",
        "2024-02-03T04:05:06.000Z",
        "2024-02-03t04:05:06z",
        "2024-02-03T04:05:06.000+00:00",
        "2024-02-03T04:05:06.000-0000",
        "2024-02-03T04:05:06 +00",
    ],
)
def test_one_moment_is_read_the_same_however_it_is_written(text):
    assert values.read_timestamp(text) == (wall(2024, 2, 3, 4, 5, 6), None)
    assert values.read_date(text) == (date(2024, 2, 3), None)
    assert values.read_stamp(text) == (datetime(2024, 2, 3, 4, 5, 6, tzinfo=UTC), None)
    assert values.read_newest_stamp(text) == datetime(2024, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert values.read_month(text) == values.read_month_key(text) == date(2024, 2, 1)
    assert values.read_group_key("occurred_year", text) == "2024"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-02-03", wall(2024, 2, 3)),
        ("2024-02-03Z", wall(2024, 2, 3)),
        ("2024-02-03T04", wall(2024, 2, 3, 4)),
        ("2024-02-03T04:05Z", wall(2024, 2, 3, 4, 5)),
        ("2024-02-03T04:05:06.1234567", wall(2024, 2, 3, 4, 5, 6, 123456)),
        ("0001-01-01T00:00:00.000", wall(1, 1, 1)),
        ("9999-12-31T23:59:59.999", wall(9999, 12, 31, 23, 59, 59, 999000)),
        ("9999-12-31T23:59:59.999999999", wall(9999, 12, 31, 23, 59, 59, 999999)),
    ],
)
def test_a_timestamp_is_read_to_the_microsecond_up_to_the_ends_of_the_calendar(text, moment):
    assert values.read_timestamp(text) == (moment, None)


@pytest.mark.parametrize("offset", ["+02:00", "-06:00", "-0500", "+05:30", "+14"])
def test_a_date_with_an_offset_is_the_wall_time_it_says_and_is_counted(offset):
    text = f"2024-02-29T23:30:00.000{offset}"

    assert values.read_timestamp(text) == (wall(2024, 2, 29, 23, 30), "date_with_offset")
    assert values.read_month(text) == values.read_month_key(text) == date(2024, 2, 1)


@pytest.mark.parametrize(
    ("text", "stamp"),
    [
        ("2024-02-29T23:30:00.000-06:00", datetime(2024, 3, 1, 5, 30, tzinfo=UTC)),
        ("2024-03-01T00:30:00.000+0530", datetime(2024, 2, 29, 19, 0, tzinfo=UTC)),
        ("2024-02-29T23:30:00.123456789Z", datetime(2024, 2, 29, 23, 30, 0, 123456, tzinfo=UTC)),
    ],
)
def test_an_updated_at_with_an_offset_is_converted_to_utc(text, stamp):
    assert values.read_stamp(text) == (stamp, None)


@pytest.mark.parametrize("text", ["", "yesterday", "1717322400", "2024-02-30T00:00:00Z", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"])  # fmt: skip
def test_an_updated_at_that_is_missing_or_unreadable_is_dated_to_the_oldest_and_counted(text):
    assert values.read_stamp(text) == (datetime(1970, 1, 1, tzinfo=UTC), "stamp_unreadable")
    with pytest.raises(values.Unreadable, match="expected a time such as"):
        values.read_newest_stamp(text)


@pytest.mark.parametrize("text", ["0000-01-01T00:00:00.000", "0000-12-31", "10000-01-01T00:00:00.000", "+10000-01-01", "-0001-12-31T00:00:00.000", "-44-03-15", "292278994-08-17T07:12:55.807"])  # fmt: skip
def test_a_date_outside_of_the_years_1_to_9999_is_null_by_a_rule_and_has_no_month(text):
    assert values.read_timestamp(text) == values.read_date(text) == (None, "year_out_of_range")
    assert values.read_month(text) is values.read_month_key(text) is None
    assert values.read_group_key("occurred_year", text) is None


@pytest.mark.parametrize("text", ["2024-02-30T00:00:00.000", "2024-02-03T24:00:00", "2024-02-03T04:05:61", "2024-02-03T04:05+99:00", "2024-02-3x"])  # fmt: skip
def test_a_day_or_hour_that_does_not_exist_is_null_by_a_rule_and_its_month_stays(text):
    assert values.read_timestamp(text) == values.read_date(text) == (None, "date_unreadable")
    assert values.read_month(text) == values.read_month_key(text) == date(2024, 2, 1)


@pytest.mark.parametrize(
    "text", ["yesterday", "02/03/2024", "2024-13-01", "2024", "20240203", "NaT", "1706932800"]
)
def test_what_is_no_date_is_null_by_a_rule_and_no_month_of_the_portal(text):
    assert values.read_date(text) == (None, "date_unreadable")
    with pytest.raises(values.Unreadable, match=r"expected a month such as 2024-05-01T00:00:00\.000, got"):
        values.read_month_key(text)


def test_reports_without_a_date_are_a_month_of_the_portal():
    assert values.read_month_key(None) is values.read_month_key("") is None


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("A\0B", ("A\ufffdB", "character_replaced")),
        ("A\ud800B", ("A\ufffdB", "character_replaced")),
        ("\udfff", ("\ufffd", "character_replaced")),
        ("sent as \ufffd", ("sent as \ufffd", "character_replaced")),
        ("x" * 501, ("x" * 500, "text_cut")),
        ("\U0001f600" * 500, ("\U0001f600" * 500, None)),
        ("A\r\nB\x01\x1b\u200b", ("A\r\nB\x01\x1b\u200b", None)),
        (" THEFT  OF ", (" THEFT  OF ", None)),
    ],
)
def test_text_stays_as_sent_but_for_what_the_database_cannot_hold(text, reading):
    assert values.read_text(text) == reading
    assert values.read_group_key("crime_type", text) == reading[0]


@pytest.mark.parametrize("text", ["", "x", "1.5", "-1", "1,000", "null"])
def test_a_count_of_the_portal_that_is_no_whole_number_is_an_error_that_says_what_came(text):
    with pytest.raises(values.Unreadable, match="expected a number of reports, got"):
        values.read_count(text)


def test_months_are_asked_for_up_to_the_ends_of_the_calendar():
    assert values.next_month(date(2024, 12, 1)) == date(2025, 1, 1)
    assert values.next_month(date(9999, 11, 1)) == date(9999, 12, 1)
    assert values.next_month(date(9999, 12, 1)) is None
    assert values.month_condition(date(1, 1, 1), date(1, 2, 1)) == (
        "(rep_date >= '0001-01-01T00:00:00' and rep_date < '0001-02-01T00:00:00')"
    )
    assert values.month_condition(date(9999, 12, 1), values.next_month(date(9999, 12, 1))) == (
        "(rep_date >= '9999-12-01T00:00:00' and rep_date <= '9999-12-31T23:59:59.999')"
    )


def test_reports_without_a_month_are_those_without_a_date_and_those_outside_of_the_calendar():
    assert values.month_condition(None) == (
        "(rep_date is null or rep_date < '0001-01-01T00:00:00' or rep_date > '9999-12-31T23:59:59.999')"
    )


def test_every_kind_of_column_has_a_reader():
    assert {column.kind for column in contract.COLUMNS} == values.READERS.keys()
