"""No news is believed only where it is proven: an empty table, silent metadata or a stale replica are none."""

import logging

import pytest
import requests

from austin_crime import errors, nightly
from austin_crime.load import plan
from austin_crime.portal import answers, metadata, months
from sample_portal.publisher import live

EMPTIED_BY_HAND = {
    "the reports and what is known of their months": ("mart.crimes", "ops.source_months"),
    "everything that counts reports": ("mart.crimes", "ops.rejected_reports", "ops.source_months"),
    "an aggregate that others are not made of": ("mart.crimes_per_year",),
    "the monthly cube": ("mart.crimes_per_month",),
}


def empty(ask, table, where="true"):
    """Delete rows."""
    ask(f"with gone as (delete from {table} where {where} returning 1) select count(*) from gone")


def aggregates(ask):
    """Return the rows of two aggregates."""
    return ask("select * from mart.crimes_per_year order by 1"), ask(
        "select * from mart.crimes_per_month order by 1, 2, 3"
    )


@pytest.mark.parametrize("tables", EMPTIED_BY_HAND.values(), ids=EMPTIED_BY_HAND)
def test_tables_emptied_together_are_filled_again(sample_portal, ask, tables, first_load):
    before = ask.crimes(), aggregates(ask)
    for table in tables:
        empty(ask, table)

    nightly.run_nightly("again")

    assert ask.last_load()["status"] == "published"
    assert (ask.crimes(), aggregates(ask)) == before


def test_a_month_deleted_from_every_table_that_knows_it_is_fetched_again(sample_portal, ask, first_load):
    for table in ("mart.crimes", "ops.source_months"):
        empty(ask, table, "source_month = '2015-03-01'")

    nightly.run_nightly("again")

    assert ask.crimes() == sample_portal.reports()


def test_of_a_month_deleted_from_the_reports_just_that_month_is_fetched_again(sample_portal, ask, first_load):
    [(deleted,)] = ask("select count(*) from mart.crimes where source_month = '2015-03-01'")
    empty(ask, "mart.crimes", "source_month = '2015-03-01'")

    nightly.run_nightly("again")

    assert ask.last_load()["fetched_count"] == deleted > 0
    assert ask.crimes() == sample_portal.reports()


def test_metadata_that_do_not_say_when_rows_changed_prove_nothing(sample_portal, ask, monkeypatch):
    silent = ("rowsUpdatedAt", "viewLastModified")

    def ask_silent_dataset(portal):
        spoken = metadata.ask_dataset(portal).metadata
        return metadata.read_dataset({name: value for name, value in spoken.items() if name not in silent})

    monkeypatch.setattr(plan, "ask_dataset", ask_silent_dataset)
    nightly.run_nightly("first")
    live.add_reports(sample_portal.store, 5)

    nightly.run_nightly("again")

    assert ask.last_load()["added_count"] == 5


def test_a_replica_that_knows_a_newer_stamp_and_no_newer_report_is_out_of_date(
    warehouse, sample_portal, monkeypatch, first_load
):
    live.edit_reports(
        sample_portal.store, sample_portal.where(sample_portal.some_keys(3)), "crime_type = 'EDITED'"
    )
    monkeypatch.setattr(months, "count_months", lambda portal, where: {})

    with pytest.raises(errors.PortalStale, match="a replica of the portal is out of date"):
        nightly.run_nightly("again")


def test_the_only_row_of_the_status_is_made_again(sample_portal, ask):
    empty(ask, "mart.data_status")

    nightly.run_nightly("first")

    assert ask.last_load()["status"] == "published"
    assert ask("select report_count, is_empty from mart.data_status") == [(3000, False)]


def test_a_quiet_night_writes_one_row(sample_portal, ask, first_load):
    tables = [
        name
        for (name,) in ask(
            "select schemaname || '.' || tablename from pg_tables where schemaname in ('mart', 'ops')"
        )
    ]
    rows = {name: ask(f"select ctid::text, xmin::text from {name} order by 1") for name in tables}

    nightly.run_nightly("quiet")

    written = {
        name: len(set(ask(f"select ctid::text, xmin::text from {name}")) - set(before))
        for name, before in rows.items()
    }
    assert {name: number for name, number in written.items() if number} == {"ops.loads": 1}


def test_new_columns_are_warned_of_even_if_no_month_changed(sample_portal, ask, caplog, first_load):
    live.add_column(sample_portal.store, "weapon", "text")

    with caplog.at_level(logging.WARNING):
        nightly.run_nightly("again")

    assert "contract.py does not name, which are not loaded: weapon" in caplog.text


def test_a_month_that_no_calendar_has_is_named(sample_portal):
    with pytest.raises(errors.PortalAnswer, match=r"got 'May 2024'. A report has this as its rep_date"):
        months.to_month("May 2024")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        ("1.5", 1.5),
        ("Tue, 24 Nov 2026 12:00:30 GMT", 30),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date_or_nothing_at_all(value, seconds):
    response = requests.Response()
    response.headers["Date"] = "Tue, 24 Nov 2026 12:00:00 GMT"
    if value is not None:
        response.headers["Retry-After"] = value

    assert answers.retry_after_s(response) == seconds
