"""What goes wrong on demand, as a client of HTTP sees it."""

import gzip
import json
import threading
import zlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest
import requests

from sample_portal.faults import WAYS, Fault
from sample_portal.publisher import live

RESOURCE = "/resource/fdj4-gpfu.json"
TIMEOUT_S = 20


def raw_body(portal, accept: str = "identity") -> tuple[requests.Response, bytes]:
    """Return an answer and its bytes as they came."""
    address = f"{portal.address}{RESOURCE}?$limit=2000&$order=:id"
    headers = {"Accept-Encoding": accept}
    response = requests.get(address, headers=headers, stream=True, timeout=TIMEOUT_S)
    return response, response.raw.read(decode_content=False)


REFUSALS = [
    ("202", 202, "Request processing, retry; when complete you get 200"),
    ("408", 408, "Request timed out"),
    ("429", 429, "Too many requests"),
    ("500", 500, "Internal error"),
    ("503", 503, "Service unavailable"),
    ("private", 403, "You must be logged in to access this resource"),
    ("gone", 404, "Not found"),
]


@pytest.mark.parametrize(("kind", "status", "message"), REFUSALS)
def test_a_refusal_has_its_status_and_a_body_of_json(faulty, kind, status, message):
    faulty.store.faults.add(Fault(kind))

    refused, again = faulty.ask(limit=1), faulty.ask(limit=1)

    assert (refused.status_code, refused.json()["message"]) == (status, message)
    assert refused.headers["Content-Type"].startswith("application/json")
    assert again.status_code == 200


def test_a_dataset_that_is_gone_is_named_in_the_refusal(faulty):
    faulty.store.faults.add(Fault("gone", times=None))

    answers = [faulty.ask(limit=1), faulty.get("/api/views/fdj4-gpfu.json")]

    assert [answer.json()["code"] for answer in answers] == ["dataset.missing"] * 2
    assert [answer.json()["data"] for answer in answers] == [{"id": "fdj4-gpfu"}] * 2


def test_retry_after_comes_in_seconds_or_as_a_date(faulty):
    faulty.store.faults.add(Fault("429", retry_after_s=7))
    faulty.store.faults.add(Fault("503", retry_after_s=3600, how="date"))

    seconds, date, without = (faulty.ask(limit=1) for _ in range(3))

    assert (seconds.status_code, seconds.headers["Retry-After"]) == (429, "7")
    away = parsedate_to_datetime(date.headers["Retry-After"]) - datetime.now(UTC)
    assert date.status_code == 503
    assert 3000 < away.total_seconds() <= 3600
    assert "Retry-After" not in without.headers


@pytest.mark.parametrize(
    ("fault", "status"), [(Fault("html"), 200), (Fault("html", how="503"), 503), (Fault("502"), 502)]
)
def test_a_page_for_people_comes_instead_of_data(faulty, fault, status):
    faulty.store.faults.add(fault)

    answer = faulty.ask(limit=1)

    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.text.startswith("<!doctype html>")


def test_an_empty_body_comes_with_a_good_status(faulty):
    faulty.store.faults.add(Fault("empty"))

    answer = faulty.ask(limit=1)

    assert (answer.status_code, answer.content) == (200, b"")


def test_a_cut_body_of_chunks_ends_without_the_last_one(faulty):
    _, whole = raw_body(faulty)
    faulty.store.faults.add(Fault("cut", times=2))

    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        faulty.ask(limit=2000, order=":id")
    address = f"{faulty.address}{RESOURCE}?$limit=2000&$order=:id"
    with requests.get(
        address, headers={"Accept-Encoding": "identity"}, stream=True, timeout=TIMEOUT_S
    ) as response:
        came = read_until_cut(response)

    assert len(came) == len(whole) // 2
    assert whole.startswith(came)


def read_until_cut(response: requests.Response) -> bytes:
    """Return what comes of a body before it breaks off."""
    pieces = []
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        pieces.extend(response.iter_content(1))
    return b"".join(pieces)


def test_a_cut_body_of_known_length_is_shorter_than_it_says(faulty):
    faulty.store.faults.add(Fault("cut", how="length"))

    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        faulty.ask(limit=2000)


def test_a_gzip_stream_may_end_too_early_in_an_answer_that_is_complete(faulty):
    faulty.store.faults.add(Fault("cut", how="gzip"))

    response, body = raw_body(faulty, "gzip")

    assert response.headers["Content-Encoding"] == "gzip"
    with pytest.raises(EOFError):
        gzip.decompress(body)
    assert zlib.decompressobj(wbits=31).decompress(body).startswith(b'[{"incident_report_number"')


def test_a_slow_body_is_whole(faulty):
    _, whole = raw_body(faulty)
    slow = faulty.store.faults.add(Fault("slow", pause_s=0.001))

    response, body = raw_body(faulty)

    assert slow.met == 1
    assert (response.status_code, body) == (200, whole)


def test_a_slow_body_tries_the_patience_of_a_client(faulty):
    faulty.store.faults.add(Fault("slow", pause_s=30))

    with pytest.raises(requests.exceptions.ConnectionError, match="timed out"):
        requests.get(f"{faulty.address}{RESOURCE}?$limit=2000", timeout=0.2)


def test_a_stale_replica_answers_no_rows_and_says_so_in_a_header(faulty):
    faulty.store.faults.add(Fault("stale"))

    stale, fresh = faulty.ask(limit=1), faulty.ask(limit=1)

    assert (stale.status_code, stale.json(), stale.headers["X-SODA2-Data-Out-Of-Date"]) == (200, [], "true")
    assert (len(fresh.json()), fresh.headers["X-SODA2-Data-Out-Of-Date"]) == (1, "false")


def test_a_stale_replica_may_have_the_rows_and_columns_of_before(changing):
    before = changing.rows(order=":id", limit=5)
    changing.store.faults.add(Fault("stale", how="before", times=2))

    live.rewrite_all(changing.store)
    live.remove_month(changing.store, "2008-05")
    live.rename_column(changing.store, "sector", "apd_sector")
    counted, listed = changing.ask(select="count(*)"), changing.ask(order=":id", limit=5)

    assert (counted.json(), listed.json()) == ([{"count": "1000"}], before)
    assert {answer.headers["X-SODA2-Data-Out-Of-Date"] for answer in (counted, listed)} == {"true"}
    assert changing.rows(select="count(*)") != [{"count": "1000"}]


def test_a_rejected_token_is_told_to_those_who_send_one(faulty):
    faulty.store.faults.add(Fault("token", times=None))

    with_token = faulty.get(RESOURCE, {"X-App-Token": "a-known-token"}, **{"$limit": 1})
    in_the_query = faulty.get(RESOURCE, **{"$limit": 1, "$$app_token": "a-known-token"})
    without = faulty.get(RESOURCE, **{"$limit": 1})

    assert [answer.status_code for answer in (with_token, in_the_query, without)] == [403, 403, 200]
    assert with_token.json() == {
        "code": "permission_denied",
        "error": True,
        "message": "Invalid app_token specified",
    }


def test_a_held_body_stops_halfway_until_it_is_released(faulty):
    held = faulty.store.faults.add(Fault("hold"))
    bodies = []
    reader = threading.Thread(target=lambda: bodies.append(faulty.rows(limit=2000, order=":id")))

    reader.start()
    assert held.reached.wait(TIMEOUT_S)
    others = faulty.rows(limit=2000, order=":id")
    assert bodies == []
    held.release.set()
    reader.join(TIMEOUT_S)

    assert bodies == [others]


def test_a_client_that_leaves_a_held_body_is_not_waited_for(faulty):
    held = faulty.store.faults.add(Fault("hold"))
    response = requests.get(f"{faulty.address}{RESOURCE}?$limit=2000", stream=True, timeout=TIMEOUT_S)
    assert held.reached.wait(TIMEOUT_S)

    response.close()

    assert len(faulty.rows(limit=5)) == 5


def test_the_data_may_change_between_two_requests(changing):
    fault = Fault("change", path="limit=1000", call=lambda: live.remove_month(changing.store, "2008-05"))
    changing.store.faults.add(fault)

    counted = changing.rows(select="count(*)")
    read = changing.rows(limit=1000)

    assert counted == [{"count": "1000"}]
    assert len(read) < 1000
    assert fault.met == 1


@pytest.mark.parametrize(("kind", "how"), [(kind, how) for kind, ways in WAYS.items() for how in ways])
def test_every_fault_leaves_the_portal_well(faulty, kind, how):
    fault = faulty.store.faults.add(Fault(kind, how=how, pause_s=0.001, column="sector"))
    fault.release.set()
    address = f"{faulty.address}{RESOURCE}?$limit=2&$select=:id,sector"
    token = {} if kind == "token_required" else {"X-App-Token": "a-known-token"}

    with requests.get(address, headers=token, stream=True, timeout=TIMEOUT_S) as response:
        response.raw.read(10)

    assert fault.met == 1
    assert len(json.loads(faulty.ask(limit=2).text)) == 2
