import psycopg
import pytest

from austin_crime import config
from sample_portal.faults import Fault
from sample_portal.http import server

DESCRIBE = """
import sys
result = {
    "errors": bag.import_errors,
    "dags": list(bag.dags),
    "doc": dag.doc_md,
    "edges": sorted([task.task_id, other] for task in dag.tasks for other in task.downstream_task_ids),
    "sql": {task.task_id: task.sql for task in dag.tasks if hasattr(task, "sql")},
    "retries": {task.task_id: task.retries for task in dag.tasks},
    "callbacks": {task.task_id: bool(task.on_failure_callback) for task in dag.tasks},
    "trigger_rules": {task.task_id: str(task.trigger_rule.value) for task in dag.tasks},
    "frees_slot": bool(dag.on_failure_callback),
    "schedule": [dag.timetable.expression, str(dag.timetable.timezone)],
    "catchup": dag.catchup,
    "max_active_runs": dag.max_active_runs,
    "run_types": sorted(dag.allowed_run_types),
    "form": {name: {"title": param.schema.get("title"), "section": param.schema.get("section"),
        "proposed": (param.schema.get("examples") or [])[-1:]} for name, param in
        ((name, dag.params.get_param(name)) for name in dag.params)},
    "modules": sorted(name for name in ("pandas", "pyarrow", "shapely") if name in sys.modules),
}
"""


@pytest.fixture(scope="module")
def dag(in_airflow):
    return in_airflow(DESCRIBE)


def test_the_folder_loads_without_errors_and_holds_six_dags(dag):
    assert dag["errors"] == {}
    assert sorted(dag["dags"]) == [
        "austin_crime_maintenance",
        "austin_crime_nightly",
        "austin_crime_replay",
        "austin_crime_report",
        "austin_crime_reset",
        "austin_crime_watch",
    ]


def test_the_steps_run_in_the_order_in_which_the_data_flow(dag):
    cube, *others = config.AGGREGATES
    order = [
        ("source_is_up", "plan_load"),
        ("plan_load", "anything_new"),
        ("anything_new", "list_batches"),
        ("list_batches", "load_batch.extract"),
        ("load_batch.extract", "load_batch.clean_and_stage"),
        ("load_batch.clean_and_stage", "settle_months"),
        ("settle_months", f"build_{cube}"),
        *[(f"build_{cube}", f"build_{table}") for table in others],
        *[(f"build_{table}", "check_load") for table in others],
        ("check_load", "gate"),
        ("gate", "publish"),
        ("publish", "refresh_dashboards"),
        ("refresh_dashboards", "tell"),
    ]
    # Whoever takes the load's name, or the batch, from an earlier task hangs on that one, too.
    data = [
        ("plan_load", name) for name in ("list_batches", "settle_months", "check_load", "gate", "publish")
    ]
    data += [("list_batches", "load_batch.clean_and_stage")]

    assert dag["edges"] == sorted([list(edge) for edge in order + data])


def test_it_runs_nightly_in_austins_time_one_at_a_time_and_never_catches_up(dag):
    assert dag["schedule"] == ["30 3 * * *", "America/Chicago"]
    assert (dag["catchup"], dag["max_active_runs"]) == (False, 1)


def test_a_backfill_is_refused_because_the_portal_only_knows_now(dag):
    assert dag["run_types"] == ["manual", "scheduled"]


def test_the_form_has_titles_and_groups_and_proposes_months_and_checks(dag):
    assert all(field["title"] and field["section"] for field in dag["form"].values())
    assert dag["form"]["first_month"]["proposed"] == ["2003-01"]
    assert dag["form"]["accept"]["proposed"] == ["unreadable_values"]


def test_operators_find_their_page_of_instructions_in_the_ui(dag):
    assert "A failed run" in dag["doc"]
    assert "Required Actions" in dag["doc"]


def test_every_sql_file_was_found_and_read(dag):
    assert len(dag["sql"]) == len(config.AGGREGATES)
    assert not [task for task, sql in dag["sql"].items() if sql.endswith(".sql")]


def test_every_task_is_tried_again_and_a_failure_frees_the_slot_also_when_a_task_was_killed(dag):
    assert set(dag["retries"].values()) == {3}
    # By then the load has ended; that somebody could not be told is not its failure.
    assert {task for task, has_callback in dag["callbacks"].items() if not has_callback} == {"tell"}
    assert dag["frees_slot"]


ASSETS = """
result = {asset.name: asset.uri for asset in dag.get_task("publish").outlets}
"""
EVENTS = """
from airflow.models.asset import AssetEvent, AssetModel
from airflow.utils.session import create_session
from sqlalchemy import select
with create_session() as session:
    rows = session.execute(
        select(AssetModel.name, AssetEvent.extra).join(AssetEvent, AssetEvent.asset_id == AssetModel.id)
        .where(AssetEvent.source_run_id == os.environ["RUN_ID"])
    )
    result = {name: extra for name, extra in rows}
"""


def test_each_published_table_is_an_asset_of_its_name_whatever_the_warehouse(in_airflow):
    assets = in_airflow(ASSETS, AUSTIN_CRIME_WAREHOUSE_URL="postgresql://owner:secret@db.example:6543/w")

    assert assets.pop("austin_crime") == "austin_crime"
    tables = ("crimes", *config.AGGREGATES, "council_districts")
    assert assets == {f"mart.{name}": f"mart.{name}" for name in tables}


def test_an_empty_map_does_not_skip_what_follows(dag):
    assert dag["trigger_rules"]["settle_months"] == "none_failed"


def test_the_file_parses_without_heavy_libraries(dag):
    assert dag["modules"] == []


def test_a_run_publishes_every_report_and_a_second_one_ends_after_the_plan(
    run_dag, in_airflow, warehouse, sample_portal
):
    first = run_dag(warehouse, sample_portal.url)
    second = run_dag(warehouse, sample_portal.url)

    assert first["state"] == second["state"] == "success"
    assert set(first["tasks"].values()) == {"success"}
    assert {task for task, state in second["tasks"].items() if state == "success"} == {
        "source_is_up",
        "plan_load",
        "anything_new",
        "tell",
    }
    with psycopg.connect(warehouse.owner_url) as connection:
        published = connection.execute("select report_count, rejected_count from mart.data_status").fetchone()
        loads = connection.execute(
            "select status, orchestrator from ops.loads order by started_at"
        ).fetchall()
        tables = connection.execute(
            "select schemaname || '.' || relname from pg_stat_user_tables where schemaname = 'mart'"
        ).fetchall()
        rows = {
            name: connection.execute(f"select count(*) from {name}".encode()).fetchall()[0][0]
            for (name,) in tables
        }
        load_ids = connection.execute("select load_id from ops.loads order by started_at").fetchall()
    assert sum(published) == sample_portal.report_count()
    assert loads == [("published", "airflow"), ("unchanged", "airflow")]
    # One line an event, with its numbers; the batches themselves would be a wall of text.
    for line in (
        "Divided 3,000 reports into 1 requests.",
        "Settled in round 1",
        f"Built top_crimes: {rows['mart.top_crimes']:,} rows in ",
        "Checked: ",
    ):
        assert line in first["log"]
    assert "Batch(batch_id=" not in first["log"]
    # Only a load that publishes tells other DAGs, and how many rows each table has.
    events, no_events = (in_airflow(EVENTS, RUN_ID=load_id) for (load_id,) in load_ids)
    assert events.pop("austin_crime")["outcome"].startswith("Published: ")
    assert {name: event["row_count"] for name, event in events.items()} == {
        name: rows[name] for name in events
    }
    assert len(events) == len(config.AGGREGATES) + 2
    assert no_events == {}


def test_a_dry_run_shows_the_plan_and_changes_nothing(run_dag, warehouse, sample_portal):
    run = run_dag(warehouse, sample_portal.url, dry_run=True)

    assert run["state"] == "success"
    assert run["tasks"]["load_batch.extract"] == "skipped"
    with psycopg.connect(warehouse.owner_url) as connection:
        assert connection.execute("select count(*) from ops.loads").fetchone() == (0,)


# Waits that a test can bear, several batches, and a worker that dies once, between landing a batch and saying so.
DISTURB = """
from datetime import timedelta
from austin_crime import config, steps

config.BATCH_ROWS = 700
config.RETRY_JITTER_S = 1
os.environ["AUSTIN_CRIME_PORTAL_WAIT_S"] = "0.01"
dag.get_task("load_batch.extract").retry_delay = timedelta(seconds=0.1)
extract = steps.extract
landings = []


def extract_and_die_once(*arguments):
    landings.append(extract(*arguments))
    if len(landings) == 1:
        raise SystemError("the worker died")
    return landings[-1]


steps.extract = extract_and_die_once
"""


def test_batches_that_meet_a_portal_in_trouble_or_a_death_are_tried_again_and_end_equal_to_the_portal(
    run_dag, warehouse, sample_portal
):
    store, batch = sample_portal.store, "$order=:id"
    faults = [
        store.faults.add(Fault("token", path=batch)),
        store.faults.add(Fault("429", path=batch, retry_after_s=1)),
        store.faults.add(Fault("cut", path=batch, how="chunked")),
        store.faults.add(Fault("cut", path=batch, how="length")),
        store.faults.add(Fault("cut", path=batch, how="gzip")),
    ]
    with server.running(store, app_tokens=("a-token",)) as url:
        run = run_dag(warehouse, url, before=DISTURB, app_token="a-token")
    asked = [address for address in store.requests if "order=%3Aid" in address]

    assert run["state"] == "success"
    assert [fault.met for fault in faults] == [1, 1, 1, 1, 1]
    with psycopg.connect(warehouse.owner_url) as connection:
        crimes = connection.execute(
            "select incident_id, crime_type, location_type, clearance_status, occurred_date::text,"
            " coalesce(reported_date::text, '') from mart.crimes"
        ).fetchall()
        [(batches,)] = connection.execute("select batch_count from ops.loads").fetchall()
    assert {key: tuple(report) for key, *report in crimes} == sample_portal.reports()
    assert batches > 3
    # One question more for each fault; none for the batch that had landed when its worker died.
    assert len(asked) == batches + len(faults)


POKE = """
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(Handler.status)
        self.end_headers()
        self.wfile.write(b'{"columns": []}')

    def log_message(self, *args):
        pass


server = HTTPServer(("127.0.0.1", 0), Handler)
Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
os.environ |= {"AIRFLOW_CONN_AUSTIN_PORTAL": url, "AUSTIN_CRIME_SOURCE_URL": url}
os.environ["AUSTIN_CRIME_WAREHOUSE_URL"] = "postgresql://nobody@127.0.0.1/none"
from austin_crime import config
os.environ["AUSTIN_CRIME_PORTAL_WAIT_S"] = "0.01"
result = {}
for status in (200, 202, 404, 403, 429, 500, 503):
    Handler.status = status
    try:
        result[status] = dag.get_task("source_is_up").poke({})
    except Exception as error:
        result[status] = type(error).__name__
"""


def test_the_sensor_waits_for_a_busy_portal_and_fails_when_the_dataset_is_gone(in_airflow):
    said = in_airflow(POKE)

    assert said == {
        "200": True,
        "202": False,
        "404": "PortalAnswer",
        "403": "PortalAnswer",
        "429": False,
        "500": False,
        "503": False,
    }


DECIDE = """
from airflow.exceptions import AirflowException
from austin_crime.errors import LoadRefused, PortalBusy
from austin_crime_airflow.retry_policy import PortalRetryPolicy

failures = [PortalBusy("busy", 7.0), PortalBusy("busy", 86400.0), PortalBusy("busy"), LoadRefused("another runs"),
            AirflowException("gate"), ConnectionError("broken")]
decisions = [PortalRetryPolicy().evaluate(failure, 1, 3) for failure in failures]
result = [[d.action.value, d.retry_delay.total_seconds() if d.retry_delay else None] for d in decisions]
"""


def test_a_task_waits_as_long_as_the_portal_asks_and_does_not_repeat_what_is_hopeless(in_airflow):
    (retry, asked_s), (_, longest_s), *others = in_airflow(DECIDE)

    # And a little more, for the tasks of a run should not all come back at once.
    assert retry == "retry"
    assert 7 <= asked_s < 60
    assert 600 <= longest_s < 660
    assert others == [
        ["default", None],
        ["fail", None],
        ["default", None],
        ["default", None],
    ]
