"""The numbers of the edition: those of the warehouse, and those that the city's own API gives."""

from collections import Counter

import psycopg
import pytest
import requests

from austin_crime import nightly
from austin_crime.edition import checks, numbers, write
from sample_portal.publisher import live


@pytest.fixture
def edition(current):
    with write.snapshot() as connection:
        return numbers.read_numbers(connection)


def test_the_city_gives_the_same_numbers_at_the_very_addresses_of_the_page(edition):
    by_name = {check.name: check for check in checks.list_checks(edition)}
    singles = {name: check.number for name, check in by_name.items() if check.number is not None}

    assert {name: int(asked(by_name[name])[0]["count"]) for name in singles} == singles
    assert counts(asked(by_name["districts"]), "council_district") == {
        None if row.council_district is None else str(row.council_district): row.report_count
        for row in edition.districts
        if row.report_count
    }
    types = counts(asked(by_name["types"]), "crime_type")
    assert {row.crime_type: types[row.crime_type] for row in edition.types} == {
        row.crime_type: row.report_count for row in edition.types
    }


def test_the_groups_are_the_sums_of_the_citys_counts_by_type(edition, ask):
    [check] = [check for check in checks.list_checks(edition) if check.name == "groups"]
    group_of = dict(ask("select crime_type, crime_group from mart.crime_groups"))
    sums = Counter()
    for crime_type, count in counts(asked(check), "crime_type").items():
        sums[group_of[crime_type]] += count

    assert sums == {
        row.crime_group: row.report_count for row in edition.groups("Year to date") if row.report_count
    }


def test_the_sql_of_the_page_gives_the_same_numbers(edition, ask):
    for check in checks.list_checks(edition):
        rows = ask(check.query)
        if check.number is not None:
            assert rows == [(check.number,)], check.name
    by_name = {
        check.name: dict(ask(check.query)) for check in checks.list_checks(edition) if check.number is None
    }
    assert by_name["districts"] == {
        row.council_district: row.report_count for row in edition.districts if row.report_count
    }
    assert by_name["groups"] == {
        row.crime_group: row.report_count for row in edition.groups("Year to date") if row.report_count
    }
    assert next(iter(by_name["types"].values())) == edition.types[0].report_count


def test_a_percent_is_given_only_where_it_does_not_mislead(edition):
    small = [row for row in edition.comparisons if row.year_before_count < 100]

    assert small
    assert all(row.change_pct is None for row in small)


def test_what_the_last_load_changed_is_what_it_recorded(current, sample_portal, ask):
    live.pass_week(sample_portal.store, added=40, edited=60, removed=20)
    nightly.run_nightly("week")
    with write.snapshot() as connection:
        load = numbers.read_numbers(connection).last_load
    [(added, edited, removed)] = ask(
        "select added_count, edited_count, removed_count from ops.loads where load_id = 'week'"
    )

    assert (load.added_count, load.edited_count, load.removed_count) == (added, edited, removed)
    assert not load.is_first
    assert load.group_count == load.equal_count > 0
    assert load.months


def test_all_numbers_are_of_one_moment_and_nothing_can_be_written(current, ask):
    with write.snapshot() as connection:
        before = numbers.read_numbers(connection)
        ask("update mart.data_status set report_count = 5 returning 1")

        assert numbers.read_numbers(connection) == before
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("delete from mart.crimes")


def asked(check):
    """Return the city's answer."""
    answer = requests.get(check.url, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


def counts(rows, key):
    """Return the count of each key, as the city sends both."""
    return {row.get(key): int(row["count"]) for row in rows}
