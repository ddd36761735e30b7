"""What the language gives, on six reports that are written out in conftest.py."""

import pytest


def keys(portal, **clauses) -> list[str]:
    """Return the incident numbers that a query finds, in the order of the numbers."""
    rows = portal.rows(select="incident_report_number", order="incident_report_number", **clauses)
    return [row["incident_report_number"] for row in rows]


CONDITIONS = [
    ("crime_type = 'THEFT'", ["200350123", "20240010003"]),
    ("crime_type == 'THEFT'", ["200350123", "20240010003"]),
    ("crime_type != 'THEFT' and sector <> 'GE'", ["20240010002", "20240010004", "2024924960053"]),
    ("location_type = 'DRUG STORE / DOCTOR''S OFFICE / HOSPITAL'", ["20240010003"]),
    ("`crime_type` = 'THEFT' and `council_district` = 9", ["200350123"]),
    ("council_district = '9'", ["200350123", "20240010001", "20240010004"]),
    ("council_district is null", ["20240010003"]),
    ("clearance_date is not null", ["200350123", "20240010001"]),
    ("not council_district = 9", ["20240010002", "2024924960053"]),
    ("ucr_code in (600, 601)", ["200350123", "20240010001", "20240010003"]),
    ("sector not in ('GE', 'BA', 'HE')", ["20240010003", "2024924960053"]),
    ("occ_time between 500 and 1200", ["20240010004", "2024924960053"]),
    ("occ_date not between '2024-01-01' and '2024-12-31'", ["200350123", "20240010003"]),
    ("rep_date >= '2024-02-01T00:00:00' and rep_date < '2024-02-02T00:00:00'", ["20240010002"]),
    ("(rep_date = '2024-01-01T00:00:00.000') or rep_date is null", ["20240010001", "2024924960053"]),
    ("crime_type like 'THEFT' or crime_type like '%VEHICLE'", ["200350123", "20240010001", "20240010003"]),
    ("lower(crime_type) like 'dwi _.15%'", ["20240010002"]),
    ("upper(lower(sector)) = 'CH'", ["2024924960053"]),
    ("starts_with(crime_type, 'ASSAULT')", ["20240010004"]),
    ("contains(crime_type, '\"MISCHIEF\", ÉTÉ')", ["2024924960053"]),
    ("date_extract_y(occ_date) = 2023", ["20240010003"]),
    ("date_extract_hh(occ_date_time) in (0, 23)", ["20240010001", "20240010002"]),
    ("date_trunc_ym(rep_date) = '2024-02-01'", ["20240010002", "20240010003", "20240010004"]),
    ("(ucr_code - 1) * 2 = 1198", ["200350123", "20240010003"]),
    ("-council_district = -3", ["20240010002"]),
    ("ucr_code % 100 = 11", ["20240010002"]),
    ("true and not false and sector = 'CH'", ["2024924960053"]),
    (":updated_at = '2024-02-10T10:00:00.123Z' and sector = 'CH'", ["2024924960053"]),
    (":updated_at > '2024-02-10T10:00:00.123Z'", []),
    (":updated_at >= '2024-02-10T12:00:00.123+02:00' and ucr_code = 601", ["20240010001"]),
]


@pytest.mark.parametrize(("where", "expected"), CONDITIONS)
def test_a_condition_finds_just_the_reports_that_meet_it(written_out, where, expected):
    assert keys(written_out, where=where) == expected


EXPRESSIONS = [
    ("date_trunc_y(occ_date)", "date_trunc_y_occ_date", "2024-01-01T00:00:00.000"),
    ("date_trunc_ymd(occ_date_time) as day", "day", "2024-01-01T00:00:00.000"),
    ("date_trunc_ym(:updated_at) as month", "month", "2024-02-01T00:00:00.000"),
    ("date_extract_m(clearance_date) as n", "n", "1"),
    ("date_extract_d(clearance_date) as n", "n", "9"),
    ("date_extract_dow(occ_date) as n", "n", "1"),
    ("date_extract_mm(occ_date_time) as n", "n", "15"),
    ("date_extract_ss(occ_date_time) as n", "n", "0"),
    ("date_extract_woy(occ_date) as n", "n", "1"),
    ("case(ucr_code < 600, 'low', ucr_code < 700, 'middle', true, 'high') as step", "step", "middle"),
    ("case(ucr_code < 600, 'low') as step", "step", None),
    ("coalesce(location_type, 'none')", "coalesce_location_type_none", "PARKING /DROP LOT/ GARAGE"),
    ("ucr_code / 2 as half", "half", "300.5"),
    ("ucr_code * 10 + 1 as n", "n", "6011"),
    ("round(ucr_code / 7, 2) as n", "n", "85.86"),
    ("sector || '-' || district as beat", "beat", "GE-2"),
    ("concat(sector, district) as beat", "beat", "GE2"),
    ("substring(crime_type, 1, 8) as word", "word", "BURGLARY"),
    ("length(sector) as n", "n", "2"),
    ("greatest(ucr_code, 700) as n", "n", "700"),
    ("least(ucr_code, 700) as n", "n", "601"),
    ("abs(-ucr_code) as n", "n", "601"),
    ("ucr_code > 600 as is_more", "is_more", True),
    (":updated_at", ":updated_at", "2024-02-10T10:00:00.123Z"),
]


@pytest.mark.parametrize(("select", "name", "expected"), EXPRESSIONS)
def test_an_expression_gives_its_value_under_its_name(written_out, select, name, expected):
    (row,) = written_out.rows(select=select, where="incident_report_number = 20240010001")

    assert row == ({} if expected is None else {name: expected})


def test_reports_are_counted_by_month_and_those_without_a_date_are_a_group_without_the_key(written_out):
    rows = written_out.rows(
        select="date_trunc_ym(rep_date) as month,count(*) as report_count,max(:updated_at) as newest_updated_at",
        group="month",
        order="month",
        limit=50_000,
    )

    stamp = "2024-02-10T10:00:00.123Z"
    assert rows == [
        {"month": "2003-05-01T00:00:00.000", "report_count": "1", "newest_updated_at": stamp},
        {"month": "2024-01-01T00:00:00.000", "report_count": "1", "newest_updated_at": stamp},
        {"month": "2024-02-01T00:00:00.000", "report_count": "3", "newest_updated_at": stamp},
        {"report_count": "1", "newest_updated_at": stamp},
    ]


def test_aggregates_over_all_reports_are_one_row(written_out):
    (row,) = written_out.rows(
        select="count(*),count(clearance_date),count(distinct sector) as sectors,sum(ucr_code),"
        "avg(council_district),min(rep_date),max(crime_type)"
    )

    assert row == {
        "count": "6",
        "count_clearance_date": "2",
        "sectors": "5",
        "sum_ucr_code": "6212",
        "avg_council_district": "6.2",
        "min_rep_date": "2003-05-04T00:00:00.000",
        "max_crime_type": "THEFT",
    }


def test_an_alias_may_have_a_columns_name(written_out):
    rows = written_out.rows(
        select="date_trunc_y(occ_date) as occ_date,count(*) as n",
        group="occ_date",
        order="occ_date desc",
        limit=1,
    )

    assert rows == [{"occ_date": "2024-01-01T00:00:00.000", "n": "4"}]


def test_having_keeps_groups(written_out):
    rows = written_out.rows(
        select="sector,count(*) as n", where="sector != 'BA'", group="sector", having="n > 1", order="sector"
    )

    assert rows == [{"sector": "GE", "n": "2"}]


def test_an_order_may_have_several_terms_and_nulls_are_greatest(written_out):
    rows = written_out.rows(
        select="council_district,incident_report_number", order="council_district desc,incident_report_number"
    )

    assert [row.get("council_district") for row in rows] == [None, "9", "9", "9", "3", "1"]
    assert [row["incident_report_number"] for row in rows[1:4]] == ["200350123", "20240010001", "20240010004"]


def test_limit_and_offset_cut_a_page(written_out):
    rows = written_out.rows(select="ucr_code", order="ucr_code", limit=2, offset=3)

    assert rows == [{"ucr_code": "900"}, {"ucr_code": "1400"}]


def test_distinct_rows_come_once(written_out):
    rows = written_out.rows(select="distinct category_description", order="category_description")

    assert rows == [{"category_description": "Theft"}, {}]


def test_a_query_may_come_in_one_piece(written_out):
    rows = written_out.rows(
        query="select sector, count(*) as n where ucr_code < 1000 group by sector having n > 1 order by n desc limit 5"
    )

    assert rows == [{"sector": "GE", "n": "2"}]


def test_a_column_name_is_a_filter(written_out):
    assert keys(written_out, council_district_="9", sector_="GE") == ["200350123", "20240010001"]


def test_a_search_finds_words_in_any_text(written_out):
    assert keys(written_out, q="burglary") == ["20240010001"]


def test_system_columns_come_only_when_they_are_named(written_out):
    (plain,) = written_out.rows(where="ucr_code = 601")
    (starred,) = written_out.rows(select=":*,*", where="ucr_code = 601")
    (named,) = written_out.rows(select=":id,:version,ucr_code", where="ucr_code = 601")

    assert not any(name.startswith(":") for name in plain)
    assert list(starred)[:4] == [":id", ":created_at", ":updated_at", ":version"]
    assert {name: starred[name] for name in named} == named
    assert {name: value for name, value in starred.items() if name in plain} == plain


def test_an_identifier_is_a_text_that_can_be_compared_and_ordered_by(written_out):
    ids = [row[":id"] for row in written_out.rows(select=":id", order=":id")]

    after_second = written_out.rows(select=":id", where=f":id > '{ids[1]}'", order=":id")

    assert ids == sorted(ids)
    assert [row[":id"] for row in after_second] == ids[2:]
