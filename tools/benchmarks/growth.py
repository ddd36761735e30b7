"""``python -m benchmarks.growth [reports]``: how time, memory, disk, charts and pages grow with the history, up to ten times the city's.

Writes growth.json, docs/growth.md and its picture after each size. PostgreSQL's data lie on the disk.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import growth_page, machine, measure, one_size, proof, readers, week
from benchmarks.__main__ import measure_each
from benchmarks.contenders import OURS
from benchmarks.errors import BenchmarkError
from benchmarks.surroundings import PATHS, Surroundings, surroundings

SIZES = (1_000_000, 2_615_000, 10_000_000, 26_150_000)
SIZE_OF = """
    select
        pg_database_size(current_database()) as warehouse,
        pg_total_relation_size('mart.crimes') as reports,
        (
            select sum(pg_total_relation_size(oid)) from pg_class
            where relnamespace = 'mart'::regnamespace and relkind = 'r' and relname <> 'crimes'
        ) as aggregates
"""


def main(words: list[str]) -> int:
    """Measure; results are written after each size."""
    return measure_each(words, SIZES, measure_and_write, "docs/growth.md and tools/benchmarks/growth.json")


def measure_and_write(reports: int) -> None:
    """Measure one size, and write it beside the others."""
    growth_page.keep(measure_size(reports))
    write()


def write() -> None:
    """Write the page and the picture."""
    growth_page.write()
    plot = [measure.python("benchmark"), "-m", "benchmarks.growth_plot", str(growth_page.PICTURE)]
    subprocess.run(plot, env=os.environ | PATHS, check=True)


def measure_size(reports: int) -> dict[str, Any]:
    """Measure one size: the first load, the nights after, the disk, every chart and the requests of the pages."""
    began = time.monotonic()

    def tell(text: str) -> None:
        print(f"{time.monotonic() - began:7.1f} s  {text}", flush=True)

    print(f"{reports:,} reports", flush=True)
    with surroundings(reports, Path(tempfile.gettempdir())) as where:
        found: dict[str, Any] = {"reports": reports, "machine": machine.describe(where)}
        tell("rendering the portal's answers, untimed")
        load(where)
        found["first_load"] = load(where)
        tell(one_size.describe(found["first_load"]))
        found["bytes"] = sizes(where)
        found["charts"] = readers.time_charts(where, OURS.module)
        found["pages"] = readers.time_pages(where, OURS.module)
        for name in ("charts", "pages"):
            slowest = max(found[name], key=found[name].get)
            tell(f"slowest of {len(found[name])} {name}: {slowest}, {found[name][slowest]:.3f} s")
        found["week"], found["quiet"] = week.measure_week(where)
        tell(one_size.describe(found["week"]))
        return found


def load(where: Surroundings) -> dict[str, Any]:
    """Run a first load into an empty warehouse and return what it cost."""
    where.fresh_warehouse(OURS.module)
    shutil.rmtree(where.folder / "landing", ignore_errors=True)
    result = measure.run(where, OURS, OURS.module)
    rows = proof.sums(where, OURS.module)[0]
    if rows != where.reports:
        raise BenchmarkError(f"The load published {rows:,} reports: expected {where.reports:,}.")
    return result | {"rows": rows}


def sizes(where: Surroundings) -> dict[str, int]:
    """Return the bytes of the warehouse, of its parts and of the landing."""
    with where.superuser(OURS.module) as connection:
        warehouse, reports, aggregates = connection.execute(SIZE_OF).fetchall()[0]
    landed = sum(path.stat().st_size for path in (where.folder / "landing").rglob("*") if path.is_file())
    return {
        "warehouse": warehouse,
        "reports": reports,
        "aggregates": int(aggregates),
        "landing": landed,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
