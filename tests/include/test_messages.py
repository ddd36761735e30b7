from datetime import UTC, datetime, timedelta

import pytest

from austin_crime import messages
from austin_crime.messages import Alert

NIGHT = datetime(2026, 11, 24, 9, 31, tzinfo=UTC)  # 03:31 in Austin
FRESHNESS = {
    "is_empty": False,
    "published_at": NIGHT - timedelta(days=1),
    "checked_at": NIGHT - timedelta(days=1),
    "report_count": 2_615_000,
    "newest_report_at": datetime(2026, 11, 22, 23, 10),  # noqa: DTZ001 (Austin wall time)
    "newest_report_age_days": 2,
    "portal_age_days": 1,
    "source_url": "https://portal.example",
    "now": NIGHT,
}


def alert(ended_at: datetime | None = None, **values) -> Alert:
    text = "plan_load: The portal's columns changed: expected <rep_date>."
    given = {"cause": "failed at plan_load", "message": text, "load_id": "scheduled__a+b"} | values
    return Alert(**{"alert_id": 1, "topic": "load", "began_at": NIGHT, "ended_at": ended_at} | given)


def test_a_message_says_what_since_when_what_readers_see_what_to_do_and_where_to_look():
    message = messages.describe(alert(), FRESHNESS, "https://airflow.example")

    lines = dict(message.lines)
    assert message.subject == "Austin crime: the load failed at plan_load"
    assert lines["What"] == "The portal's columns changed: expected <rep_date>."
    assert lines["Since"] == "Tue, Nov 24, 2026, 03:31 Austin time"
    assert lines["Readers see"] == (
        "the version published on Mon, Nov 23, 2026, 03:31 Austin time: 2,615,000 reports, the newest of"
        " Nov 22, 2026. Last compared with the portal on Mon, Nov 23, 2026, 03:31 Austin time"
    )
    assert "https://airflow.example/plugin/pipeline" in lines["What to do"]
    assert "docs/runbook.md" in lines["What to do"]
    assert lines["Look at"] == "https://airflow.example/dags/austin_crime_nightly/runs/scheduled__a%2Bb"


def test_what_the_portal_said_is_text_in_a_mail_and_in_a_chat():
    message = messages.describe(alert(), FRESHNESS, "https://airflow.example")

    assert "&lt;rep_date&gt;" in messages.as_html(message)
    assert "&lt;rep_date&gt;" in messages.as_text(message)
    assert (
        '<a href="https://airflow.example/plugin/pipeline">https://airflow.example/plugin/pipeline</a>.'
        in messages.as_html(message)
    )


@pytest.mark.parametrize(
    ("lasted", "words"),
    [
        (timedelta(minutes=1), "1 minute"),
        (timedelta(hours=6, minutes=10), "6 hours"),
        (timedelta(days=1), "1 night"),
        (timedelta(days=1, hours=22), "2 nights"),
        (timedelta(days=2), "2 nights"),
    ],
)
def test_the_end_says_after_how_many_nights_since_the_first_failure(lasted, words):
    message = messages.describe(alert(NIGHT + lasted), FRESHNESS, "")

    assert message.subject == f"Austin crime: loads succeed again, after {words}"


def test_without_data_readers_see_none():
    assert messages.readers_see(FRESHNESS | {"is_empty": True}) == "no data yet"
    assert messages.readers_see(None).startswith("no status")


@pytest.mark.parametrize(
    ("newest", "portal", "is_late"), [(14, 14, False), (15, 1, True), (2, 15, True), (None, None, False)]
)
def test_data_are_late_by_the_newest_report_or_by_the_portals_own_word_and_both_are_said(
    newest, portal, is_late
):
    trouble = messages.trouble_of_data(
        FRESHNESS | {"newest_report_age_days": newest, "portal_age_days": portal}
    )

    assert bool(trouble) == is_late
    if trouble:
        assert f"{newest} days old" in trouble.message
        assert f"changed its rows {portal} days ago" in trouble.message


def load(**values):
    return {
        "load_id": "a",
        "status": "failed",
        "message": "publish: broken",
        "started_at": NIGHT,
        "last_seen_at": NIGHT,
        "finished_at": NIGHT,
    } | values


def test_another_step_or_check_is_another_cause():
    causes = [
        messages.trouble_of_load(load(**values), checks)
        for values, checks in [
            ({}, []),
            ({"message": "load_batch.extract: broken"}, []),
            ({"status": "blocked"}, ["null_rate:sector", "reports_removed"]),
            ({"status": "abandoned"}, []),
            ({"status": "unchanged"}, []),
        ]
    ]

    assert [trouble and trouble.cause for trouble in causes] == [
        "failed at publish",
        "failed at load_batch.extract",
        "was blocked by null_rate:sector, reports_removed",
        "was abandoned",
        None,
    ]


# The watch looks at 07:00 in Austin.
MORNING = NIGHT + timedelta(hours=3, minutes=29)


@pytest.mark.parametrize(
    ("last_load", "ended_at", "words"),
    [
        (None, None, None),
        (load(status="published"), NIGHT, None),
        (load(last_seen_at=NIGHT - timedelta(days=1)), None, "No load has begun since"),
        (load(last_seen_at=NIGHT - timedelta(days=1)), NIGHT, None),
        (
            load(last_seen_at=NIGHT - timedelta(days=1)),
            NIGHT - timedelta(days=1),
            "No load has begun since",
        ),
        (load(status="running"), None, "has been running since"),
        # The night's load has ended, and a person has started another one.
        (load(status="running"), NIGHT, None),
    ],
)
def test_in_the_morning_a_night_without_the_end_of_a_load_is_a_trouble_unless_its_failure_was_seen(
    last_load, ended_at, words
):
    trouble = messages.trouble_of_morning(last_load, ended_at, MORNING)

    assert bool(trouble) == bool(words)
    assert not trouble or words in trouble.message
