"""Which requests meet a fault, and how many."""

import pytest

from sample_portal.errors import PortalFault
from sample_portal.faults import Fault

RESOURCE = "/resource/fdj4-gpfu.json"


def test_a_fault_meets_only_requests_that_hold_its_text_and_only_so_many(faulty):
    fault = faulty.store.faults.add(Fault("429", path="$order=:id", times=2))

    statuses = [faulty.ask(limit=1, **order).status_code for order in ({}, *[{"order": ":id"}] * 3, {})]

    assert statuses == [200, 429, 429, 200, 200]
    assert fault.met == 2


def test_a_rate_meets_about_its_share_of_requests_and_the_same_ones_again(faulty):
    def statuses() -> list[int]:
        faulty.store.faults.clear()
        faulty.store.faults.add(Fault("503", rate=0.3, seed=4))
        return [faulty.ask(limit=1).status_code for _ in range(40)]

    first = statuses()

    assert 5 <= first.count(503) <= 20
    assert statuses() == first


def test_one_request_meets_one_fault_the_first_that_fits(faulty):
    first, second = (faulty.store.faults.add(Fault(kind)) for kind in ("429", "503"))

    statuses = [faulty.ask(limit=1).status_code for _ in range(3)]

    assert statuses == [429, 503, 200]
    assert (first.met, second.met) == (1, 1)


def test_metadata_meet_faults_too_and_health_and_the_first_page_do_not(faulty):
    faulty.store.faults.add(Fault("500", times=None))

    statuses = [
        faulty.get(path).status_code for path in ("/api/views/fdj4-gpfu.json", "/healthz", "/", RESOURCE)
    ]

    assert statuses == [500, 200, 200, 500]


def test_requests_that_meet_a_fault_are_counted(faulty):
    before = faulty.store.request_count
    faulty.store.faults.add(Fault("500"))

    faulty.ask(limit=1)

    assert faulty.store.request_count == before + 1


def test_after_clearing_nothing_goes_wrong_and_what_was_held_goes_on(faulty):
    held = faulty.store.faults.add(Fault("hold", times=None))
    faulty.store.faults.add(Fault("500", times=None))

    faulty.store.faults.clear()

    assert held.release.is_set()
    assert faulty.ask(limit=1).status_code == 200


@pytest.mark.parametrize(("kind", "how"), [("418", ""), ("cut", "sideways"), ("500", "date")])
def test_a_fault_that_does_not_exist_is_refused_with_those_that_do(kind, how):
    with pytest.raises(PortalFault, match="expected one of"):
        Fault(kind, how=how)
