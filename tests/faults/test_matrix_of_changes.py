"""The publisher changes reports or columns between two requests of a load: what is published is what the portal has, or nothing."""

import re
from contextlib import suppress
from itertools import count
from types import SimpleNamespace

import pytest

from austin_crime import config, errors, nightly
from sample_portal.faults import Fault
from sample_portal.http import server
from sample_portal.publisher import live
from testing.cases import pairs
from testing.portals import portal_of

# Requests of a load, in their order; the change is made just before the answer.
PLACES = {
    "metadata": "/api/views/",
    "months": "date_trunc_ym(",
    "boundaries": "w3v2-cj58",
    "batch": "$order=:id",
    "counts": "date_trunc_y(",
    "months again": "date_trunc_ym(",
}
REPORT_CHANGES = {
    "added": lambda store: live.add_reports(store, 5),
    "edited": lambda store: live.edit_reports(store, "hash(rep_date) % 40 = 0", "crime_type = 'EDITED'"),
    "removed": lambda store: live.remove_reports(store, "hash(rep_date) % 150 = 0"),
    "rewritten": live.rewrite_all,
}
COLUMN_CHANGES = {
    "renamed": lambda store: live.rename_column(store, "clearance_status", "status"),
    "retyped": lambda store: live.retype_column(store, "occ_date", "text"),
    "dropped": lambda store: live.drop_column(store, "sector"),
    "new": lambda store: live.add_column(store, "weapon", "text"),
}
PUBLISHED = "Published: "
MISSING = "The portal's columns changed: {}: expected type .*, is missing.* Nothing was loaded"
REFUSED = "Asked for .*status 400.*{}"
OUTCOMES = {
    "renamed": {
        "metadata": MISSING.format("clearance_status") + ".*|.* may be their successors: status",
        "months": REFUSED.format("No such column: clearance_status"),
        "boundaries": REFUSED.format("No such column: clearance_status"),
        "batch": REFUSED.format("No such column: clearance_status"),
        "counts": PUBLISHED,
        "months again": PUBLISHED,
    },
    "retyped": {
        "metadata": ".*occ_date: expected type calendar_date or floating_timestamp, got text",
        "months": REFUSED.format("type-mismatch"),
        "boundaries": REFUSED.format("type-mismatch"),
        "batch": REFUSED.format("type-mismatch"),
        "counts": REFUSED.format("type-mismatch"),
        "months again": PUBLISHED,
    },
    "dropped": {
        "metadata": MISSING.format("sector"),
        "months": REFUSED.format("No such column: sector"),
        "boundaries": REFUSED.format("No such column: sector"),
        "batch": REFUSED.format("No such column: sector"),
        "counts": PUBLISHED,
        "months again": PUBLISHED,
    },
    "new": dict.fromkeys(PLACES, PUBLISHED),
}


@pytest.fixture
def living(world, warehouses, mortal_server, monkeypatch):
    """Return a portal of the test's own and an empty warehouse, named by the settings."""
    store = portal_of(300)
    warehouse = warehouses.copy(world.templates["first"].name)
    with server.running(store) as url:
        warehouse.set_up(url, monkeypatch)
        monkeypatch.setattr(config, "BATCH_ROWS", 100)
        yield SimpleNamespace(store=store, warehouse=warehouse, empty=world.before["first"])
    store.close()
    mortal_server.server.drop_database(warehouse.name)


def strike(store, place, call, times=1):
    """Have something called before the answer to a request."""
    change = Fault("change", path=PLACES[place], call=call, times=times)
    if place == "months again":
        # The same request as the plan's: it is met once the portal was asked for its counts.
        store.faults.add(Fault("change", path=PLACES["counts"], call=lambda: store.faults.add(change)))
    else:
        store.faults.add(change)


def last_load(warehouse):
    """Return how the load that began last ended."""
    return warehouse.ask("select status, message from ops.loads order by started_at desc limit 1")[0]


def at_the_portal(store):
    """Return type and day by key, of what has a key."""
    return sorted(
        store.execute(
            "select incident_report_number::bigint, crime_type, occ_date::date from reports"
            " where incident_report_number is not null"
        )
    )


@pytest.mark.parametrize(("change", "place"), pairs(REPORT_CHANGES, PLACES))
def test_reports_that_change_once_while_we_read_are_published_as_they_became(living, change, place):
    strike(living.store, place, lambda: REPORT_CHANGES[change](living.store))

    nightly.run_nightly("load")

    assert last_load(living.warehouse)[0] == "published"
    published = living.warehouse.ask(
        "select incident_id, crime_type, occurred_date from mart.crimes order by 1"
    )
    assert published == at_the_portal(living.store)
    assert living.warehouse.ask("select bool_and(is_equal) from ops.reconciliations") == [(True,)]


@pytest.mark.parametrize("place", ["months", "batch", "counts", "months again"])
def test_reports_that_change_for_ever_while_we_read_fail_the_load(living, place, differences):
    numbers = count(1)
    month = "date_trunc('month', rep_date) = (select max(date_trunc('month', rep_date)) from reports)"

    def edit():
        live.edit_reports(living.store, month, f"crime_type = 'MOVING {next(numbers)}'")

    strike(living.store, place, edit, times=None)

    with pytest.raises(errors.PortalMoved):
        nightly.run_nightly("load")

    status, message = last_load(living.warehouse)
    assert status == "failed"
    assert re.match(r"The portal changed while it was read, 3 times \(months 20.*trigger a new run", message)
    assert differences(living.warehouse.tables("mart"), living.empty) == {}


@pytest.mark.parametrize(("change", "place"), pairs(COLUMN_CHANGES, PLACES))
def test_columns_that_change_while_we_read_are_published_as_read_or_fail_the_load(
    living, change, place, differences
):
    said = OUTCOMES[change][place]
    before = at_the_portal(living.store)
    strike(living.store, place, lambda: COLUMN_CHANGES[change](living.store))

    with suppress(errors.PortalAnswer, errors.ContractBroken):
        nightly.run_nightly("load")

    status, message = last_load(living.warehouse)
    assert status == ("published" if said == PUBLISHED else "failed")
    assert re.match(said, message, re.DOTALL), message
    if said == PUBLISHED:
        published = living.warehouse.ask(
            "select incident_id, crime_type, occurred_date from mart.crimes order by 1"
        )
        assert published == before
    else:
        assert differences(living.warehouse.tables("mart"), living.empty) == {}


@pytest.mark.parametrize("change", ["renamed", "retyped", "dropped"])
def test_a_column_that_changed_after_it_was_read_blocks_the_next_load(living, change, differences):
    strike(living.store, "months again", lambda: COLUMN_CHANGES[change](living.store))
    nightly.run_nightly("load")
    published = living.warehouse.tables("mart")

    with pytest.raises(errors.ContractBroken, match="Nothing was loaded and the published data stay"):
        nightly.run_nightly("next")

    assert differences(living.warehouse.tables("mart"), published) == {}
