"""What the project aims at, held against the results."""

from collections.abc import Iterator
from typing import NamedTuple

from benchmarks import results
from benchmarks.contenders import CSV_COPY, DLT, FLOOR, NOTHING_NEW, OURS, UNDER_AIRFLOW, WEEK_LATER
from benchmarks.results import Result

FROM_REPORTS = 2_000_000
FLOOR_RATIO, CSV_RATIO, DLT_RATIO = 2.8, 0.85, 1 / 14
PEAK_MB, FLAT_RATIO = 400, 1.25
# Where memory is compared with that of the biggest size: so many reports fill several batches.
FLAT_FROM_REPORTS = 1_000_000
AIRFLOW_RATIO = 2.5
WEEK_S, WEEK_SHARE_PCT = 5, 10
QUIET_REQUESTS, QUIET_S = 3, 1


class Aim(NamedTuple):
    """One aim and what came of it."""

    text: str
    value: str
    is_met: bool


def check(kept: list[Result], reports: int) -> list[Aim]:
    """Return the aims that results of one size tell something of."""
    return [*check_ratios(kept, reports), *check_memory(kept, reports), *check_nights(kept, reports)]


def check_ratios(kept: list[Result], reports: int) -> Iterator[Aim]:
    """Yield the aims that compare ours with other contenders."""
    ours = results.of(kept, OURS.name, reports)
    for other, most, text in (
        (FLOOR, FLOOR_RATIO, f"at most {FLOOR_RATIO} times the floor"),
        (CSV_COPY, CSV_RATIO, f"at most {CSV_RATIO} times CSV and COPY"),
        (DLT, DLT_RATIO, f"at most 1/{1 / DLT_RATIO:.0f} of dlt"),
    ):
        against = results.of(kept, other.name, reports)
        if ours and against:
            ratio = ours["wall_s"] / against["wall_s"]
            mark = ", extrapolated" if against["is_extrapolated"] else ""
            shown = f"{ratio:.2f} times" if ratio >= 0.5 else f"1/{1 / ratio:.1f}"
            yield Aim(text, shown + mark, ratio <= most)


def check_memory(kept: list[Result], reports: int) -> Iterator[Aim]:
    """Yield the aims of memory."""
    for name in (OURS.name, UNDER_AIRFLOW):
        result = results.of(kept, name, reports)
        if result:
            peak = result["peak_rss_mb"]
            yield Aim(f"{name}: peak memory under {PEAK_MB} MB", f"{peak:.0f} MB", peak < PEAK_MB)
    smaller, ours = results.of(kept, OURS.name, FLAT_FROM_REPORTS), results.of(kept, OURS.name, reports)
    if smaller and ours:
        ratio = ours["peak_rss_mb"] / smaller["peak_rss_mb"]
        text = f"peak memory flat in the number of rows (against {FLAT_FROM_REPORTS:,}: at most {FLAT_RATIO} times)"
        yield Aim(text, f"{ratio:.2f} times", ratio <= FLAT_RATIO)


def check_nights(kept: list[Result], reports: int) -> Iterator[Aim]:
    """Yield the aims of Airflow and of the nights after the first load."""
    ours, airflow = results.of(kept, OURS.name, reports), results.of(kept, UNDER_AIRFLOW, reports)
    if ours and airflow:
        ratio = airflow["wall_s"] / ours["wall_s"]
        text = f"under Airflow at most {AIRFLOW_RATIO} times ours without it"
        yield Aim(text, f"{ratio:.1f} times", ratio <= AIRFLOW_RATIO)
    week = results.of(kept, WEEK_LATER, reports)
    if week:
        step_s, share = week["steps"]["all steps"], 100 * week["fetched"] / week["rows"]
        yield Aim(f"a week later: under {WEEK_S} s of steps", f"{step_s:.1f} s", step_s < WEEK_S)
        yield Aim("… fetching under a tenth of the rows", f"{share:.2f} %", share < WEEK_SHARE_PCT)
    quiet = results.of(kept, NOTHING_NEW, reports)
    if quiet:
        step_s, asked = quiet["steps"]["all steps"], quiet["requests"]
        yield Aim(f"nothing new: under {QUIET_S} s of steps", f"{step_s:.2f} s", step_s < QUIET_S)
        yield Aim(f"… in at most {QUIET_REQUESTS} requests", f"{asked} requests", asked <= QUIET_REQUESTS)
