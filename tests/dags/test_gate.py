"""A blocked run waits in Airflow's required actions, and goes on with a person's answer given there."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import psycopg
import pytest
from tests.dags.conftest import subjects

from sample_portal.publisher import live
from testing.waiting import wait_for

DAG = "austin_crime_nightly"
ASKS_S = 240


@pytest.fixture
def blocked(run_dag, warehouse, sample_portal, told):
    """Return a run that waits, in a thread: a tenth of the reports vanished after the first load."""
    run_dag(warehouse, sample_portal.url)
    subjects(told)
    live.remove_reports(sample_portal.store, 'hash(":id") % 10 = 0')
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(run_dag, warehouse, sample_portal.url)


def open_question(page):
    """Return the question that waits for an answer, as Airflow's API tells it."""
    found = []

    def is_asked():
        answer = page.session.get(
            f"{page.url}/api/v2/dags/{DAG}/dagRuns/~/hitlDetails",
            params={"response_received": "false"},
            timeout=60,
        )
        answer.raise_for_status()
        found[:] = [
            one for one in answer.json()["hitl_details"] if one["task_instance"]["state"] == "awaiting_input"
        ]
        return bool(found)

    wait_for("The question", is_asked, ASKS_S)
    return found[0]


def respond(page, question, option):
    """Answer a question as the page of Airflow does."""
    run_id = question["task_instance"]["dag_run_id"]
    return page.session.patch(
        f"{page.url}/api/v2/dags/{DAG}/dagRuns/{run_id}/taskInstances/gate/-1/hitlDetails",
        json={"chosen_options": [option], "params_input": {}},
        timeout=60,
    )


def status_and_reports(warehouse):
    with psycopg.connect(warehouse.owner_url) as connection:
        [(status,)] = connection.execute(
            "select status from ops.loads order by started_at desc limit 1"
        ).fetchall()
        [(reports,)] = connection.execute("select count(*) from mart.crimes").fetchall()
    return status, reports


def test_publish_goes_on_with_what_is_staged_and_who_decided_is_kept(
    blocked, signed_in, warehouse, sample_portal, told
):
    page = signed_in("op")
    question = open_question(page)
    assert "reports_removed" in question["subject"]
    assert question["defaults"] is None
    assert status_and_reports(warehouse)[0] == "running"
    asked = sample_portal.store.request_count
    [(_, mail)] = told.mailbox.mails
    assert subjects(told) == ["Austin crime: the load waits for a decision on reports_removed"]
    assert f"/runs/{quote(question['task_instance']['dag_run_id'])}/tasks/gate/required_actions" in (
        mail.get_body().get_content()
    )

    assert respond(signed_in("viewer"), question, "Publish").status_code == 403
    assert respond(page, question, "Publish").ok
    run = blocked.result()

    assert run["state"] == "success"
    assert subjects(told)[0].startswith("Austin crime: loads succeed again, after ")
    assert sample_portal.store.request_count == asked
    assert status_and_reports(warehouse) == ("published", len(sample_portal.reports()))
    with psycopg.connect(warehouse.owner_url) as connection:
        assert connection.execute("select decision, decided_by from ops.decisions").fetchall() == [
            ("publish", "op")
        ]


def test_reject_ends_the_run_red_and_readers_keep_the_last_version(blocked, signed_in, warehouse, told):
    page = signed_in("op")
    question = open_question(page)
    before = status_and_reports(warehouse)[1]

    assert respond(page, question, "Reject").ok
    run = blocked.result()

    assert run["state"] == "failed"
    assert subjects(told)[-1] == "Austin crime: the load was blocked by reports_removed"
    assert run["tasks"]["gate"] == "failed"
    assert run["tasks"]["publish"] == "upstream_failed"
    assert status_and_reports(warehouse) == ("blocked", before)
