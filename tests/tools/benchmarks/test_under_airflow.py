"""The whole benchmark at a small size, the DAG under Airflow included: the very call of ``make benchmark``."""

import pytest

from benchmarks import __main__ as command
from benchmarks import one_size
from benchmarks import surroundings as around
from benchmarks.contenders import FLOOR, OURS, UNDER_AIRFLOW

REPORTS = 1_000
pytestmark = pytest.mark.slow


@pytest.fixture
def small(tmp_path, monkeypatch):
    """Have reports generated in a folder of the test's own, and leave out what an environment of its own is needed for."""
    monkeypatch.setattr(around, "GENERATED", tmp_path)
    monkeypatch.setattr(one_size, "CONTENDERS", (OURS, FLOOR))
    monkeypatch.setattr(one_size, "RUNS_OF_FEW", 1)


def test_the_benchmark_measures_a_size_to_its_end_and_the_dag_under_airflow_loads_every_report(small):
    found = {result["contender"]: result for result in command.measure_size(REPORTS)}

    dag = found[UNDER_AIRFLOW]
    assert {name: result["rows"] for name, result in found.items()} == dict.fromkeys(
        [OURS.name, FLOOR.name, UNDER_AIRFLOW], REPORTS
    )
    assert min(dag["wall_s"], dag["cpu_s"], dag["peak_rss_mb"], dag["postgres_cpu_s"]) > 0
    assert {"plan_load", "load_batch.extract", "publish"} <= dag["steps"].keys()
