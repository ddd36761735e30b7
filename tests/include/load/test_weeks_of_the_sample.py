"""The sample portal's weeks, loaded as they come."""

import pytest

from austin_crime import nightly
from sample_portal.data.store import Store
from sample_portal.http import server
from sample_portal.publisher import live

pytestmark = pytest.mark.slow


def test_loads_pass_however_many_weeks_the_sample_has_lived_through(warehouse, ask, monkeypatch):
    store = Store.generate(reports=1_000, seed=1)
    with server.running(store) as url:
        monkeypatch.setenv("AUSTIN_CRIME_SOURCE_URL", url)
        for load_id, weeks in (("first", 0), ("ten weeks", 10)):
            for _ in range(weeks):
                live.pass_week(store, added=3, edited=5, removed=1)
            nightly.run_nightly(load_id, {})

    assert ask.last_load()["status"] == "published"
    assert (
        len(ask.crimes()) == store.execute("select count(distinct incident_report_number) from reports")[0][0]
    )
    store.close()
