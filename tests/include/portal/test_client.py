"""How long the portal is waited for between two tries."""

import pytest
import tenacity

from austin_crime import config, errors
from austin_crime.portal import client

CALLS = 20


@pytest.fixture(autouse=True)
def short_limits(monkeypatch):
    monkeypatch.setenv("AUSTIN_CRIME_PORTAL_WAIT_S", "1")
    monkeypatch.setattr(config, "LONGEST_WAIT_S", 600)


def waits(try_number, told_s):
    """Return how long several clients wait after a try at which the portal was busy."""
    state = tenacity.RetryCallState(None, None, (), {})
    state.attempt_number = try_number
    error = errors.PortalBusy("busy", told_s)
    state.set_exception((type(error), error, None))
    return [client.wait_s(state) for _ in range(CALLS)]


@pytest.mark.parametrize(("told_s", "least_s"), [(0, 0), (7, 7), (600, 600), (86_400, 600)])
@pytest.mark.parametrize("try_number", [1, 4])
def test_the_portal_is_waited_for_as_long_as_it_asks_up_to_a_limit_and_a_little_more(
    told_s, least_s, try_number
):
    waited = waits(try_number, told_s)

    assert least_s <= min(waited)
    assert max(waited) <= least_s + config.portal_wait_s()
    assert len(set(waited)) > 1


def test_a_portal_that_does_not_say_how_long_is_waited_for_longer_from_try_to_try():
    for try_number in range(1, 7):
        waited, least_s = waits(try_number, None), config.portal_wait_s() * 2 ** (try_number - 1)

        assert least_s <= min(waited)
        assert max(waited) <= least_s + config.portal_wait_s()
        assert len(set(waited)) > 1


def test_the_growing_wait_ends_at_the_limit():
    assert set(waits(30, None)) == {600}
