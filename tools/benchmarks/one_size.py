"""Measure every contender with one number of reports."""

import shutil
from collections.abc import Callable, Sequence
from typing import Any

import requests

from benchmarks import measure, proof, results, under_airflow, week
from benchmarks.contenders import CONTENDERS, FLOOR, OURS, Contender, csv_copy, requests_to_portal
from benchmarks.results import Result
from benchmarks.surroundings import Surroundings

Tell = Callable[[str], None]

# The median of three where a run is short; the biggest sizes twice.
FEW_REPORTS, RUNS_OF_FEW, RUNS_OF_MANY = 100_000, 3, 2


def measure_all(where: Surroundings, contenders: Sequence[Contender], tell: Tell) -> list[Result]:
    """Return the results of those contenders that are run with so many reports, in rounds, each on an empty warehouse."""
    taking = [contender for contender in contenders if contender.can_take(where.reports)]
    tell("rendering the portal's answers, untimed")
    expected = prepare(where, taking)
    rounds = RUNS_OF_FEW if where.reports <= FEW_REPORTS else RUNS_OF_MANY
    runs: dict[str, list[Result]] = {contender.name: [] for contender in taking}
    for _ in range(rounds):
        for contender in taking:
            result = measure_one(where, contender, expected)
            runs[contender.name].append(result)
            tell(describe(result))
    return [results.middle(of_one) for of_one in runs.values()]


def prepare(where: Surroundings, taking: Sequence[Contender]) -> dict[str, Any]:
    """Have everything rendered that will be asked, write the floor's file, and return what all must end with."""
    where.fresh_warehouse(OURS.module)
    measure.run(where, OURS, OURS.module)
    where.write_rows_file(OURS.module)
    for path, parameters in addresses(where.reports, taking):
        with requests.get(where.portal_url + path, params=parameters, stream=True, timeout=600) as answer:
            answer.raise_for_status()
            for _ in answer.raw.stream(decode_content=False):
                pass  # A whole export is too much for memory.
    return {
        "sums": proof.sums(where, OURS.module),
        "totals": proof.totals(where, OURS.module),
    }


def addresses(reports: int, taking: Sequence[Contender]) -> list[tuple[str, dict[str, str]]]:
    """Return what the other contenders ask; ours was run to have its own rendered."""
    names = {contender.module for contender in taking}
    found = []
    if "csv_copy" in names:
        found.append((f"{requests_to_portal.DATASET}.csv", requests_to_portal.export(csv_copy.COLUMNS)))
    if names & {"to_sql", "dlt_rest_api"}:
        offsets = range(0, reports + requests_to_portal.PAGE_ROWS, requests_to_portal.PAGE_ROWS)
        found += [
            (f"{requests_to_portal.DATASET}.json", requests_to_portal.page(offset)) for offset in offsets
        ]
    return found


def measure_one(where: Surroundings, contender: Contender, expected: dict[str, Any]) -> Result:
    """Run a contender on an empty warehouse and return its result, proven."""
    warehouse = contender.module
    where.fresh_warehouse(warehouse)
    shutil.rmtree(where.folder / "landing", ignore_errors=True)
    result = measure.run(where, contender, warehouse)
    proof.demand_equal(contender.name, expected["sums"], proof.sums(where, warehouse))
    if contender != FLOOR:
        proof.demand_equal(contender.name, expected["totals"], proof.totals(where, warehouse))
    if contender != OURS:  # whose next loads come later
        where.server.drop_database(warehouse)
    return result | {"rows": expected["sums"][0]}


def describe(result: Result) -> str:
    """Return a result in a line."""
    steps = ", ".join(f"{name} {seconds:.1f}" for name, seconds in result["steps"].items())
    return (
        f"{result['contender']}: {result['wall_s']:.1f} s, CPU {result['cpu_s']:.1f} s and PostgreSQL"
        f" {result['postgres_cpu_s']:.1f} s, {result['peak_rss_mb']:.0f} MB ({steps})"
    )


def measure_size(where: Surroundings, tell: Tell) -> list[Result]:
    """Return all results of one size: the contenders, ours under Airflow, and ours on the nights after."""
    found = [*measure_all(where, CONTENDERS, tell), measure_airflow(where, tell)]
    for result in week.measure_week(where):
        tell(describe(result))
        found.append(result)
    return found


def measure_airflow(where: Surroundings, tell: Tell) -> Result:
    """Return the result of ours under Airflow, proven."""
    expected = proof.sums(where, OURS.module)
    where.fresh_warehouse("under_airflow")
    result = under_airflow.measure(where, "under_airflow")
    proof.demand_equal(result["contender"], expected, proof.sums(where, "under_airflow"))
    where.server.drop_database("under_airflow")
    tell(describe(result))
    return result | {"rows": expected[0]}
