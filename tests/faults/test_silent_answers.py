"""Answers that are short, empty or old and do not say so: what is published is what the portal has, or the load fails."""

from contextlib import suppress

import pytest

from austin_crime import config, errors, nightly
from sample_portal.faults import Fault
from sample_portal.publisher import live

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
# How often an answer is wrong: once, in every round of settling, at every try of a step, for ever.
TIMES = (1, config.MAX_SETTLE_ROUNDS, config.PORTAL_TRIES, None)
STEADY = (
    "mart.crimes",
    "mart.crimes_per_month",
    "mart.crimes_per_year",
    "ops.rejected_reports",
    "ops.source_months",
)


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


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("how", ["empty", "half"])
@pytest.mark.parametrize("place", PLACES)
def test_an_answer_that_is_cut_short_in_silence_is_never_published(
    faulty, warehouse, differences, place, how, times
):
    before, undisturbed = warehouse.tables(*("mart", "ops")), faulty.undisturbed["later"]
    fault = faulty.store.faults.add(Fault("silent", path=PLACES[place], how=how, times=times))

    run("load")
    published = warehouse.ask("select status from ops.loads where load_id = 'load'") == [("published",)]
    after = warehouse.tables("mart", "ops")
    faulty.store.faults.clear()
    run("load 2")

    assert fault.met > 0
    expected = undisturbed if published else before
    assert {name: after[name] for name in STEADY if name.startswith("mart")} == {
        name: expected[name] for name in STEADY if name.startswith("mart")
    }
    healed = warehouse.tables("mart", "ops")
    assert {
        name: healed[name] for name in ("mart.crimes", "mart.crimes_per_month", "mart.crimes_per_year")
    } == {
        name: undisturbed[name] for name in ("mart.crimes", "mart.crimes_per_month", "mart.crimes_per_year")
    }


OLD_PLACES = {name: PLACES[name] for name in PLACES if name != "boundaries"} | {"every request": ""}
CHANGES = {
    "12 edits": lambda portal: live.edit_reports(
        portal.store, portal.where(portal.some_keys(12)), "clearance_status = 'O'"
    ),
    "most of a year": lambda portal: live.edit_reports(
        portal.store, portal.where(portal.some_keys(90, "2012-")), "location_type = 'EDITED'"
    ),
    "new reports": lambda portal: live.add_reports(portal.store, 30),
}


@pytest.mark.parametrize("times", [1, config.PORTAL_TRIES, None])
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("place", OLD_PLACES)
def test_an_old_replica_that_does_not_say_so_is_never_published_as_news(
    sample_portal, ask, place, change, times
):
    nightly.run_nightly("first")
    old = sample_portal.reports()
    sample_portal.store.faults.add(Fault("silent", path=OLD_PLACES[place], how="before", times=times))
    CHANGES[change](sample_portal)

    run("load")
    published = ask.crimes()
    sample_portal.store.faults.clear()
    run("load 2")

    assert published in (old, sample_portal.reports())
    assert ask.crimes() == sample_portal.reports()
