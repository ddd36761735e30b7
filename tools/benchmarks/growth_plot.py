"""The plot of growth; a program of its own, as matplotlib is in the benchmark's environment.

``python -m benchmarks.growth_plot <picture>`` writes it.
"""

import sys
from pathlib import Path

import matplotlib as mpl

from benchmarks import growth_page

PANELS = {
    "Seconds": (
        "first load",
        "… publishing, one transaction",
        "a week later",
        "a night with nothing new",
        "slowest chart, uncached",
        "median chart, uncached",
        "slowest request of a page",
    ),
    "MB": (
        "warehouse on disk",
        "landing of the first load",
        "… aggregates",
        "… peak memory of the load",
    ),
}


def main(picture: Path) -> None:
    """Draw the picture."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    sizes = growth_page.read()
    reports = [size["reports"] for size in sizes]
    figure, panels = plt.subplots(1, 2, figsize=(12, 5))
    for axes, (unit, names) in zip(panels, PANELS.items(), strict=True):
        for name in names:
            _, value = growth_page.MEASURES[name]
            axes.plot(reports, [value(size) for size in sizes], marker="o", label=name.lstrip("… "))
        axes.set(xscale="log", yscale="log", xlabel="reports", title=unit)
        axes.set_xticks(reports, [f"{n / 1e6:g} M" for n in reports])
        axes.set_xticks([], minor=True)
        axes.yaxis.set_major_formatter("{x:,g}")
        axes.grid(visible=True, which="major", alpha=0.3)
        axes.legend(fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=2)
    # Without its software's name and version the picture is the same for the same results.
    figure.savefig(picture, dpi=110, bbox_inches="tight", metadata={"Software": None})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
