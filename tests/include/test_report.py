"""What is mailed as a report, and that whatever Superset answers instead of a PDF is an error with its words."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from austin_crime import report
from austin_crime.errors import ReportNotMade
from austin_crime.warehouse import migrations


class Answers(BaseHTTPRequestHandler):
    """Logs everybody in, and answers every report with what the server was given."""

    server: "Superset"

    def do_POST(self) -> None:
        self._send(200, b'{"access_token": "token"}')

    def do_GET(self) -> None:
        self._send(*((200, b'{"result": "token"}') if "csrf" in self.path else self.server.answer))

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Superset(ThreadingHTTPServer):
    """A Superset's part that reports need."""

    answer: tuple[int, bytes] = (200, b"%PDF-1.4 and more")


@pytest.fixture
def superset(monkeypatch) -> Iterator[Superset]:
    server = Superset(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("AUSTIN_CRIME_SUPERSET_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AUSTIN_CRIME_SUPERSET_REFRESH_USER", "refresh")
    monkeypatch.setenv("AUSTIN_CRIME_SUPERSET_REFRESH_PASSWORD", "secret")
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_pdf_is_returned_as_it_is(superset):
    assert report.fetch("austin-crime") == b"%PDF-1.4 and more"


@pytest.mark.parametrize(
    "answer",
    [
        (501, b"Reports need Chromium on the server."),
        (302, b""),
        (200, b"<html>Sign in</html>"),
        (200, b""),
    ],
)
def test_an_answer_that_is_no_pdf_is_an_error_with_its_words(superset, answer):
    superset.answer = answer

    with pytest.raises(
        ReportNotMade, match=rf"austin-crime: expected a PDF, got {answer[0]}: {answer[1].decode()}"
    ):
        report.fetch("austin-crime")


def test_without_a_superset_the_setting_is_named(monkeypatch):
    monkeypatch.delenv("AUSTIN_CRIME_SUPERSET_URL", raising=False)

    with pytest.raises(ReportNotMade, match="AUSTIN_CRIME_SUPERSET_URL is not set"):
        report.fetch("austin-crime")


def test_a_superset_that_does_not_answer_is_an_error(superset, monkeypatch):
    monkeypatch.setenv("AUSTIN_CRIME_SUPERSET_URL", "http://127.0.0.1:1")

    with pytest.raises(ReportNotMade, match="Superset could not be asked"):
        report.fetch("austin-crime")


def test_before_the_first_load_there_is_nothing_to_report(warehouse):
    migrations.migrate(warehouse.owner_url)

    with pytest.raises(ReportNotMade, match="no load has published"):
        report.in_words()
