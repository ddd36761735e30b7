"""Every way in which the portal's answers go wrong, at every request: a load recovers, or fails and says why."""

import re

import pytest

from austin_crime import config, errors, nightly
from sample_portal.faults import Fault
from testing.cases import pairs

PLACES = {
    "metadata": "/api/views/",
    "months": "date_trunc_ym(",
    "boundaries": "w3v2-cj58",
    "batch": "$order=:id",
    "counts": "date_trunc_y(",
    "months again": "date_trunc_ym(",
}
# What goes wrong, and what the load says if it does so for ever. A few times: it recovers.
PASSING = {
    "429": ({"kind": "429", "retry_after_s": 0}, "Asked for .*status 429.*.*Too many requests"),
    "500": ({"kind": "500"}, "Asked for .*status 500.*.*Internal error"),
    "502": ({"kind": "502"}, "Asked for .*status 502.*.*Bad Gateway"),
    "503": ({"kind": "503"}, "Asked for .*status 503.*.*Service unavailable"),
    "202": ({"kind": "202"}, "Asked for .*status 202.*.*Request processing"),
    "408": ({"kind": "408"}, "Asked for .*status 408.*.*Request timed out"),
    "cut, as a connection is": ({"kind": "cut", "how": "chunked"}, ".*(broke off|was cut|does not answer)"),
    "cut, before its length": ({"kind": "cut", "how": "length"}, ".*(broke off|was cut|does not answer)"),
    "cut, in its gzip stream": ({"kind": "cut", "how": "gzip"}, ".*(broke off|was cut|does not answer|expected JSON)"),
    "empty": ({"kind": "empty"}, "Asked for .*expected (a )?JSON"),
    "a page": ({"kind": "html", "how": "200"}, "Asked for .*expected (a )?JSON.*doctype|Asked for .*begins with b'<"),
    "a page and 503": ({"kind": "html", "how": "503"}, "Asked for .*status 503.*.*We will be back"),
    "stale, without rows": ({"kind": "stale", "how": "empty"}, "Asked for .*this replica of the portal is out of date"),
    "stale, with old rows": ({"kind": "stale", "how": "before"}, "Asked for .*this replica of the portal is out of date"),
}  # fmt: skip
# Where asking again is of no use.
LASTING = {
    "gone": ({"kind": "gone"}, "Asked for .*status 404.*The portal does not have the dataset"),
    "private": ({"kind": "private"}, "Asked for .*status 403.*requires a login for the dataset"),
}
WHAT = {what: fault for what, (fault, _) in (PASSING | LASTING).items()}
CASES = pairs(PASSING | LASTING, PLACES)


def strike(world, place, fault):
    """Let a fault strike at a place, and return it."""
    fault.path = PLACES[place]
    if place == "months again":
        # The same request as the plan's: it is met once the portal was asked for its counts.
        later = Fault("change", path=PLACES["counts"], call=lambda: world.store.faults.add(fault))
        world.store.faults.add(later)
    else:
        world.store.faults.add(fault)
    return fault


@pytest.fixture
def faulty(world, monkeypatch):
    """Return the world, whose portal is well again after the test."""
    monkeypatch.setenv("AUSTIN_CRIME_PORTAL_WAIT_S", "0.001")
    yield world
    world.store.faults.clear()


@pytest.mark.parametrize("what", PASSING)
def test_what_goes_wrong_twice_at_every_request_is_recovered_from(faulty, warehouse, what, differences):
    struck = {place: strike(faulty, place, Fault(**WHAT[what], times=2)) for place in PLACES}

    nightly.run_nightly("load", started_by="a test")

    assert {place: fault.met for place, fault in struck.items()} == dict.fromkeys(PLACES, 2)
    assert differences(warehouse.tables(), faulty.undisturbed["later"]) == {}


def test_a_portal_that_is_always_slow_is_waited_for(faulty, warehouse, differences):
    slow = faulty.store.faults.add(Fault("slow", times=None, pause_s=0.001))

    nightly.run_nightly("load", started_by="a test")

    assert slow.met > len(PLACES)
    assert differences(warehouse.tables(), faulty.undisturbed["later"]) == {}


@pytest.mark.parametrize(("what", "place"), CASES)
def test_what_goes_wrong_for_ever_fails_the_load_which_says_so(
    faulty, lasting_warehouse, what, place, differences
):
    tries, message = (config.PORTAL_TRIES, PASSING[what][1]) if what in PASSING else (1, LASTING[what][1])
    struck = strike(faulty, place, Fault(**WHAT[what], times=None))

    with pytest.raises((errors.PortalBusy, errors.PortalAnswer)):
        nightly.run_nightly(f"{what} {place}")

    assert struck.met >= tries
    [(status, said)] = lasting_warehouse.ask(
        "select status, message from ops.loads where load_id = %s", f"{what} {place}"
    )
    assert status == "failed"
    assert re.match(message, said, re.DOTALL), said
    assert lasting_warehouse.ask("select load_id from ops.loads where status = 'running'") == []
    assert differences(lasting_warehouse.tables("mart"), faulty.before["later"]) == {}


@pytest.mark.parametrize("place", PLACES)
def test_the_same_load_succeeds_when_the_portal_is_well_again(faulty, warehouse, place, differences):
    strike(faulty, place, Fault("503", times=None))
    with pytest.raises(errors.PortalBusy):
        nightly.run_nightly("load", started_by="a test")
    faulty.store.faults.clear()

    nightly.run_nightly("load", started_by="a test")

    assert differences(warehouse.tables(), faulty.undisturbed["later"]) == {}


@pytest.mark.parametrize("place", PLACES)
def test_a_token_rejected_anywhere_is_done_without_from_there_on(
    faulty, warehouse, runner, place, app_token, differences
):
    rejected = strike(faulty, place, Fault("token", times=None))

    runner.start(warehouse, faulty.url, AUSTIN_CRIME_APP_TOKEN=app_token)

    assert runner.exit_code() == 0
    assert rejected.met >= 1
    assert differences(warehouse.tables(), faulty.undisturbed["later"]) == {}
