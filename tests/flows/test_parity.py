"""Airflow and Prefect: the same steps in the same order, and the same tables, whatever has happened at the portal."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from austin_crime.parameters import Parameters
from local_stack.provisioning.postgres import Server
from sample_portal.faults import Fault
from sample_portal.publisher import live

NUMBERS = count(1)
REACHED_S = 120
# Who ran a load and when: all that may differ between the two. Ids of loads are compared by their place in the order
# in which the loads began, so none of the columns that hold one is left out.
LEFT_OUT = {
    "ops.loads": ["orchestrator", "started_at", "last_seen_at", "finished_at"],
    "ops.check_results": ["checked_at", "accepted_by"],
    "ops.received_files": ["received_at"],
    "mart.data_status": ["published_at"],
    "ops.schema_migrations": ["applied_at"],
}
STARTED_BY = "started_by"
HOLDS_LOAD_ID = ("load_id", "planned_against")
FINISHED = re.compile(r"Task run '([^' ]+)[^']*' - Finished in state Completed")
STAGES = """
def depth(task):
    return 1 + max((depth(dag.get_task(other)) for other in task.upstream_task_ids), default=-1)


# Prefect tells nobody.
result = [[depth(task), task.task_id] for task in dag.tasks if task.task_id != "tell"]
"""


@pytest.fixture
def make_warehouse(postgres: Server, tmp_path: Path):
    """Return a function that makes an empty database, in which not even the schema is there."""

    def make() -> SimpleNamespace:
        name = f"parity_{next(NUMBERS)}"
        owner_url, reader_url = postgres.create_warehouse(name)
        return SimpleNamespace(owner_url=owner_url, reader_url=reader_url, landing=tmp_path / name)

    return make


def content(warehouse: SimpleNamespace) -> dict[str, list[str]]:
    """Return every row of every table of mart and ops as JSON, sorted, less what is left out."""
    with psycopg.connect(warehouse.owner_url) as connection:
        tables = connection.execute(
            "select schemaname || '.' || tablename from pg_tables where schemaname in ('mart', 'ops')"
            " and tablename <> 'alerts'"  # Airflow tells people; Prefect does not.
        ).fetchall()
        ids = connection.execute("select load_id from ops.loads order by started_at").fetchall()
        places = {load_id: f"load {place}" for place, (load_id,) in enumerate(ids, start=1)}
        return {
            table: sorted(
                json.dumps(comparable(table, row, places), sort_keys=True)
                for (row,) in connection.execute(f"select to_jsonb(t) from {table} as t".encode())
            )
            for (table,) in tables
        }


def comparable(table: str, row: dict[str, Any], places: dict[str, str]) -> dict[str, Any]:
    """Return a row without what is left out, with places for ids of loads."""
    for column in LEFT_OUT.get(table, []):
        del row[column]
    if table == "ops.loads":
        del row["parameters"][STARTED_BY]
    return {
        column: places[value] if column in HOLDS_LOAD_ID and value else value for column, value in row.items()
    }


def statuses(warehouse: SimpleNamespace) -> list[str]:
    """Return the status of every load, in the order in which they began."""
    with psycopg.connect(warehouse.owner_url) as connection:
        rows = connection.execute("select status from ops.loads order by started_at").fetchall()
    return [status for (status,) in rows]


def test_after_every_change_of_the_portal_both_leave_the_same_tables(
    run_dag, run_flow, make_warehouse, sample_portal
):
    by_airflow, by_prefect = make_warehouse(), make_warehouse()
    history = [
        ("the first load", lambda: None, {}),
        ("a week later", lambda: live.pass_week(sample_portal.store, added=60, edited=80, removed=20), {}),
        (
            "everything rewritten, keys that occur twice and keys that are gone",
            lambda: (
                live.rewrite_all(sample_portal.store),
                live.double_keys(sample_portal.store, 5),
                live.drop_keys(sample_portal.store, 5),
            ),
            {},
        ),
        (
            "a person accepts that a tenth of the reports is gone, and wants some months again",
            lambda: live.remove_reports(sample_portal.store, 'hash(":id") % 10 = 0'),
            {"accept": ["reports_removed"], "first_month": "2015-01", "last_month": "2015-06"},
        ),
    ]
    for number, (name, happen, parameters) in enumerate(history, start=1):
        happen()

        # Side by side: each has a warehouse of its own.
        with ThreadPoolExecutor(1) as pool:
            dag = pool.submit(run_dag, by_airflow, sample_portal.url, **parameters)
            ended = run_flow(by_prefect, sample_portal.url, **parameters)
            dag.result()

        expected = content(by_airflow)
        assert content(by_prefect) == expected, name
        assert len(expected["mart.crimes"]) > 2_000, name
        assert len(expected["ops.loads"]) == number, name
        assert statuses(by_prefect)[-1] == "published", (name, ended.said)
        assert ended.code == 0, name
    assert "reports_removed" in "".join(content(by_prefect)["ops.check_results"])


def test_the_flow_has_the_steps_of_the_dag_in_the_order_of_the_dag(
    in_airflow, run_flow, make_warehouse, sample_portal
):
    stages = {task.rpartition(".")[2]: stage for stage, task in in_airflow(STAGES)}

    ended = run_flow(make_warehouse(), sample_portal.url)

    ran = [step for step in dict.fromkeys(FINISHED.findall(ended.log)) if step != "load_batch"]
    assert sorted(ran) == sorted(stages)
    assert [stages[step] for step in ran] == sorted(stages.values()), ran


DAGS_PARAMETERS = """
from austin_crime_airflow.settings import PARAMS
result = {name: [param.value, param.description] for name, param in PARAMS.items()}
"""
FLOWS_PARAMETERS = """
from austin_crime_prefect.parameters import NightlyParameters
result = {name: [field.default, field.description] for name, field in NightlyParameters.model_fields.items()}
"""


def test_the_flow_asks_a_person_what_the_dag_asks(in_airflow, in_prefect):
    asked = in_airflow(DAGS_PARAMETERS)

    assert in_prefect(FLOWS_PARAMETERS) == asked
    assert asked.keys() == Parameters.__annotations__.keys()


def hold(portal) -> Fault:
    """Let the portal keep the next answer to a batch back until it is released."""
    return portal.store.faults.add(Fault("hold", path="$order=:id"))


def reached(held: Fault) -> None:
    """Wait until a load is at the held answer."""
    assert held.reached.wait(REACHED_S), "no load asked for a batch"


def test_a_flow_is_refused_while_the_dag_loads_and_the_dag_ends_well(
    run_dag, run_flow, make_warehouse, sample_portal
):
    warehouse, held = make_warehouse(), hold(sample_portal)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(run_dag, warehouse, sample_portal.url)
        reached(held)

        ended = run_flow(warehouse, sample_portal.url)
        held.release.set()

        assert ended.code == 1
        assert re.search(r"Load \S+ \(airflow\) has been running since .*: one load at a time\.", ended.said)
        assert first.result()["state"] == "success"
    assert statuses(warehouse) == ["published"]


def test_the_dag_is_refused_while_a_flow_loads_and_the_flow_ends_well(
    run_dag, begin_flow, make_warehouse, sample_portal
):
    warehouse, held = make_warehouse(), hold(sample_portal)
    first = begin_flow(warehouse, sample_portal.url)
    reached(held)

    second = run_dag(warehouse, sample_portal.url)
    held.release.set()

    assert second["state"] == "failed"
    assert second["tasks"]["plan_load"] == "failed"
    assert re.search(r"Load \S+ \(prefect\) has been running since .*: one load at a time\.", second["log"])
    ended = first.end()
    assert (ended.code, ended.said[:10]) == (0, "Published:"), ended.log
    assert statuses(warehouse) == ["published"]
