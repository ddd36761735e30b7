"""What came of the sizes, as a page: figures, fitted exponents, and what a hundred times as many reports would need."""

import json
import math
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.markdown import table

ROOT = Path(__file__).parents[2]
RESULTS = Path(__file__).with_name("growth.json")
PAGE, PICTURE = ROOT / "docs" / "growth.md", ROOT / "docs" / "images" / "growth.png"
METHOD = Path(__file__).with_name("growth.md")
# The city's history, ten and a hundred times; the last is computed.
HISTORY, COMPUTED = 2_615_000, 261_500_000
MONTHS = 269
# An exponent over this grows faster than the data.
LINEAR = 1.05
FEWEST_SIZES = 3
HALF_AN_HOUR_S = 1800
# Memory of a process that cleans a batch, and of each million of reports in it; measured with batches of several sizes.
BASE_GB, GB_PER_MILLION = 0.215, 1.7
HUNDREDFOLD = Path(__file__).with_name("hundredfold.md").read_text()

Size = dict[str, Any]
MEASURES: dict[str, tuple[str, Callable[[Size], float]]] = {
    "first load": ("s", lambda size: size["first_load"]["wall_s"]),
    "… CPU of the load": ("s", lambda size: size["first_load"]["cpu_s"]),
    "… CPU of PostgreSQL": ("s", lambda size: size["first_load"]["postgres_cpu_s"]),
    "… publishing, one transaction": ("s", lambda size: size["first_load"]["steps"]["publish"]),
    "… peak memory of the load": ("MB", lambda size: size["first_load"]["peak_rss_mb"]),
    "a week later": ("s", lambda size: size["week"]["steps"]["all steps"]),
    "… reports fetched": ("", lambda size: size["week"]["fetched"]),
    "a night with nothing new": ("s", lambda size: size["quiet"]["steps"]["all steps"]),
    "warehouse on disk": ("MB", lambda size: size["bytes"]["warehouse"] / 1e6),
    "… mart.crimes with indexes": ("MB", lambda size: size["bytes"]["reports"] / 1e6),
    "… aggregates": ("MB", lambda size: size["bytes"]["aggregates"] / 1e6),
    "landing of the first load": ("MB", lambda size: size["bytes"]["landing"] / 1e6),
    "slowest chart, uncached": ("s", lambda size: max(size["charts"].values())),
    "median chart, uncached": ("s", lambda size: statistics.median(size["charts"].values())),
    "slowest request of a page": ("s", lambda size: max(size["pages"].values())),
}


def read() -> list[Size]:
    """Return the sizes measured so far, the smallest first."""
    sizes: list[Size] = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    return sizes


def keep(found: Size) -> None:
    """Keep a size, in the place of an earlier one."""
    sizes = [size for size in read() if size["reports"] != found["reports"]] + [found]
    RESULTS.write_text(json.dumps(sorted(sizes, key=lambda size: size["reports"]), indent=1) + "\n")


def write() -> None:
    """Write the page."""
    PAGE.write_text(page(read(), METHOD.read_text()))


def page(sizes: list[Size], method: str) -> str:
    """Return the page."""
    parts = [
        "# Growth\n\nWritten by `make growth`; the figures are in tools/benchmarks/growth.json. Invented reports, no network.",
        "\n".join(f"{size['reports']:,} reports: {size['machine']}" for size in sizes),
        f"![Each measure against the number of reports]({PICTURE.relative_to(PAGE.parent)})",
        "## Measured, and how it grows\n\n" + table(titles(sizes), list(rows(sizes))),
        *hundredfold(sizes),
        "## The slowest charts and requests\n\n" + table(["reports", "slowest", "s"], list(slowest(sizes))),
        "## The steps\n\n" + table(["reports", "load", "seconds by step"], list(steps(sizes))),
        method.strip(),
    ]
    return "\n\n".join(parts) + "\n"


def titles(sizes: list[Size]) -> list[str]:
    """Return the titles of the table of measures."""
    measured = [f"{size['reports']:,}" for size in sizes]
    return ["", *measured, "power, all sizes", "power, last two", f"{COMPUTED:,} (computed)"]


def rows(sizes: list[Size]) -> Iterator[list[str]]:
    """Yield a row for each measure: its figures, its exponents over all sizes and between the last two, and the figure computed with the latter."""
    for name, (unit, value) in MEASURES.items():
        figures = [value(size) for size in sizes]
        shown = [number(figure, unit) for figure in figures]
        if len(sizes) < 2:
            yield [name, *shown, "", "", ""]
            continue
        power, _ = fit(sizes, value)
        last_power, factor = fit(sizes[-2:], value)
        mark = " **faster than the data**" if last_power > LINEAR else ""
        yield [
            name,
            *shown,
            f"{power:.2f}",
            f"{last_power:.2f}{mark}",
            number(factor * COMPUTED**last_power, unit),
        ]


def hundredfold(sizes: list[Size]) -> Iterator[str]:
    """Yield what a hundred times the history would need, if there are sizes enough to compute it from."""
    if len(sizes) < FEWEST_SIZES:
        return

    def at(name: str) -> float:
        power, factor = fit(sizes[-2:], MEASURES[name][1])
        computed: float = factor * COMPUTED**power
        return computed

    month = COMPUTED / MONTHS
    yield HUNDREDFOLD.format(
        history=COMPUTED / HISTORY,
        load_min=at("first load") / 60,
        workers=math.ceil(at("… CPU of the load") / HALF_AN_HOUR_S / 2),
        load_cpu_min=at("… CPU of the load") / 60,
        postgres_cpu_min=at("… CPU of PostgreSQL") / 60,
        publish_min=at("… publishing, one transaction") / 60,
        month=month,
        batch_gb=BASE_GB + GB_PER_MILLION * month / 1e6,
        week_s=at("a week later"),
        week_fetched=at("… reports fetched"),
        quiet_s=at("a night with nothing new"),
        disk_gb=at("warehouse on disk") / 1000,
        with_staging_gb=2.5 * at("warehouse on disk") / 1000,
        landing_gb=at("landing of the first load") / 1000,
        chart_s=at("slowest chart, uncached"),
        median_s=at("median chart, uncached"),
        request_s=at("slowest request of a page"),
    )


def fit(sizes: list[Size], value: Callable[[Size], float]) -> tuple[float, float]:
    """Return exponent and factor of the power law that fits best, by least squares of logarithms."""
    line = statistics.linear_regression(
        [math.log(size["reports"]) for size in sizes], [math.log(value(size)) for size in sizes]
    )
    return line.slope, math.exp(line.intercept)


def number(figure: float, unit: str) -> str:
    """Return a figure with its unit, with three digits."""
    digits = 0 if figure >= 100 or not unit else 1 if figure >= 10 else 2
    return f"{figure:,.{digits}f} {unit}".strip()


def slowest(sizes: list[Size]) -> Iterator[list[str]]:
    """Yield the three slowest charts and requests of each size."""
    for size in sizes:
        for kind in ("charts", "pages"):
            found = sorted(size[kind].items(), key=lambda item: -item[1])[:3]
            shown = ", ".join(f"{name} {took:.3f}" for name, took in found)
            yield [f"{size['reports']:,}", kind, shown]


def steps(sizes: list[Size]) -> Iterator[list[str]]:
    """Yield the seconds by step of each load."""
    for size in sizes:
        for name, key in (("first load", "first_load"), ("a week later", "week")):
            shown = ", ".join(f"{step} {took:.1f}" for step, took in size[key]["steps"].items())
            yield [f"{size['reports']:,}", name, shown]
