"""The steps of a load: what happens when something moves, breaks, stops or comes twice in between."""

from datetime import UTC, datetime

import psycopg
import pytest
from psycopg.rows import dict_row

from austin_crime import config, errors, nightly, steps
from austin_crime.load import publish, settle
from austin_crime.portal import client
from sample_portal.publisher import live as portal_store
from testing.load_by_step import finish_load, start_load

LATER = datetime.now(UTC)


def test_months_that_change_while_we_read_are_fetched_again(sample_portal, ask):
    load = start_load("moving")
    keys = sample_portal.some_keys(4)
    portal_store.edit_reports(
        sample_portal.store, sample_portal.where(keys[:2]), "crime_type = 'EDITED'", updated_at=LATER
    )
    portal_store.remove_reports(sample_portal.store, sample_portal.where(keys[2:]))

    rounds = steps.settle_months(load)
    finish_load(load)

    assert rounds == 2
    assert ask.crimes() == sample_portal.reports()


def test_what_an_unlogged_table_lost_is_staged_again_from_the_landing(sample_portal, ask):
    load = start_load("crashed")
    ask("with gone as (delete from staging.crimes returning 1) select count(*) from gone")
    requests_before = sample_portal.store.request_count

    steps.settle_months(load)
    requests_of_settling = sample_portal.store.request_count - requests_before
    finish_load(load)

    # The portal's counts in three dimensions and its months; no report is asked for again.
    assert requests_of_settling == 4
    assert ask.crimes() == sample_portal.reports()


def test_publishing_refuses_staged_rows_that_are_not_all_there(sample_portal, ask):
    load = start_load("lost")
    steps.settle_months(load)
    for table in config.AGGREGATES:
        steps.build_aggregate(table)
    steps.check_load(load)
    ask(
        "with gone as (delete from staging.crimes where incident_id in (select max(incident_id) from staging.crimes) returning 1) select 1"
    )

    with pytest.raises(errors.StagingIncomplete, match="trigger a new run"):
        steps.publish(load)

    assert ask.crimes() == {}


def test_publishing_refuses_a_plan_made_against_an_older_published_load_and_writes_nothing(
    sample_portal, ask, first_load
):
    portal_store.add_reports(sample_portal.store, 5, updated_at=LATER)
    load = start_load("overtaken")
    steps.settle_months(load)
    nightly.build_and_check(load)
    # Another load was published meanwhile, as one does whose slot was freed by hand and that ended all the same.
    ask(
        "insert into ops.loads (load_id, attempt, status, orchestrator, source_url, rules_version, parameters, started_at,"
        " last_seen_at, finished_at) select 'other', 1, 'published', orchestrator, source_url, rules_version, parameters,"
        " now(), now(), now() from ops.loads where load_id = 'first' returning load_id"
    )
    loads_now = "select to_jsonb(loads) - 'last_seen_at' from ops.loads order by load_id"
    before = ask.places() | {"ops.loads": ask(loads_now)}

    with pytest.raises(
        errors.LoadRefused,
        match="Load overtaken was planned against an older state: another load was published since",
    ):
        steps.publish(load)

    assert ask.places() | {"ops.loads": ask(loads_now)} == before


def test_publishing_twice_is_publishing_once(sample_portal, ask):
    load = start_load("twice")
    steps.settle_months(load)
    said = finish_load(load)

    assert steps.publish(load) == said
    assert ask.crimes() == sample_portal.reports()


def test_a_second_load_is_refused_by_the_name_of_the_first(sample_portal, ask):
    steps.plan_load("one", orchestrator="airflow")

    with pytest.raises(
        errors.LoadRefused, match=r"Load one \(airflow\) has been running .* one load at a time"
    ):
        steps.plan_load("two")

    assert ask("select load_id, status from ops.loads") == [("one", "running")]


def test_a_load_without_a_sign_of_life_is_abandoned_and_its_steps_stop(sample_portal, ask):
    first = start_load("silent")
    ask("update ops.loads set last_seen_at = now() - interval '31 minutes' returning 1")

    nightly.run_nightly("next")

    assert dict(ask("select load_id, status from ops.loads")) == {"silent": "abandoned", "next": "published"}
    with pytest.raises(errors.LoadRefused, match="trigger a new run"):
        steps.settle_months(first)


def test_a_failed_load_frees_the_slot_and_says_why(sample_portal, ask):
    load = steps.plan_load("failing")
    steps.fail_load(load.load_id, "extract: PortalAnswer: it broke")

    nightly.run_nightly("next")

    assert ask("select status, message from ops.loads where load_id = 'failing'") == [
        ("failed", "extract: PortalAnswer: it broke")
    ]
    assert ask.last_load()["status"] == "published"


def test_a_load_that_fails_while_it_is_planned_frees_the_slot(sample_portal, ask, monkeypatch):
    monkeypatch.setattr("austin_crime.config.BOUNDARIES_ID", "zzzz-zzzz")

    with pytest.raises(errors.PortalAnswer, match="status 404"):
        nightly.run_nightly("failing")

    load = ask.last_load()
    assert load["status"] == "failed"
    assert load["message"].startswith("Asked for the boundaries")


def test_a_warehouse_belongs_to_one_portal(sample_portal, ask, monkeypatch, first_load):
    monkeypatch.setenv("AUSTIN_CRIME_SOURCE_URL", "http://127.0.0.1:9")

    with pytest.raises(errors.LoadRefused, match="a warehouse belongs to one portal"):
        steps.plan_load("other")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"first_month": "May 2024"}, "expected a month such as 2024-05"),
        ({"accept": ["keys_unique"]}, "accept names keys_unique"),
        ({"full": True}, "Parameters full: expected"),
        ({"first_month": "2016-01", "last_month": "2015-01"}, "is after last_month"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused_before_anything_starts(
    warehouse, ask, parameters, message
):
    with pytest.raises(ValueError, match=message):
        steps.plan_load("wrong", parameters)

    assert ask("select count(*) from ops.loads") == [(0,)]


def test_new_cleaning_rules_clean_every_report_again(sample_portal, ask, monkeypatch, first_load):
    monkeypatch.setattr("austin_crime.contract.RULES_VERSION", 99)

    nightly.run_nightly("rules")

    assert ask.last_load()["fetched_count"] == sample_portal.report_count()


def test_readers_in_one_transaction_never_see_aggregates_that_disagree(sample_portal, warehouse, first_load):
    portal_store.add_reports(sample_portal.store, 25, updated_at=LATER)
    with psycopg.connect(warehouse.reader_url, row_factory=dict_row) as reader:
        reader.execute("set transaction isolation level repeatable read")
        before = reader.execute("select count(*) as n from mart.crimes").fetchone()["n"]
        nightly.run_nightly("grown")
        sums = {
            table: reader.execute(f"select sum(report_count) as n from mart.{table}").fetchone()["n"]
            for table in config.AGGREGATES
        }

    assert set(sums.values()) == {before}


def test_a_portal_that_changes_between_plan_and_fetch_costs_a_round_and_no_load(sample_portal, ask):
    load = steps.plan_load("changing")
    portal_store.add_reports(sample_portal.store, 5, updated_at=LATER)
    for item in steps.list_batches(load):
        steps.extract(**item)
        steps.clean_and_stage(item["batch"], load)

    steps.settle_months(load)
    finish_load(load)

    assert ask.crimes() == sample_portal.reports()


def test_a_portal_that_never_comes_to_rest_fails_the_load_with_its_months(sample_portal, ask, monkeypatch):
    load = start_load("restless")
    moves = iter(range(2015, 2030))
    ask_months = settle.ask_months

    def ask_moving(portal):
        portal_store.edit_reports(
            sample_portal.store,
            sample_portal.where(sample_portal.some_keys(1, f"{next(moves)}-")),
            "crime_type = 'MOVING'",
            updated_at=LATER,
        )
        return ask_months(portal)

    monkeypatch.setattr(settle, "ask_months", ask_moving)

    with pytest.raises(errors.PortalMoved, match="The portal changed while it was read"):
        steps.settle_months(load)

    assert ask.crimes() == {}


def test_every_answer_of_the_portal_is_a_sign_of_life(sample_portal, ask):
    load = start_load("alive")
    ask("update ops.loads set last_seen_at = now() - interval '20 minutes' returning 1")

    steps.settle_months(load)

    assert ask("select last_seen_at > now() - interval '1 minute' from ops.loads") == [(True,)]


def test_no_transaction_is_open_while_the_portal_is_asked(sample_portal, ask, monkeypatch):
    open_transactions = []
    send = client.Portal._send

    def send_and_look(*args, **options):
        open_transactions.extend(
            ask(
                "select query from pg_stat_activity where datname = current_database() and state = 'idle in transaction'"
            )
        )
        return send(*args, **options)

    monkeypatch.setattr(client.Portal, "_send", send_and_look)

    nightly.run_nightly("first")
    nightly.run_nightly("full", {"full_reload": True})

    assert open_transactions == []


def test_an_attempt_after_a_blocked_one_is_not_called_blocked_for_its_check_results(
    sample_portal, ask, first_load
):
    portal_store.remove_reports(sample_portal.store, "date_trunc('year', rep_date) = timestamp '2015-01-01'")
    with pytest.raises(errors.CheckBlocked):
        nightly.run_nightly("again")

    steps.plan_load("again")
    steps.fail_load("again", "extract: it broke")

    assert ask("select status, message from ops.loads where load_id = 'again'") == [
        ("failed", "extract: it broke")
    ]


def test_publishing_leaves_nothing_for_the_next_load_to_lose(sample_portal, ask, monkeypatch):
    load = start_load("first")
    steps.settle_months(load)
    refresh_statistics = publish.refresh_statistics

    def start_another(connection):
        steps.plan_load("next", {"full_reload": True})
        refresh_statistics(connection)

    monkeypatch.setattr(publish, "refresh_statistics", start_another)

    finish_load(load)

    assert ask("select count(*) > 0 from staging.batches") == [(True,)]


def test_a_refresh_that_fails_warns_and_says_so(monkeypatch, caplog):
    monkeypatch.setenv("AUSTIN_CRIME_SUPERSET_URL", "http://127.0.0.1:9")
    monkeypatch.delenv("AUSTIN_CRIME_SUPERSET_REFRESH_USER", raising=False)

    said = steps.refresh_dashboards()

    assert said.startswith("Superset was not refreshed")
    assert "was not refreshed" in caplog.text
