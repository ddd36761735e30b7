"""What the how-to pages say is followed to the letter, in throw-away copies of the files."""

import shutil
from pathlib import Path
from types import ModuleType

import psycopg
import pytest

from austin_crime import config, contract, nightly
from austin_crime.errors import CheckBlocked
from austin_crime.warehouse.connection import connect
from austin_crime.warehouse.statements import read
from sample_portal.publisher.columns import add_column
from testing.documents import samples_of

DOCS = Path(__file__).parents[2] / "docs"
CHECKED = "select check_name from ops.check_results where load_id = 'after'"
FAILED = f"{CHECKED} and status <> 'passed'"
# The step is put where the DAG looks for it.
PARSED = """
import importlib.util, sys
from pathlib import Path
from airflow.dag_processing.dagbag import DagBag
step = importlib.util.spec_from_file_location("austin_crime.load.district_names", Path("{folder}") / "district_names.py")
module = importlib.util.module_from_spec(step)
sys.modules[step.name] = module
step.loader.exec_module(module)
parsed = DagBag(str(Path("{folder}") / "austin_crime_district_names.py"))
assert not parsed.import_errors, parsed.import_errors
result = {{name: [task.task_id for task in dag.tasks] for name, dag in parsed.dags.items()}}
"""


@pytest.fixture
def follow(warehouse, sample_portal, tmp_path, monkeypatch):
    """Return a function that does what a page says, in a warehouse that was loaded before."""
    nightly.run_nightly("before")

    def write(page: str) -> dict[str, str]:
        """Write a page's SQL files to copies, add its lines to the contract, and return its files by path."""
        files = {sample.file: sample.text for sample in samples_of(DOCS / page) if sample.file}
        shutil.copytree(config.SQL_DIR, tmp_path / "sql")
        monkeypatch.setattr(config, "SQL_DIR", tmp_path / "sql")
        for path, text in files.items():
            if path.startswith("include/sql/"):
                copy = tmp_path / path.removeprefix("include/")
                assert not copy.exists(), "another number"
                copy.write_text(text)
        return files

    return write


def entries(files: dict[str, str], path: str) -> tuple[object, ...]:
    """Return what the lines that a page adds to a tuple of a module stand for."""
    added: tuple[object, ...] = eval(f"({files[path].strip()})", vars(contract))
    return added


def ask(warehouse, question: str) -> list[tuple[object, ...]]:
    with psycopg.connect(warehouse.owner_url) as connection:
        return connection.execute(question).fetchall()


def test_a_column_arrives_in_every_report(follow, warehouse, sample_portal, monkeypatch):
    files = follow("add-a-column.md")
    add_column(sample_portal.store, "weapon_type")
    columns = entries(files, "include/austin_crime/contract.py")
    monkeypatch.setattr(contract, "COLUMNS", (*contract.COLUMNS, *columns))
    monkeypatch.setattr(contract, "RULES_VERSION", contract.RULES_VERSION + 1)

    nightly.run_nightly("after")

    counts = "select count(*) = count(weapon_type), count(distinct weapon_type) from mart.crimes"
    assert ask(warehouse, counts) == [(True, 10)]
    assert ask(warehouse, FAILED) == []


def test_a_column_that_is_not_declared_is_named_by_a_check(follow, warehouse, sample_portal):
    add_column(sample_portal.store, "weapon_type")

    nightly.run_nightly("after", {"full_reload": True})

    assert ask(warehouse, FAILED) == [("unknown_columns:weapon_type",)]


def test_an_aggregate_is_filled_by_the_next_load_although_nothing_is_new(follow, warehouse, monkeypatch):
    names = entries(follow("add-an-aggregate.md"), "include/austin_crime/config.py")
    monkeypatch.setattr(config, "AGGREGATES", (*config.AGGREGATES, *names))

    nightly.run_nightly("after")

    sums = "select (select sum(report_count) from mart.crimes_per_place) = (select count(*) from mart.crimes)"
    assert ask(warehouse, sums) == [(True,)]
    assert ask(warehouse, FAILED) == []
    assert ("aggregate_totals:crimes_per_place",) in ask(warehouse, CHECKED)


def test_a_check_passes_the_sample_and_blocks_what_it_is_about(follow, warehouse, sample_portal, monkeypatch):
    checks = entries(follow("add-a-check.md"), "include/austin_crime/contract.py")
    monkeypatch.setattr(contract, "CHECKS", (*contract.CHECKS, *checks))
    nightly.run_nightly("sound", {"full_reload": True})
    sample_portal.store.execute("update reports set clearance_date = timestamp '1999-01-01'")

    with pytest.raises(CheckBlocked, match=r"expected that reports are cleared .* got \d+") as blocked:
        nightly.run_nightly("after", {"full_reload": True})

    assert ask(warehouse, FAILED) == [("cleared_too_early",)]
    assert "accept = cleared_too_early" in str(blocked.value)
    with connect() as connection:
        assert connection.execute(read("samples/cleared_too_early.sql")).fetchone()


def test_another_table_is_loaded_by_a_dag_of_its_own(follow, warehouse, monkeypatch):
    files = follow("add-a-table.md")
    step = ModuleType("austin_crime.load.district_names")
    exec(files["include/austin_crime/load/district_names.py"], vars(step))

    counts = [step.load_district_names() for _ in range(2)]

    assert counts == [10, 10]
    names = "select string_agg(district_name, ', ' order by council_district) from mart.district_names"
    assert ask(warehouse, names)[0][0].startswith("District 1, District 2")


def test_the_dag_of_another_table_is_one(tmp_path, in_airflow):
    for sample in samples_of(DOCS / "add-a-table.md"):
        if sample.language == "python":
            (tmp_path / Path(sample.file).name).write_text(sample.text)

    dags = in_airflow(PARSED.format(folder=str(tmp_path)))

    assert dags == {"austin_crime_district_names": ["load_district_names"]}
