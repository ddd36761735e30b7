"""The same reports, written and sent as the standards allow: the load is the same, and nothing is asked for twice."""

import pytest

from austin_crime import nightly
from sample_portal.faults import WAYS, Fault

BATCH = "$order=:id"
REPORTS = "/resource/fdj4-gpfu"
CASES = [
    (kind, how)
    for kind in ("spelling", "transfer", "numbers", "dates")
    for how in WAYS[kind]
    # Keys that come twice are refused; a local offset is counted by a rule.
    if (kind, how) not in {("spelling", "twice"), ("dates", "local")}
]


@pytest.mark.parametrize(("kind", "how"), CASES)
def test_reports_that_are_written_or_sent_in_another_way_are_the_same_reports(sample_portal, ask, kind, how):
    expected = sample_portal.reports()
    fault = sample_portal.store.faults.add(Fault(kind, path=REPORTS, how=how, times=None))

    nightly.run_nightly("first")
    batches = [address for address in sample_portal.store.requests if "order=%3Aid" in address]
    nightly.run_nightly("second")

    assert fault.met > 0
    assert ask.crimes() == expected
    # One for the expected reports above, one for the batch.
    assert len(batches) == 2
    assert ask("select status from ops.loads order by started_at") == [("published",), ("unchanged",)]
    [(unreadable,)] = ask(
        "select coalesce(max(observed), 0) from ops.check_results where check_name like 'unreadable%%'"
    )
    assert unreadable < 0.1
