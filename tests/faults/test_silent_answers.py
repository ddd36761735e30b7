"""Answers that are short, empty or old and do not say so: what is published is what the portal has, or the load fails."""

from contextlib import suppress

import pytest

from austin_crime import errors, nightly
from sample_portal.faults import Fault
from testing.cases import pairs

PLACES = {
    "metadata": "/api/views/",
    "months": "max(:updated_at)",
    "reports since the last load": "$where=:updated_at >= '",
    "newer reports by month": "$where=:updated_at > '",
    "boundaries": "w3v2-cj58",
    "newer reports": "and :updated_at > '",
    "reports": "$order=:id",
    "reports by year": "date_trunc_y(occ_date) as group_key",
    "reports by crime type": "crime_type as group_key",
    "reports by council district": "council_district as group_key",
}
SHORT = [("empty", 1), ("half", None), ("empty", None), ("half", 1)]
TABLES = ("mart.crimes", "mart.crimes_per_month", "mart.crimes_per_year")


@pytest.fixture(autouse=True)
def no_waits(monkeypatch):
    monkeypatch.setenv("AUSTIN_CRIME_PORTAL_WAIT_S", "0.001")


@pytest.fixture
def faulty(world):
    """Return the world, whose portal is well again after the test."""
    yield world
    world.store.faults.clear()


def run(load_id):
    """Run a load, which may fail for what the portal answers, and for nothing else."""
    with suppress(errors.PortalError, errors.ContractBroken, errors.CheckBlocked):
        nightly.run_nightly(load_id, started_by="a test")


def only(names, tables):
    """Return some of the tables."""
    return {name: tables[name] for name in names}


@pytest.mark.parametrize(("place", "short"), pairs(PLACES, SHORT))
def test_an_answer_that_is_cut_short_in_silence_is_never_published(faulty, warehouse, place, short):
    how, times = short
    undisturbed = only(TABLES, faulty.undisturbed["later"])
    before = only(TABLES, warehouse.tables("mart"))
    fault = faulty.store.faults.add(Fault("silent", path=PLACES[place], how=how, times=times))

    run("load")
    is_published = warehouse.ask("select status from ops.loads where load_id = 'load'") == [("published",)]
    after = only(TABLES, warehouse.tables("mart"))
    faulty.store.faults.clear()
    run("load 2")

    assert fault.met > 0
    assert after == (undisturbed if is_published else before)
    assert only(TABLES, warehouse.tables("mart")) == undisturbed
