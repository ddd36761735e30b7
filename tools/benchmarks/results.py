"""The figures, kept in results.json: those of one size can be measured again without the others."""

import json
from pathlib import Path
from statistics import median_low
from typing import Any

from benchmarks.contenders import CONTENDERS

PATH = Path(__file__).with_name("results.json")
EXTRAPOLATED = ("wall_s", "cpu_s", "peak_rss_mb", "postgres_cpu_s")

Result = dict[str, Any]


def read(path: Path = PATH) -> list[Result]:
    """Return the results kept so far."""
    results: list[Result] = json.loads(path.read_text()) if path.exists() else []
    return results


def merge(kept: list[Result], new: list[Result]) -> list[Result]:
    """Return the results with those of the sizes measured now in place of older ones, extrapolated ones anew."""
    sizes = {result["reports"] for result in new}
    measured = [result for result in kept if result["reports"] not in sizes and not result["is_extrapolated"]]
    measured += new
    every = measured + extrapolated(measured)
    return sorted(every, key=lambda result: (result["reports"], result["contender"]))


def write(results: list[Result], path: Path = PATH) -> None:
    """Write the results, an object a line but its steps."""
    path.write_text(json.dumps(results, indent=1) + "\n")


def middle(runs: list[Result]) -> Result:
    """Return the run with the median time, and the times of all."""
    wall_s = median_low(run["wall_s"] for run in runs)
    chosen = next(run for run in runs if run["wall_s"] == wall_s)
    return chosen | {"runs_wall_s": [run["wall_s"] for run in runs]}


def extrapolated(measured: list[Result]) -> list[Result]:
    """Return what the contenders that were not run at the biggest sizes would take there, on a line through the last two."""
    every = {result["reports"] for result in measured}
    found = []
    for contender in CONTENDERS:
        own = sorted(
            (result for result in measured if result["contender"] == contender.name),
            key=lambda result: result["reports"],
        )
        if contender.most_reports is None or len(own) < 2:
            continue
        for reports in sorted(size for size in every if size > own[-1]["reports"]):
            found.append(on_line(own[-2], own[-1], reports))
    return found


def on_line(lower: Result, upper: Result, reports: int) -> Result:
    """Return a result on the line through two."""

    def at(name: str) -> float:
        slope = (upper[name] - lower[name]) / (upper["reports"] - lower["reports"])
        return round(float(upper[name] + max(slope, 0) * (reports - upper["reports"])), 3)

    values = {name: at(name) for name in EXTRAPOLATED}
    rows = round(upper["rows"] / upper["reports"] * reports)
    return {
        "contender": upper["contender"],
        "reports": reports,
        **values,
        "rows": rows,
        "commit": upper.get("commit") if upper.get("commit") == lower.get("commit") else None,
        "is_extrapolated": True,
    }


def of(results: list[Result], contender: str, reports: int) -> Result | None:
    """Return a result, or None."""
    asked = (contender, reports)
    return next((each for each in results if (each["contender"], each["reports"]) == asked), None)
