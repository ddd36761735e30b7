"""Runs of the DAGs, and what people are told of them by a real mail server and a real receiver of a webhook."""

import json

import psycopg
import pytest
from tests.dags.conftest import AIRFLOW_URL as URL
from tests.dags.conftest import subjects

from sample_portal.faults import Fault
from testing.listeners import Hook, listening

ONCE = "dag.get_task('tell').retries = 0\n"
WATCH = """
watch = bag.dags["austin_crime_watch"]
watch.get_task("tell_in_the_morning").retries = 0
run = watch.test()
result = {"state": run.state, "schedule": [watch.timetable.expression, str(watch.timetable.timezone)],
          "is_paused": watch.is_paused_upon_creation}
"""


def test_each_state_is_told_once_when_it_begins_and_when_it_ends(run_dag, warehouse, sample_portal, told):
    sample_portal.store.faults.add(Fault("gone", times=None))
    first = run_dag(warehouse, sample_portal.url)
    [(recipients, mail)], [(path, post)] = told.mailbox.mails, told.hook.posts
    failed = subjects(told)
    run_dag(warehouse, sample_portal.url)
    failed_again = subjects(told)
    sample_portal.store.faults.clear()
    second = run_dag(warehouse, sample_portal.url)
    well_again = subjects(told)

    assert [run["state"] for run in (first, second)] == ["failed", "success"]
    assert failed == ["Austin crime: the load failed at source_is_up"]
    assert failed_again == []
    assert well_again[0].startswith("Austin crime: loads succeed again, after ")
    assert well_again[1:] == ["Austin crime: the data are late"]

    assert recipients == ["ann@example.org", "bob@example.org"]
    assert mail["from"] == "airflow@example.org"
    assert path == "/services/T0/secret-of-the-hook"
    assert list(json.loads(post)) == ["text"]
    assert "Readers see: no data yet" in json.loads(post)["text"]
    assert f"{URL}/dags/austin_crime_nightly/runs/" in json.loads(post)["text"]
    assert "secret-of-the-hook" not in first["log"]


def test_without_a_connection_the_log_says_in_one_line_that_nobody_is_told(run_dag, warehouse, sample_portal):
    run = run_dag(warehouse, sample_portal.url)

    assert run["tasks"]["tell"] == "success"
    assert run["log"].count("Nobody is told") == 1


def test_a_message_that_reaches_nobody_leaves_the_load_published_and_is_told_in_the_morning(
    run_dag, in_airflow, warehouse, sample_portal, told
):
    told.hook.status = 500
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(
            "AIRFLOW_CONN_AUSTIN_CRIME_SMTP",
            '{"conn_type": "smtp", "host": "127.0.0.1", "port": 1, "extra": {"to": "ann@example.org", "from_email": "a@example.org"}}',
        )
        run = run_dag(warehouse, sample_portal.url, before=ONCE)
    told.hook.posts.clear()
    told.hook.status = 200
    with psycopg.connect(warehouse.owner_url) as connection:
        loads = connection.execute("select status from ops.loads").fetchall()
    watch = in_airflow(WATCH, AUSTIN_CRIME_WAREHOUSE_URL=warehouse.owner_url)

    assert run["state"] == "success"
    assert run["tasks"]["tell"] == "failed"
    assert loads == [("published",)]
    assert "was not sent by the connection austin_crime_smtp" in run["log"]
    assert "was not sent by the connection austin_crime_webhook" in run["log"]
    assert subjects(told) == ["Austin crime: the data are late"]
    assert watch == {"state": "success", "schedule": ["0 7 * * *", "America/Chicago"], "is_paused": False}


def test_one_channel_that_fails_does_not_keep_the_other_from_telling(run_dag, warehouse, sample_portal, told):
    told.hook.status = 500
    run = run_dag(warehouse, sample_portal.url)

    assert run["tasks"]["tell"] == "success"
    assert len(told.mailbox.mails) == 1
    assert "was not sent by the connection austin_crime_webhook" in run["log"]


def test_metrics_go_to_a_collector_once_they_are_switched_on(in_airflow):
    with listening(Hook()) as collector:
        in_airflow(
            WATCH,
            AUSTIN_CRIME_WAREHOUSE_URL="postgresql://nobody@127.0.0.1:1/none",
            AIRFLOW__METRICS__OTEL_ON="True",
            OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        )

    assert {path for path, _ in collector.posts} == {"/v1/metrics"}
    assert b"austin_crime_watch" in b"".join(body for _, body in collector.posts)


def test_that_the_warehouse_does_not_answer_is_told_in_the_morning(in_airflow, told):
    in_airflow(WATCH, AUSTIN_CRIME_WAREHOUSE_URL="postgresql://nobody@127.0.0.1:1/none")

    assert subjects(told) == ["Austin crime: the warehouse cannot be reached"]
