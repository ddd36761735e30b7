"""Deleting on purpose: what goes, what stays, and that the next load brings the same content back."""

import psycopg
import pytest

from austin_crime import config, nightly, reset, steps
from austin_crime.errors import LoadRefused, ParameterError
from austin_crime.landing import files
from austin_crime.warehouse.connection import connect
from sample_portal.http import server
from sample_portal.publisher import live
from testing.load_by_step import finish_load, start_load

SINGLE = (*(f"mart.{name}" for name in config.AGGREGATES), "mart.council_districts")
CONTENT = "select table_name, is_equal, rows_before > 0 from ops.reset_tables order by table_name"


def twice(target):
    return {"target": target, "confirm": target}


def row_count(ask, table):
    return ask(f"select count(*) from {table}")[0][0]


def reader_rows(warehouse, query):
    with psycopg.connect(warehouse.reader_url) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize("target", ["all tables", "everything"])
def test_a_load_after_a_deletion_brings_the_same_content_back(sample_portal, ask, target):
    [kept, lost] = sample_portal.some_keys(2)
    live.edit_reports(sample_portal.store, sample_portal.where([lost]), f"incident_report_number = '{kept}'")
    nightly.run_nightly("first")
    before = ask.crimes()

    steps.delete_data("reset", twice(target), "somebody")
    emptied = {table: row_count(ask, table) for table in (*reset.TABLES, reset.REJECTED)}
    nightly.run_nightly("second")

    assert set(emptied.values()) == {0}
    assert ask.crimes() == before
    assert ask(CONTENT) == [(table, True, True) for table in sorted((*reset.TABLES, reset.REJECTED))]
    assert ask("select load_id, restored_at is not null from ops.resets") == [("second", True)]


@pytest.mark.parametrize("table", SINGLE)
def test_a_single_table_comes_back_with_the_next_load_though_the_portal_has_no_news(
    sample_portal, ask, table, first_load
):
    before = ask(f"select to_jsonb(x) from {table} as x order by 1")

    steps.delete_data("reset", twice(table), "somebody")
    left = [name for name in reset.TABLES if not row_count(ask, name)]
    nightly.run_nightly("second")

    assert left == [table]
    assert ask("select is_empty from mart.data_status") == [(False,)]
    assert ask(f"select to_jsonb(x) from {table} as x order by 1") == before
    assert ask(CONTENT) == [(table, True, True)]


def test_what_changed_at_the_portal_meanwhile_is_told_from_what_is_equal(sample_portal, ask, first_load):
    steps.delete_data("reset", twice("all tables"), "somebody")
    keys = sample_portal.some_keys(1)
    live.edit_reports(sample_portal.store, sample_portal.where(keys), "location_type = 'MOON'")

    nightly.run_nightly("second")

    unequal = {table for table, is_equal, _ in ask(CONTENT) if not is_equal}
    assert unequal == {"mart.crimes"}


def test_readers_are_told_who_deleted_and_what_to_do(sample_portal, warehouse, ask, first_load):
    steps.delete_data("reset", twice("all tables"), "Ada {Lovelace} %s '")

    [(is_empty, report_count, notice, source)] = reader_rows(
        warehouse, "select is_empty, report_count, notice, source_url from mart.data_status"
    )
    assert (is_empty, report_count, source) == (True, 0, sample_portal.url)
    assert notice.startswith("No data: Ada {Lovelace} %s ' deleted them on 20")
    assert "press Trigger" in notice


def test_everything_empties_history_and_landing_keeps_the_resets_and_frees_the_warehouse_for_another_portal(
    sample_portal, warehouse, ask, monkeypatch, first_load
):
    live.pass_week(sample_portal.store)
    nightly.run_nightly("week")

    steps.delete_data("reset", twice("everything"), "somebody")

    assert {table: row_count(ask, table) for table in reset.HISTORY} == dict.fromkeys(reset.HISTORY, 0)
    assert list(warehouse.landing.iterdir()) == []
    assert row_count(ask, "ops.resets") == 1
    with server.running(sample_portal.store) as url:
        monkeypatch.setenv("AUSTIN_CRIME_SOURCE_URL", url)
        nightly.run_nightly("elsewhere")
    assert ask("select source_url, report_count > 0 from mart.data_status") == [(url, True)]


def test_the_landing_goes_as_a_whole_or_in_parts_and_the_tables_stay(
    sample_portal, warehouse, ask, first_load
):
    nightly.run_nightly("full", {"full_reload": True})
    batch = next((warehouse.landing / "full" / "1").glob("*.json.gz"))
    before = ask.places()

    for target in (f"landing/full/1/{batch.name}", "landing/full/1", "landing/first"):
        steps.delete_data(target, twice(target), "somebody")
    parts = sorted(path.name for path in warehouse.landing.iterdir())
    steps.delete_data("all", twice("landing"), "somebody")

    assert parts == ["full"]
    assert list(warehouse.landing.iterdir()) == []
    after = ask.places()
    assert {name for name in after if after[name] != before[name]} == {"ops.resets"}


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"target": "", "confirm": ""},
        {"target": None, "confirm": None},
        {"target": "all tables"},
        {"target": "all tables", "confirm": "mart.crimes"},
        *map(
            twice,
            [
                "ops.loads",
                "ops.rejected_reports",
                "mart.data_status",
                "mart.crimes; drop table x",
                "MART.CRIMES",
                "landing/",
                "landing/..",
                "landing/../..",
                "landing/first/../..",
                "landing//etc",
                "landing/.",
                "landing/%2e%2e",
                "landing/first\0",
                "landing/fir\nst",
                "landing/" + "x" * 5_000,
                "landing/not there",
                "landing/nothing",
                "landingx",
            ],
        ),
    ],
    ids=lambda parameters: repr(parameters)[:60],
)
def test_a_target_that_is_none_or_not_typed_twice_is_refused_and_nothing_goes(warehouse, ask, parameters):
    (warehouse.landing / "first").mkdir(parents=True)
    (warehouse.landing.parent / "beside").touch()

    with pytest.raises(ParameterError, match=r"Nothing was deleted|The landing has no"):
        steps.delete_data("reset", parameters, "somebody")

    assert row_count(ask, "ops.resets") == 0
    assert (warehouse.landing / "first").exists()


def test_a_reset_is_refused_while_a_load_runs_and_the_load_goes_on(sample_portal, warehouse, ask):
    load = start_load("running")

    with pytest.raises(LoadRefused, match=r"Nothing was deleted\. Load running"):
        steps.delete_data("reset", twice("everything"), "somebody")

    steps.settle_months(load)
    finish_load(load)
    assert ask.crimes() == sample_portal.reports()
    assert row_count(ask, "ops.resets") == 0


def test_a_reset_does_not_wait_for_a_step_that_holds_its_load(sample_portal, warehouse, monkeypatch):
    monkeypatch.setattr(reset, "LOCK_TIMEOUT", "10ms")
    start_load("running")
    with connect() as held:
        held.execute("update ops.loads set last_seen_at = clock_timestamp()")

        with pytest.raises(LoadRefused, match=r"Nothing was deleted\. Load running"):
            steps.delete_data("reset", twice("all tables"), "somebody")


def test_an_abandoned_load_does_not_keep_from_deleting(sample_portal, ask):
    start_load("killed")
    ask("update ops.loads set last_seen_at = now() - interval '1 day' returning 1")

    steps.delete_data("reset", twice("everything"), "somebody")
    nightly.run_nightly("after")

    assert ask.crimes() == sample_portal.reports()


@pytest.mark.parametrize("target", ["everything", "all tables", "landing", "landing/second"])
def test_a_second_call_of_a_reset_deletes_nothing_more(sample_portal, warehouse, ask, target, first_load):
    nightly.run_nightly("second", {"full_reload": True})
    steps.delete_data("reset", twice(target), "somebody")
    nightly.run_nightly("third", {"full_reload": True})

    said = steps.delete_data("reset", twice(target), "somebody")

    assert said.startswith(f"Deleted {target}.")
    assert ask.crimes() == sample_portal.reports()
    assert list((warehouse.landing / "third" / "1").glob("*.json.gz"))
    assert row_count(ask, "ops.resets") == 1


@pytest.mark.parametrize("target", ["everything", "landing/first"])
def test_a_reset_that_is_killed_in_between_is_done_by_the_next_call(
    sample_portal, warehouse, ask, monkeypatch, target, first_load
):
    def die(path):
        raise SystemError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(files, "empty", die)
        with pytest.raises(SystemError):
            steps.delete_data("reset", twice(target), "somebody")
    between = ask.crimes()
    steps.delete_data("reset", twice(target), "somebody")

    assert between == sample_portal.reports()
    assert list(warehouse.landing.iterdir()) == []
    assert row_count(ask, "ops.resets") == 1


def test_a_load_that_was_published_before_a_reset_does_not_count_as_its_restoration(sample_portal, ask):
    load = start_load("first")
    steps.settle_months(load)
    finish_load(load)
    steps.delete_data("reset", twice("all tables"), "somebody")

    steps.publish(load)

    assert ask("select load_id, restored_at from ops.resets") == [(None, None)]


def test_a_link_in_the_landing_goes_and_what_it_leads_to_stays(warehouse, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").touch()
    warehouse.landing.mkdir()
    (warehouse.landing / "link").symlink_to(outside)
    (warehouse.landing / "nowhere").symlink_to(tmp_path / "nothing")

    with pytest.raises(ParameterError):
        steps.delete_data("reset", twice("landing/link"), "somebody")
    steps.delete_data("reset", twice("landing"), "somebody")

    assert list(warehouse.landing.iterdir()) == []
    assert (outside / "file").exists()


def test_a_warehouse_and_a_landing_without_anything_can_be_emptied(warehouse, ask):
    steps.delete_data("reset", twice("everything"), None)

    assert ask("select target, started_by, report_count from ops.resets") == [("everything", "someone", 0)]


@pytest.mark.parametrize("target", ["everything", "landing", "landing/first"])
def test_files_in_an_object_store_go_too(sample_portal, warehouse, bucket, monkeypatch, target):
    monkeypatch.setenv("AUSTIN_CRIME_LANDING_URL", f"s3://{bucket.name}/landing")
    nightly.run_nightly("first")
    bucket.put_object(Key="beside/file", Body=b"")

    with connect() as connection:
        seen = reset.preview(connection, target)
    steps.delete_data("reset", twice(target), "somebody")

    assert seen.file_count > 3
    assert [item.key for item in bucket.objects.all()] == ["beside/file"]


def test_the_preview_says_what_would_go(sample_portal, ask, first_load):
    published = row_count(ask, "mart.crimes")
    sentences = {}
    with connect() as connection:
        for target in ("mart.top_crimes", "all tables", "landing", "everything"):
            sentences[target] = reset.preview(connection, target).sentence

    assert sentences["mart.top_crimes"].startswith(
        "This deletes the table mart.top_crimes. Charts of this table"
    )
    assert sentences["all tables"].startswith(
        f"This deletes {len(reset.TABLES) + 1} tables, {published:,} reports. The dash"
    )
    assert "landed files. The published data stay." in sentences["landing"]
    assert "the history of loads" in sentences["everything"]


@pytest.mark.parametrize(
    ("typed", "said", "is_deleted"),
    [
        ("all tables", "Deleted all tables.", True),
        ("yes", "Nothing was deleted.", False),
        (None, "Nothing was deleted.", False),
    ],
)
def test_the_command_asks_for_the_targets_name(warehouse, ask, monkeypatch, capsys, typed, said, is_deleted):
    def answer(question):
        assert question == "Type all tables to go on: "
        if typed is None:
            raise EOFError
        return typed

    monkeypatch.setattr("builtins.input", answer)
    if is_deleted:
        reset.main([])
        assert said in capsys.readouterr().out
    else:
        with pytest.raises(SystemExit, match=said):
            reset.main([])

    assert row_count(ask, "ops.resets") == is_deleted


def test_the_command_refuses_what_is_no_target(warehouse):
    with pytest.raises(SystemExit, match="target: expected one of"):
        reset.main(["mart.nothing"])


def test_the_content_of_a_table_does_not_depend_on_the_order_or_the_load(sample_portal, ask, first_load):
    with connect() as connection:
        before = reset.content_sum(connection, "ops.source_columns")
        connection.execute("update ops.source_columns set position = -position")
        other = reset.content_sum(connection, "ops.source_columns")
        connection.execute("update ops.source_columns set position = -position")
        after = reset.content_sum(connection, "ops.source_columns")

    assert before == after != other
