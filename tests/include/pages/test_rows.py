"""Paging and filtering any table: every row once, whatever it holds, and a sentence for what cannot be asked."""

import base64
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from austin_crime import nightly, reset
from austin_crime.errors import ParameterError
from austin_crime.pages import column_values, rows, tables
from sample_portal.publisher import live
from testing.cases import IS_LONG

LATER = datetime.now(UTC)
ODD_TABLE = """
create table mart.odd (
    id bigint primary key, day date, wall timestamp, moment timestamptz, hour time, number numeric, flag boolean, word text, small smallint
);
insert into mart.odd values
    (1, 'infinity', 'infinity', 'infinity', '24:00', 'NaN', true, '', 32767),
    (2, '-infinity', '-infinity', '-infinity', '00:00', 'Infinity', false, repeat('long ', 400), -32768),
    (3, '294276-12-31', '294276-12-31', '294276-12-31', '23:59:59.999999', '-Infinity', null, '%_\\''"', 0),
    (4, '4713-01-01 BC', '0044-03-15 BC', '0044-03-15 BC', null, 1e400, true, 'ß' || chr(8232) || chr(10), null),
    (5, null, null, null, null, null, null, null, null),
    (9223372036854775807, '2024-05-31', '2024-05-31', '2024-05-31', '12:00', 0.10, false, null, 1),
    (-9223372036854775808, '2024-05-31', '2024-05-31', '2024-05-31', '12:00', 0.1, false, 'null', 1);
insert into mart.odd (id, word) select n, 'same' from generate_series(10, 19) as n;
comment on table mart.odd is 'Odd values.';
grant select on mart.odd to austin_crime_reader;
"""
DAMAGED = ["x", "W10=", "bnVsbA==", "\u00df", "WzFd" * 500]


@pytest.fixture
def full(loaded, sample_portal, ask):
    """Return a reader of a warehouse in which every table has rows: also rejected, changed and reset ones."""
    [edited, key, *others] = sample_portal.some_keys(5)
    store = sample_portal.store
    live.edit_reports(store, sample_portal.where([edited]), "crime_type = 'EDITED'", updated_at=LATER)
    same_key = f"incident_report_number = '{key}'"
    live.edit_reports(store, sample_portal.where(others), same_key, updated_at=LATER)
    nightly.run_nightly("second", {"accept": ["rejected_reports", "reports_removed"]})
    reset.delete("reset", "mart.top_crimes", "someone")
    ask("insert into ops.resets values (E'it''s \\n', 'landing', 'someone', 1, now()) returning 1")
    return loaded


def walk(connection, table, sort, limit, filters=()):
    """Return the rows of a view, page by page."""
    found, after = [], ""
    while after is not None:
        page = rows.read_page(connection, rows.View(table, sort, filters, after), limit)
        assert len(page.rows) <= limit
        found += page.rows
        after = page.after
    return found


def keys_of(table, found):
    places = [[column.name for column in table.columns].index(name) for name in table.key]
    return [tuple(row[place] for place in places) for row in found]


def assert_sorted(values, is_descending):
    """Expect values in order, those that are null behind."""
    known = [value for value in values if value is not None]
    assert values == known + [None] * (len(values) - len(known))
    if known and not isinstance(known[0], str):  # the database's collation is not Python's
        assert known == sorted(known, reverse=is_descending)


@pytest.mark.slow
def test_every_table_is_paged_by_every_column_and_each_row_comes_once(full, ask):
    with full() as connection:
        for table in tables.list_tables(connection):
            [(count,)] = ask(f"select count(*) from {table.name}")
            limit = max(3, count // 7)
            for number, column in enumerate(table.columns):
                if not table.is_sortable(column):
                    continue
                # One direction a column, in turn; both in a long run.
                for sign in ("", "-") if IS_LONG else ("", "-")[number % 2 :][:1]:
                    found = walk(connection, table, sign + column.name, limit)

                    assert len(found) == count, (table.name, sign, column.name)
                    assert len(set(keys_of(table, found))) == count, (table.name, sign, column.name)
                    assert_sorted([row[number] for row in found], bool(sign))


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
def test_values_that_python_has_not_and_long_texts_are_paged_and_shown(reader, ask, limit):
    ask.connection.execute(ODD_TABLE)
    with reader() as connection:
        table = tables.find_table(connection, "mart.odd")
        for column in table.columns:
            for sign in ("", "-"):
                found = walk(connection, table, sign + column.name, limit)

                direction = "desc" if sign else "asc"
                expected = ask(
                    f"select id from mart.odd order by {column.name} {direction} nulls last, id asc"
                )
                assert [(row[0],) for row in found] == expected, (sign, column.name)
        assert "infinity" in [row[1] for row in found]


VALUES = {
    "bigint": "5",
    "integer": "5",
    "smallint": "5",
    "numeric": "5.5",
    "boolean": "true",
    "date": "2015-06-01",
    "timestamp without time zone": "2015-06-01T13:30",
    "timestamp with time zone": "2015-06-01T13:30+02:00",
    "time without time zone": "13:30",
    "text": "THEFT",
}
SIGNS = {
    "eq": "=",
    "ne": "is distinct from",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
}


@pytest.mark.slow
def test_every_operator_finds_what_the_database_finds_in_a_column_of_every_type(full, ask):
    with full() as connection:
        for table in tables.list_tables(connection):
            for number, column in enumerate(table.columns):
                filters = {f"{column.name}:null": "is null", f"{column.name}:notnull": "is not null"}
                value = VALUES.get(column.type)
                if value:
                    filters |= {
                        f"{column.name}:{name}:{value}": f"{sign} '{value}'" for name, sign in SIGNS.items()
                    }
                # Of every type there are many columns: two operators a column, in turn; all of them in a long run.
                chosen = list(filters.items())
                for text, condition in chosen if IS_LONG else chosen[number % 4 :: 4]:
                    found = walk(connection, table, "", 5_000, (text,))

                    assert ask(f"select count(*) from {table.name} where {column.name} {condition}") == [
                        (len(found),)
                    ], text


MEANINGS = [
    ("crime_type:contains:theft", "crime_type ilike '%%theft%%'"),
    ("crime_type:contains:%", "crime_type like '%%\\%%%%'"),
    ("crime_type:contains:_", "crime_type like '%%\\_%%'"),
    ("crime_type:contains:'; drop table mart.crimes; --", "false"),
    ("crime_type:eq:' or '1'='1", "false"),
    ("crime_type:eq:%(param)s %s {}", "false"),
    ("crime_type:eq:", "crime_type = ''"),
    ("incident_id:contains:15", "incident_id::text like '%%15%%'"),
    ("reported_at:ge:2015-06-01T10:00+05:00", "reported_at >= '2015-06-01 10:00'"),
    ("reported_at:ge:2015-06-01T10:00Z", "reported_at >= '2015-06-01 10:00'"),
    ("source_updated_at:ge:2015-06-01T10:00+23:59", "source_updated_at >= '2015-05-31 10:01Z'"),
    ("occurred_hour:eq: 5 ", "occurred_hour = 5"),
    ("occurred_time:lt:13:30+02:00", "occurred_time < '13:30'"),
]


def test_a_filter_means_what_it_says_and_its_value_is_never_sql(loaded, ask):
    with loaded() as connection:
        table = tables.find_table(connection, "mart.crimes")
        for text, condition in MEANINGS:
            found = walk(connection, table, "", 5_000, (text,))

            assert ask(f"select count(*) from mart.crimes where {condition}") == [(len(found),)], text


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "nothing:eq:1",
        "incident_id",
        "incident_id:",
        "incident_id:like:1",
        "incident_id:eq:",
        "incident_id:eq:1.5",
        "incident_id:eq:9223372036854775808",
        "council_district:eq:99999",
        "ucr_code:eq:-2147483649",
        "incident_id:eq:" + "9" * 5_000,
        "incident_id:eq:1;select 1",
        "incident_id\0:eq:1",
        "crime_type:eq:a\0b",
        "crime_type:contains:a\0b",
        "crime_type:eq:\ud800",
        "crime_type:contains:\udfff",
        "crime_type:eq:" + "x" * 1_001,
        "crime_type:contains:" + "x" * 1_001,
        "is_family_violence:eq:maybe",
        "occurred_date:eq:2023-02-29",
        "occurred_date:eq:infinity",
        "occurred_date:eq:10000-01-01",
        "occurred_at:eq:now",
        "occurred_time:eq:24:01",
        "source_updated_at:eq:0001-01-01T00:00+14:00",
        "source_updated_at:eq:9999-12-31T23:59-14:00",
    ],
)
def test_a_filter_that_cannot_be_used_is_refused_with_a_sentence(reader, text):
    with reader() as connection, pytest.raises(ParameterError, match=r"expected .+|has no column"):
        rows.read_page(connection, rows.View(tables.find_table(connection, "mart.crimes"), filters=(text,)))


@pytest.mark.parametrize("value", ["NaN", "Infinity", "sNaN", "1e999999", "1e-999999", "0e999999", "x", ""])
def test_a_number_that_the_database_cannot_compare_is_refused(reader, value):
    with reader() as connection:
        view = rows.View(
            tables.find_table(connection, "mart.top_crimes"), filters=(f"report_pct:gt:{value}",)
        )
        with pytest.raises(ParameterError, match="expected a number"):
            rows.read_page(connection, view)


@pytest.mark.parametrize(
    "sort", ["nothing", "--incident_id", "incident_id desc", "incident_id;", "Incident_id", "\0"]
)
def test_a_column_that_is_none_cannot_be_sorted_by(reader, sort):
    with reader() as connection, pytest.raises(ParameterError, match="has no column"):
        rows.read_page(connection, rows.View(tables.find_table(connection, "mart.crimes"), sort))


def test_json_is_neither_sorted_nor_compared_but_searched(full):
    with full() as connection:
        table = tables.find_table(connection, "ops.crime_changes")

        for view in (rows.View(table, "differences"), rows.View(table, filters=("differences:eq:{}",))):
            with pytest.raises(ParameterError):
                rows.read_page(connection, view)
        [edited] = rows.read_page(connection, rows.View(table, filters=("differences:contains:edited",))).rows
        assert edited[2] == "edited"


def encoded(content):
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


@pytest.mark.parametrize(
    "after",
    [
        *DAMAGED,
        encoded([]),
        encoded(["1", "2"]),
        encoded({"incident_id": "1"}),
        encoded("1"),
        encoded([1]),
        encoded([["1"]]),
        encoded(["x"]),
        encoded(["1; drop table mart.crimes"]),
        encoded(["9" * 30]),
        encoded(["\0"]),
        encoded(["\ud800"]),
        encoded([{}]),
        base64.urlsafe_b64encode(b"[" * 100_000).decode(),
    ],
)
def test_a_damaged_address_of_a_page_is_refused_with_a_sentence(reader, after):
    with reader() as connection, pytest.raises(ParameterError, match="go back to the first page"):
        rows.read_page(connection, rows.View(tables.find_table(connection, "mart.crimes"), after=after))


@pytest.mark.parametrize(
    "name", ["", "crimes", "mart.crimes;", "pg_catalog.pg_authid", "staging.crimes", "mart.crimes.x", "\0"]
)
def test_only_tables_of_the_catalog_are_read(reader, name):
    with reader() as connection, pytest.raises(ParameterError, match="There is no table"):
        tables.find_table(connection, name)


@pytest.mark.parametrize("sort", ["", "-reported_at", "council_district"])
def test_a_rare_value_is_found_though_each_request_looks_through_few_rows(loaded, ask, monkeypatch, sort):
    monkeypatch.setattr(rows, "SCAN_ROWS", 100)
    [(last,)] = ask("select max(incident_id) from mart.crimes")
    ask(
        "update mart.crimes set reported_at = null, council_district = null where incident_id = %s returning 1",
        last,
    )
    with loaded() as connection:
        table = tables.find_table(connection, "mart.crimes")
        found, after, requests = [], "", 0
        while after is not None:
            view = rows.View(table, sort, (f"incident_id:ge:{last}",), after)
            page = rows.read_page(connection, view, 1)
            assert page.scanned_count <= 2 * rows.SCAN_ROWS
            found, after, requests = found + page.rows, page.after, requests + 1

    assert [row[0] for row in found] == [last]
    assert requests >= ask("select count(*) / 200 from mart.crimes")[0][0]


def test_a_large_table_is_sorted_by_indexed_columns_only(loaded, monkeypatch):
    monkeypatch.setattr(tables, "LARGE", 1_000)
    with loaded() as connection:
        table = tables.find_table(connection, "mart.crimes")

        assert {column.name for column in table.columns if table.is_sortable(column)} == {
            "incident_id",
            "source_month",
            "source_row_id",
            "occurred_date",
            "reported_at",
        }
        with pytest.raises(ParameterError, match="cannot be sorted by crime_type"):
            rows.read_page(connection, rows.View(table, "crime_type"))


def test_all_rows_are_those_of_every_page(loaded, monkeypatch, ask):
    monkeypatch.setattr(rows, "EXPORT_ROWS", 700)
    with loaded() as connection:
        view = rows.View(
            tables.find_table(connection, "mart.crimes"), "-reported_at", ("crime_type:contains:theft",)
        )

        assert (
            len(list(rows.all_rows(connection, view)))
            == ask("select count(*) from mart.crimes where crime_type ilike '%%theft%%'")[0][0]
        )


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (2**53, 2**53),
        (2**53 + 1, "9007199254740993"),
        (-(2**63), "-9223372036854775808"),
        (True, True),
        (Decimal("12.50"), "12.50"),
        (Decimal("NaN"), "NaN"),
        (None, None),
    ],
)
def test_numbers_that_a_browser_would_round_are_shown_as_texts(value, shown):
    assert column_values.exact(value) == shown
