"""The README's passage on speed, rewritten from the results of the whole history."""

import re

from benchmarks import aims, results
from benchmarks.contenders import CSV_COPY, DLT, FLOOR, NOTHING_NEW, OURS, UNDER_AIRFLOW, WEEK_LATER
from benchmarks.results import Result
from benchmarks.surroundings import ROOT

README = ROOT / "README.md"
PASSAGE = re.compile(r"(?<=<!-- written by make benchmark -->\n).*?(?=<!-- end -->)", re.DOTALL)
NEEDED = (OURS.name, FLOOR.name, CSV_COPY.name, DLT.name, UNDER_AIRFLOW, WEEK_LATER, NOTHING_NEW)


def write(kept: list[Result]) -> None:
    """Rewrite the passage, if the whole history, and what is extrapolated to it, was measured with one commit."""
    reports = max(result["reports"] for result in kept)
    found = {name: results.of(kept, name, reports) for name in NEEDED}
    known = {name: result for name, result in found.items() if result}
    commits = {result.get("commit") for result in known.values()}
    if (
        reports >= aims.FROM_REPORTS
        and len(known) == len(NEEDED)
        and len(commits - {None}) == len(commits) == 1
    ):
        README.write_text(PASSAGE.sub(lambda _: passage(known, reports), README.read_text()))


def passage(of: dict[str, Result], reports: int) -> str:
    """Return the passage."""
    wall_s = {name: result["wall_s"] for name, result in of.items()}
    ratio = {name: wall_s[name] / wall_s[OURS.name] for name in (FLOOR.name, CSV_COPY.name, DLT.name)}
    mark = ", extrapolated" if of[DLT.name]["is_extrapolated"] else ""
    return (
        f"The whole history, {reports:,} invented reports, is loaded in {wall_s[OURS.name]:.0f} s on one machine:"
        f" {1 / ratio[FLOOR.name]:.1f} times\nwhat PostgreSQL takes to copy the finished rows and index them. CSV and"
        f" COPY take {ratio[CSV_COPY.name]:.2f} times as long as ours,\ndlt {ratio[DLT.name]:.0f} times{mark}. Under Airflow it takes"
        f" {wall_s[UNDER_AIRFLOW]:.0f} s; a week later {of[WEEK_LATER]['steps']['all steps']:.1f} s; with nothing new"
        f" {of[NOTHING_NEW]['steps']['all steps']:.1f} s.\nMemory: {of[OURS.name]['peak_rss_mb']:.0f} MB.\n"
    )
