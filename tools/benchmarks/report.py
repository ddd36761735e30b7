"""docs/benchmarks.md: the results as tables that people read."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import aims, results
from benchmarks.contenders import CONTENDERS, FLOOR, NOTHING_NEW, OURS, UNDER_AIRFLOW, WEEK_LATER
from benchmarks.markdown import table
from benchmarks.results import Result
from benchmarks.surroundings import ROOT

PAGE = ROOT / "docs" / "benchmarks.md"
PICTURE = ROOT / "docs" / "images" / "benchmarks.png"
METHOD = Path(__file__).with_name("method.md")
NAMES = [
    FLOOR.name,
    OURS.name,
    UNDER_AIRFLOW,
    *(each.name for each in CONTENDERS if each not in (FLOOR, OURS)),
]
NIGHTS = (WEEK_LATER, NOTHING_NEW)


def write(kept: list[Result]) -> None:
    """Write the page."""
    PAGE.write_text(page(kept, METHOD.read_text()))


def page(kept: list[Result], method: str) -> str:
    """Return the page: aims, a table a size, the nights after, the steps, and how it was measured."""
    sizes = sorted({result["reports"] for result in kept if not result["is_extrapolated"]})
    parts = [
        "# Benchmarks\n\nWritten by `make benchmark`; the figures are in tools/benchmarks/results.json. Invented reports, no network.",
        "\n".join(machines(kept)),
        f"![Seconds against reports, for each contender]({PICTURE.relative_to(PAGE.parent)})",
        *aims_part(kept, sizes[-1]),
        "## First load",
        *(size_part(kept, reports) for reports in reversed(sizes)),
        *nights_part(kept, sizes),
        f"## Where the time goes, at {sizes[-1]:,} reports",
        table(["contender", "seconds by step"], step_rows(kept, sizes[-1])),
        method.strip(),
    ]
    return "\n\n".join(parts) + "\n"


def machines(kept: list[Result]) -> Iterator[str]:
    """Yield each machine and day of measurement, with the sizes that were measured then."""
    found: dict[str, set[int]] = {}
    for result in kept:
        if "machine" in result:
            found.setdefault(result["machine"], set()).add(result["reports"])
    for machine, sizes in found.items():
        listed = ", ".join(f"{reports:,}" for reports in sorted(sizes))
        yield f"{machine} Sizes: {listed}."


def aims_part(kept: list[Result], reports: int) -> Iterator[str]:
    """Yield the aims, which are for the whole history: of fewer reports they say nothing."""
    if reports >= aims.FROM_REPORTS:
        met = {True: "met", False: "**missed**"}
        rows = [[aim.text, aim.value, met[aim.is_met]] for aim in aims.check(kept, reports)]
        yield f"## The aims, at {reports:,} reports\n\n" + table(["aim", "measured", ""], rows)


def size_part(kept: list[Result], reports: int) -> str:
    """Return the table of one size."""
    floor = results.of(kept, FLOOR.name, reports)
    rows = []
    for name in NAMES:
        result = results.of(kept, name, reports)
        if result:
            ratio = f"{result['wall_s'] / floor['wall_s']:.1f}" if floor else ""
            mark = " (extrapolated)" if result["is_extrapolated"] else ""
            rows.append([name + mark, *figures(result), ratio])
    titles = ["contender", "wall s", "CPU s", "PostgreSQL CPU s", "peak MB", "rows", "× floor"]
    return f"### {reports:,} reports\n\n{table(titles, rows)}"


def figures(result: Result) -> list[str]:
    """Return the figures of a result as text."""
    seconds = [f"{result[name]:,.1f}" for name in ("cpu_s", "postgres_cpu_s")]
    return [spread(result), *seconds, f"{result['peak_rss_mb']:,.0f}", f"{result['rows']:,}"]


def spread(result: Result) -> str:
    """Return the median time, with the shortest and the longest where there were several runs."""
    runs = result.get("runs_wall_s", [])
    shown = f"{result['wall_s']:,.1f}"
    return f"{shown} ({min(runs):,.1f} to {max(runs):,.1f})" if len(runs) > 1 else shown


def nights_part(kept: list[Result], sizes: Sequence[int]) -> Iterator[str]:
    """Yield the nights after the first load, if there are any."""
    rows = []
    for reports in reversed(sizes):
        for name in NIGHTS:
            result = results.of(kept, name, reports)
            if result:
                changes = [f"{result[each]:,}" for each in ("fetched", "added", "edited", "removed")]
                steps_s = f"{result['steps']['all steps']:.2f}"
                rows.append(
                    [
                        f"{reports:,}",
                        name,
                        f"{result['wall_s']:.1f}",
                        steps_s,
                        str(result["requests"]),
                        *changes,
                    ]
                )
    if rows:
        titles = [
            "reports",
            "night",
            "wall s",
            "steps s",
            "requests",
            "fetched",
            "added",
            "edited",
            "removed",
        ]
        yield "## The nights after\n\n" + table(titles, rows)


def step_rows(kept: list[Result], reports: int) -> Iterator[list[str]]:
    """Yield the seconds by step of each contender."""
    for name in (*NAMES, *NIGHTS):
        result = results.of(kept, name, reports)
        if result and "steps" in result:
            steps = ", ".join(f"{step} {seconds:.1f}" for step, seconds in result["steps"].items())
            yield [name, steps]
