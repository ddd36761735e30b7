"""A replica that answers old rows and does not say so: what is published is what the portal had or has, and the next load heals."""

from contextlib import suppress

import pytest

from austin_crime import errors, nightly
from sample_portal.faults import Fault
from sample_portal.publisher import live
from testing.cases import pairs

PLACES = {
    "metadata": "/api/views/",
    "months": "max(:updated_at)",
    "reports since the last load": "$where=:updated_at >= '",
    "newer reports by month": "$where=:updated_at > '",
    "newer reports": "and :updated_at > '",
    "reports": "$order=:id",
    "reports by year": "date_trunc_y(occ_date) as group_key",
    "reports by crime type": "crime_type as group_key",
    "reports by council district": "council_district as group_key",
    "every request": "",
}
CHANGES = {
    "12 edits": lambda portal: live.edit_reports(
        portal.store, portal.where(portal.some_keys(12)), "clearance_status = 'O'"
    ),
    "most of a year": lambda portal: live.edit_reports(
        portal.store, portal.where(portal.some_keys(90, "2012-")), "location_type = 'EDITED'"
    ),
    "new reports": lambda portal: live.add_reports(portal.store, 30),
}


CASES = [(place, "12 edits") for place in PLACES] + [
    (place, change)
    for place in ("months", "reports", "every request")
    for change in ("most of a year", "new reports")
]


@pytest.mark.parametrize(("case", "times"), pairs(CASES, [None, 1]))
def test_an_old_replica_that_does_not_say_so_is_never_published_as_news(
    sample_portal, ask, case, times, monkeypatch
):
    place, change = case
    monkeypatch.setenv("AUSTIN_CRIME_PORTAL_WAIT_S", "0.001")
    nightly.run_nightly("first")
    old = sample_portal.reports()
    sample_portal.store.faults.add(Fault("silent", path=PLACES[place], how="before", times=times))
    CHANGES[change](sample_portal)

    with suppress(errors.PortalError, errors.ContractBroken, errors.CheckBlocked):
        nightly.run_nightly("load")
    published = ask.crimes()
    sample_portal.store.faults.clear()
    nightly.run_nightly("load 2")

    assert published in (old, sample_portal.reports())
    assert ask.crimes() == sample_portal.reports()
