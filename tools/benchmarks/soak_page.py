"""What came of the nights, as a page and a picture."""

import json
import statistics
import subprocess
from typing import Any

from benchmarks import measure
from local_stack.configuration.settings import ROOT

RESULTS = ROOT / "tools" / "benchmarks" / "soak.json"
PAGE, PICTURE = ROOT / "docs" / "soak.md", ROOT / "docs" / "images" / "soak.png"
# One kind a night. All but the quiet ones begin with a week of changes at the portal.
CYCLE = ("week", "quiet", "busy", "week", "cut", "quiet", "removals", "week", "crash", "half")
# How much a program may grow a night, by least squares.
MOST_GROWTH_MB = 1.0
OLDER_DAYS = 100


def growth_mb(nights: list[dict[str, Any]]) -> dict[str, float]:
    """Return how much the memory of each program grows a night, by least squares, after the first cycle."""
    later = nights[len(CYCLE) :]
    return {
        name: round(
            statistics.linear_regression(
                [night["night"] for night in later if name in night["memory_mb"]],
                [night["memory_mb"][name] for night in later if name in night["memory_mb"]],
            ).slope,
            2,
        )
        for name in later[0]["memory_mb"]
    }


def write_page(nights: list[dict[str, Any]], kept: dict[str, Any], table_count: int) -> None:
    """Write the results as a page and a picture."""
    RESULTS.write_text(json.dumps({"nights": nights, "after_maintenance": kept}, indent=1) + "\n")
    before = nights[-len(CYCLE) - 1]
    disk = [
        f"| {name.replace('_', ' ')} | {nights[0]['disk_mb'][name]:,} | {before['disk_mb'][name]:,} |"
        f" {(before['disk_mb'][name] - nights[0]['disk_mb'][name]) / (before['night'] - 1):,.2f} |"
        f" {size:,} | {nights[-1]['disk_mb'][name]:,} |"
        for name, size in kept["disk_mb"].items()
    ]
    first = nights[len(CYCLE)]["memory_mb"]
    memory = [
        f"| {name} | {first[name]:,} | {nights[-1]['memory_mb'][name]:,} | {growth:+,.2f} |"
        for name, growth in growth_mb(nights).items()
    ]
    seconds = [
        (kind, [night["seconds"] for night in nights if night["kind"] == kind])
        for kind in dict.fromkeys(CYCLE)
    ]
    took = [
        f"| {kind} | {len(each)} | {statistics.median(each):,.0f} | {max(each):,.0f} |"
        for kind, each in seconds
    ]
    PAGE.write_text(
        "\n".join(
            [
                "# Night after night",
                "",
                f"Written by `make soak NIGHTS={len(nights)}`: {len(nights)} nights of the real DAG on the local stack, one right after the"
                f" other. Afterwards all {table_count} tables of `mart` equal those of a fresh load, row by row.",
                "",
                "![Memory and disk, night after night](images/soak.png)",
                "",
                "| night | nights | median, s | longest, s |",
                "|---|---|---|---|",
                *took,
                "",
                "*week*: a week's changes at the portal. *quiet*: nothing new. *busy*, *cut*, *half*: a week's changes, and the portal throttles, cuts"
                " bodies, or sends half of one. *removals*: one report in thirty-two is removed, a check blocks the load, and a person publishes it. *crash*: the"
                " task that settles is killed and retried. Seconds depend on the machine's other load.",
                "",
                f"## Memory, from night {len(CYCLE) + 1} on",
                "",
                "| program | MB at first | at the end | a night, by least squares |",
                "|---|---|---|---|",
                *memory,
                "",
                f"The aim is at most {MOST_GROWTH_MB:.0f} MB a night. This is private memory, without PostgreSQL's shared buffers and cached files.",
                "",
                "## Disk",
                "",
                f"After night {before['night']} everything was reloaded, everything was made to look {OLDER_DAYS} days older, and `austin_crime_maintenance` ran."
                " Databases do not shrink: later nights reuse the space.",
                "",
                f"| MB | after night 1 | after night {before['night']} | a night | after maintenance | {len(CYCLE)} nights later |",
                "|---|---|---|---|---|---|",
                *disk,
                "",
            ]
        )
    )
    plot = [measure.python("benchmark"), "-m", "benchmarks.soak_plot", str(RESULTS), str(PICTURE)]
    subprocess.run(plot, check=True)
