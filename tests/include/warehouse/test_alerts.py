from datetime import datetime, timedelta

import psycopg
import pytest

from austin_crime import messages, news, steps
from austin_crime.warehouse import alerts
from austin_crime.warehouse.connection import connect

# Days ago: a load that ends after whatever a test has seen before.
SOON = -0.001


@pytest.fixture
def told(warehouse):
    """Return a function that tells what is new, and returns the subjects."""

    def tell(find_news=news.of_run, *arguments: str) -> list[str]:
        found = find_news(*arguments, "https://airflow.example")
        for message in found:
            news.note_told(message.alert_id)
        return [message.subject.removeprefix("Austin crime: ") for message in found]

    return tell


def end_load(owner_url: str, load_id: str, status: str, message: str, days_ago: float) -> None:
    """Record a load that ended some days ago."""
    with psycopg.connect(owner_url) as connection:
        connection.execute(
            "insert into ops.loads (load_id, attempt, status, orchestrator, source_url, rules_version, parameters, message,"
            " started_at, last_seen_at, finished_at) select %s, 1, %s, 'airflow', 'http://portal', 1, '{}', %s, at, at, at"
            " from (values (now() - make_interval(secs => %s))) as ended (at)",
            (load_id, status, message, days_ago * 86_400),
        )


def test_three_bad_nights_are_told_once_and_their_end_counts_from_the_first(warehouse, told):
    said = []
    for load_id, status, days_ago in [("a", "failed", 4), ("b", "failed", 3), ("c", "failed", 2)]:
        end_load(warehouse.owner_url, load_id, status, "settle_months: The portal changed.", days_ago)
        said.append(told(news.of_run, load_id))
    end_load(warehouse.owner_url, "d", "published", "Published", 1)
    said.append(told(news.of_run, "d"))

    assert said == [
        ["the load failed at settle_months"],
        [],
        [],
        ["loads succeed again, after 3 nights"],
    ]


def test_another_cause_is_told_again(warehouse, told):
    end_load(warehouse.owner_url, "a", "failed", "plan_load: No.", 2)
    first = told(news.of_run, "a")
    end_load(warehouse.owner_url, "b", "failed", "publish: No.", 1)

    assert first == ["the load failed at plan_load"]
    assert told(news.of_run, "b") == ["the load failed at publish"]


def test_a_run_that_failed_before_its_load_was_planned_is_told_and_one_that_was_refused_is_not(
    warehouse, told
):
    steps.fail_load("night", "source_is_up: The portal is down.")
    steps.fail_load("night", "the run: task_failure")
    first = told(news.of_run, "night")
    end_load(warehouse.owner_url, "well", "unchanged", "Unchanged", SOON)
    ended = told(news.of_run, "well")
    with psycopg.connect(warehouse.owner_url) as connection:
        connection.execute(
            "update ops.loads set status = 'running', finished_at = null where load_id = 'well'"
        )
    steps.fail_load("second", "plan_load: Load well is running: one load at a time.")

    assert first == ["the load failed at source_is_up"]
    assert ended[0].startswith("loads succeed again")
    assert told(news.of_run, "second") == []


def test_a_load_whose_task_was_killed_is_failed_and_told(warehouse, told):
    end_load(warehouse.owner_url, "killed", "running", "", 0.01)

    assert told(news.of_run, "killed") == ["the load failed"]
    with psycopg.connect(warehouse.owner_url) as connection:
        assert connection.execute("select status from ops.loads").fetchall() == [("failed",)]


def test_what_nobody_could_be_told_is_still_news_and_a_trouble_that_nobody_knew_of_ends_in_silence(
    warehouse, told
):
    end_load(warehouse.owner_url, "a", "failed", "plan_load: No.", 2)
    untold = news.of_run("a", "")
    told_later = news.of_morning("")
    end_load(warehouse.owner_url, "b", "published", "Published", SOON)

    assert [message.subject for message in untold] == ["Austin crime: the load failed at plan_load"]
    assert "Austin crime: the load" in told_later[0].subject
    assert told(news.of_run, "b") == []


def test_a_night_without_a_load_is_told_in_the_morning_and_well_again_after_the_next_one(warehouse, told):
    end_load(warehouse.owner_url, "a", "published", "Published", 2)
    morning = told(news.of_morning)
    noon = told(news.of_morning)
    end_load(warehouse.owner_url, "b", "unchanged", "Unchanged", SOON)

    assert morning == ["the load has not finished this morning"]
    assert noon == []
    assert told(news.of_run, "b")[0].startswith("loads succeed again, after ")


def test_late_data_are_told_once_until_they_are_on_time(warehouse, told):
    with psycopg.connect(warehouse.owner_url, autocommit=True) as connection:

        def publish(newest_report: datetime) -> None:
            connection.execute(
                "update mart.data_status set is_empty = false, source_url = 'http://portal', published_at = now(),"
                " portal_updated_at = now(), newest_report_date = %(at)s, newest_report_at = %(at)s",
                {"at": newest_report},
            )

        end_load(warehouse.owner_url, "a", "published", "Published", 0)
        today = datetime.now(messages.AUSTIN).replace(tzinfo=None)
        publish(today - timedelta(days=messages.LATE_AFTER_DAYS))
        on_time = told(news.of_run, "a")
        verdict = connection.execute("select verdict from mart.freshness").fetchone()
        publish(today - timedelta(days=messages.LATE_AFTER_DAYS + 1))
        late = [told(news.of_run, "a"), told(news.of_morning)]
        late_verdict = connection.execute("select verdict from mart.freshness").fetchone()
        publish(today)

    assert on_time == []
    assert late == [["the data are late"], []]
    assert told(news.of_run, "a")[0].startswith("the data is on time again, after ")
    # The dashboard says the same.
    assert verdict == ("On time",)
    assert late_verdict == ("Late: the newest report is 15 days old",)


def test_before_the_first_load_there_is_nothing_to_tell(warehouse, told):
    assert told(news.of_morning) == []


def test_a_warehouse_without_tables_has_no_alerts(postgres, monkeypatch):
    owner_url, _ = postgres.create_warehouse("without_tables")
    monkeypatch.setenv("AUSTIN_CRIME_WAREHOUSE_URL", owner_url)

    steps.fail_load("a", "source_is_up: The portal is down.")

    assert news.of_run("a", "") == []
    with connect() as connection:
        assert not alerts.is_there(connection)
