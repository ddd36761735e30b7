"""Ours on the nights after the first load: a week later, and with nothing new."""

from typing import Any

import psycopg
from psycopg.rows import dict_row

from benchmarks import measure, proof, results
from benchmarks.contenders import NOTHING_NEW, OURS, WEEK_LATER
from benchmarks.errors import BenchmarkError
from benchmarks.results import Result
from benchmarks.surroundings import Surroundings

# A week of 4,000 changes says nothing about a warehouse of fewer reports than these.
FEWEST_REPORTS = 100_000
COPY = "ours_copy"
LAST_LOAD = """
    select
        status,
        extract(epoch from finished_at - started_at)::float8 as load_s,
        coalesce(fetched_count, 0) as fetched,
        coalesce(added_count, 0) as added,
        coalesce(edited_count, 0) as edited,
        coalesce(removed_count, 0) as removed
    from ops.loads
    order by started_at desc
    limit 1
"""
QUIET_RUNS = 3


def measure_week(where: Surroundings) -> list[Result]:
    """Let a week pass at the portal and return what the next night takes, and the night after that.

    The same nights on a copy of the warehouse, untimed, have the portal's answers rendered.
    """
    if where.reports < FEWEST_REPORTS:
        return []
    passed = where.ask_portal("POST", "/benchmark/week")
    where.copy_warehouse(OURS.module, COPY)
    for _ in range(2):
        measure.run(where, OURS, COPY)
    where.server.drop_database(COPY)
    where.checkpoint()
    later = night(where, WEEK_LATER)
    demand_written(passed, later)
    return [later, results.middle([night(where, NOTHING_NEW) for _ in range(QUIET_RUNS)])]


def night(where: Surroundings, label: str) -> Result:
    """Run a load on the warehouse as it is, and return its result with what ops.loads says of it."""
    result = measure.run(where, OURS, OURS.module, label)
    with psycopg.connect(where.server.owner_url(OURS.module), row_factory=dict_row) as connection:
        said = connection.execute(LAST_LOAD).fetchall()[0]
    return result | said | {"rows": proof.sums(where, OURS.module)[0]}


def demand_written(passed: dict[str, int], later: dict[str, Any]) -> None:
    """Raise BenchmarkError unless the load wrote what the week did."""
    came = {name: later[name] for name in passed}
    if came != passed:
        raise BenchmarkError(f"{WEEK_LATER}: expected {passed} at the portal to be written, got {came}.")
