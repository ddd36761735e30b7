"""Reports, on the running stack: the link on a dashboard, and the DAG that mails them to a real mail server."""

import io
import json
import re
import shutil

import pypdf
import pytest
from playwright.sync_api import Response, expect
from tests.e2e.conftest import log_in_to_superset
from tests.e2e.test_looks import DRAW_TIMEOUT_MS, choose_crime_type, count, number_of, open_dashboard
from tests.e2e.test_runs_by_hand import Buttons

from testing.listeners import Mailbox, listening
from testing.waiting import wait_for

pytestmark = [
    pytest.mark.usefixtures("loaded"),
    pytest.mark.skipif(shutil.which("chromedriver") is None, reason="no chromedriver: install it"),
]
RUNS = "/dags/austin_crime_report/dagRuns"
RUN_S = 240
CONNECTION = "austin_crime_smtp"


def words(pdf: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


@pytest.fixture
def airflow(stack):
    return Buttons(stack)


@pytest.fixture
def mailbox(airflow):
    """Return a mail server that Airflow's connection names, with the people who get reports."""
    with listening(Mailbox()) as mailbox:
        extra = {
            "from_email": "airflow@example.org",
            "to": "ann@example.org",
            "report_to": "bob@example.org",
            "disable_ssl": True,
            "disable_tls": True,
        }
        connection = {
            "connection_id": CONNECTION,
            "conn_type": "smtp",
            "host": "127.0.0.1",
            "port": mailbox.port,
        }
        airflow.ask("POST", "/connections", json=connection | {"extra": json.dumps(extra)})
        yield mailbox
        airflow.send("DELETE", f"/connections/{CONNECTION}")


def keeps_filters(answer: Response) -> bool:
    """Return whether it answers the browser that keeps chosen filters, which it does a moment after they are applied."""
    return (
        "/filter_state" in answer.url
        and answer.request.method in ("POST", "PUT")
        and "BURGLARY" in str(answer.request.post_data)
    )


def run_report(airflow: Buttons, **conf: object) -> tuple[str, str]:
    """Run the DAG; return how it ended, and its task's log."""
    run_id = airflow.ask("POST", RUNS, json={"logical_date": None, "conf": conf})["dag_run_id"]

    def has_ended() -> bool:
        return airflow.ask("GET", f"{RUNS}/{run_id}")["state"] in ("success", "failed")

    wait_for("the report's run ends", has_ended, RUN_S)
    state: str = airflow.ask("GET", f"{RUNS}/{run_id}")["state"]
    path = f"{RUNS}/{run_id}/taskInstances/mail_report/logs/1"
    return state, airflow.send("GET", path, headers={"Accept": "application/x-ndjson"}).text


def test_the_report_of_the_week_is_mailed_with_the_numbers_of_sql(stack, airflow, mailbox):
    state, log = run_report(airflow, dashboards=["austin-crime", "austin-crime-where"])
    assert state == "success", log

    [(recipients, mail)] = mailbox.mails
    first, second = mail.iter_attachments()
    assert recipients == ["bob@example.org"]
    assert mail["subject"].startswith("Austin crime: report up to ")
    assert "Sample data" in mail.get_body().get_content()
    assert [first.get_filename(), second.get_filename()] == ["austin-crime.pdf", "austin-crime-where.pdf"]
    assert f"Reports by day of occurrence {count(stack, 'true')} " in words(first.get_content())
    assert "Map per 1,000 residents Most: District" in words(second.get_content())


def test_without_recipients_nothing_is_drawn_and_the_run_says_so(airflow):
    state, log = run_report(airflow)

    assert state == "success"
    assert "No report: the connection austin_crime_smtp has no" in log


def test_the_link_on_a_dashboard_gives_a_pdf_of_what_is_chosen(stack, page):
    log_in_to_superset(page, stack, "viewer")
    open_dashboard(page, stack, "austin-crime")
    with page.expect_response(keeps_filters, timeout=DRAW_TIMEOUT_MS):
        choose_crime_type(page, "BURGLARY OF VEHICLE")
    expect(number_of(page, "Reports")).to_have_text(
        count(stack, "crime_type = 'BURGLARY OF VEHICLE'"), timeout=DRAW_TIMEOUT_MS
    )
    link = page.get_by_role("link", name="PDF", exact=True)
    with page.expect_request("**/report/austin-crime.pdf?native_filters_key=*") as asked:
        link.click(no_wait_after=True)

    answer = page.request.get(asked.value.url, timeout=DRAW_TIMEOUT_MS)

    # The browser's own request may still be on its way: then the second is told so.
    if answer.status == 503:
        page.wait_for_timeout(30_000)
        answer = page.request.get(asked.value.url, timeout=DRAW_TIMEOUT_MS)
    text = words(answer.body())
    assert "Chosen: Crime type: BURGLARY OF VEHICLE." in text
    chosen = count(stack, "crime_type = 'BURGLARY OF VEHICLE'")
    assert f"Reports by day of occurrence {chosen} " in text
