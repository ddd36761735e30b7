import gzip
from dataclasses import replace
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import requests
from upath import UPath

from austin_crime import errors, values
from austin_crime.landing import batches as landed_batches
from austin_crime.load import extract
from austin_crime.models import Batch, PlannedMonth
from austin_crime.portal import answers

REPORTS = b'[{":id":"row-1","crime_type":"A \\":id\\": B"}\n,{":id":"row-2"}\n]\n'


def planned(*counts, first=date(2020, 1, 1), kind="whole"):
    """Plan months in a row with so many reports each."""
    months, month = [], first
    for number in counts:
        months.append(PlannedMonth(month, kind, "", number, number))
        month = values.next_month(month)
    return months


def batch(**changes):
    whole = Batch(
        batch_id="batch-001",
        months=("2020-01-01",),
        newer_than=None,
        expected_count=2,
        columns=("crime_type",),
    )
    return replace(whole, **changes)


def land(response, batch, folder):
    """Judge an answer and land it."""
    answers.judge(response, "a batch")
    return extract.land(response, batch, folder)


@pytest.fixture
def answering():
    """Return a function that starts a server which answers every request with a status, headers and a body."""
    servers = []

    def start(status=200, headers=None, body=b"", cut=0, token=None):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body[: len(body) - cut])

            def log_message(self, *args):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        sent = {"X-App-Token": token} if token else {}
        url = f"http://127.0.0.1:{server.server_port}/"
        return requests.get(url, headers=sent, stream=True, timeout=10)

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def folder(tmp_path):
    return UPath(tmp_path / "landing")


def test_batches_are_filled_up_to_the_limit_and_no_further(monkeypatch):
    monkeypatch.setattr("austin_crime.config.BATCH_ROWS", 100)

    batches = extract.make_batches(planned(40, 60, 1, 100, 101, 5), None, [])

    assert [made.expected_count for made in batches] == [100, 1, 100, 101, 5]


def test_a_batch_has_at_most_twelve_ranges():
    every_other = [month for number, month in enumerate(planned(*[1] * 60)) if number % 2]

    batches = extract.make_batches(every_other, None, [])

    assert [len(made.months) for made in batches] == [12, 12, 6]


def test_whole_and_topped_up_months_never_share_a_batch_and_skipped_ones_have_none():
    months = (
        planned(1, 1)
        + planned(1, kind="topped up")
        + planned(1, kind="skipped")
        + planned(0, kind="vanished")
    )

    batches = extract.make_batches(months, datetime(2024, 1, 1, tzinfo=UTC), [])

    assert [(len(made.months), made.newer_than) for made in batches] == [
        (2, None),
        (1, "2024-01-01T00:00:00.000Z"),
    ]


def test_a_query_names_its_columns_ranges_order_and_limit():
    query = extract.batch_query(
        batch(months=("2019-12-01", "2020-01-01", "2020-03-01", None), newer_than="2024-01-01T00:00:00.000Z")
    )

    assert query == {
        "$select": ":id,:updated_at,crime_type",
        "$where": "((rep_date >= '2019-12-01T00:00:00' and rep_date < '2020-02-01T00:00:00')"
        " or (rep_date >= '2020-03-01T00:00:00' and rep_date < '2020-04-01T00:00:00')"
        " or (rep_date is null or rep_date < '0001-01-01T00:00:00' or rep_date > '9999-12-31T23:59:59.999'))"
        " and :updated_at > '2024-01-01T00:00:00.000Z'",
        "$order": ":id",
        "$limit": "1004",
    }


def test_a_gzip_body_is_landed_as_it_came_with_its_reports_counted(answering, folder):
    body = gzip.compress(REPORTS)

    manifest = land(answering(headers={"Content-Encoding": "gzip"}, body=body), batch(), folder)

    assert landed_batches.batch_path(folder, "batch-001").read_bytes() == body
    assert (manifest.report_count, manifest.byte_count) == (2, len(body))
    assert landed_batches.landed(folder, batch()) == manifest
    with landed_batches.open_landed(folder, batch()) as body:
        assert body.read() == REPORTS


def test_a_plain_body_is_landed_packed(answering, folder):
    land(answering(body=REPORTS), batch(), folder)

    assert gzip.decompress(landed_batches.batch_path(folder, "batch-001").read_bytes()) == REPORTS


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        ({"status": 202, "body": b"processing"}, errors.PortalBusy, "status 202"),
        ({"status": 429, "headers": {"Retry-After": "7"}}, errors.PortalBusy, "status 429"),
        ({"status": 503}, errors.PortalBusy, "status 503"),
        ({"status": 408}, errors.PortalBusy, "status 408"),
        ({"body": b""}, errors.PortalBusy, "expected a JSON array"),
        ({"body": b"<html>down</html>"}, errors.PortalBusy, "expected a JSON array"),
        ({"body": b'[{":id":"1"}\n,{"'}, errors.PortalBusy, "expected a JSON array"),
        (
            {"headers": {"Content-Encoding": "gzip"}, "body": gzip.compress(REPORTS)[:-9]},
            errors.PortalBusy,
            "was cut",
        ),
        ({"headers": {"Content-Encoding": "gzip"}, "body": REPORTS}, errors.PortalBusy, "not gzip"),
        (
            {"headers": {"Content-Encoding": "gzip"}, "body": gzip.compress(REPORTS) + b"more"},
            errors.PortalBusy,
            "other bytes",
        ),
        ({"headers": {"X-SODA2-Data-Out-Of-Date": "true"}, "body": b"[]"}, errors.PortalStale, "out of date"),
        (
            {"status": 403, "body": b'{"message":"Invalid app_token specified"}', "token": "wrong"},
            errors.TokenRejected,
            "app_token",
        ),
        ({"status": 403, "body": b'{"message":"no app_token"}'}, errors.PortalAnswer, "status 403"),
        ({"status": 404, "body": b'{"code":"dataset.missing"}'}, errors.PortalAnswer, "dataset.missing"),
    ],
)
def test_an_answer_that_is_no_batch_raises_what_it_means_and_lands_nothing(
    answering, folder, answer, error, message
):
    response = answering(**answer)

    with pytest.raises(error, match=message):
        land(response, batch(), folder)

    assert landed_batches.landed(folder, batch()) is None
    assert not landed_batches.batch_path(folder, "batch-001").exists()


def test_a_connection_that_breaks_in_the_body_is_an_error_and_lands_nothing(answering, folder):
    response = answering(body=REPORTS, cut=5)

    with pytest.raises(Exception, match=r"IncompleteRead|incomplete"):
        land(response, batch(), folder)

    assert landed_batches.landed(folder, batch()) is None


def test_a_damaged_landed_file_counts_as_not_landed(answering, folder):
    land(answering(body=REPORTS), batch(), folder)
    path = landed_batches.batch_path(folder, "batch-001")
    path.write_bytes(path.read_bytes()[:-1])

    assert landed_batches.landed(folder, batch()) is None
    with (
        pytest.raises(errors.LandingDamaged, match="missing or damaged"),
        landed_batches.open_landed(folder, batch()),
    ):
        pass


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Date": "Mon, 03 Jun 2024 10:00:00 GMT", "Retry-After": "Mon, 03 Jun 2024 10:01:30 GMT"}, 90),
        ({}, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(answering, headers, seconds):
    response = requests.Response()
    response.headers.update(headers)

    assert answers.retry_after_s(response) == seconds
