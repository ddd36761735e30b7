"""The plot of time against rows; a program of its own, as matplotlib is in the benchmark's environment.

``python -m benchmarks.plot <picture>`` writes it.
"""

import sys
from pathlib import Path

import matplotlib as mpl

from benchmarks import results
from benchmarks.results import Result

STYLES = {
    "floor": ("#7f7f7f", "s"),
    "ours": ("#1f77b4", "o"),
    "ours under Airflow": ("#17becf", "D"),
    "csv_copy": ("#2ca02c", "^"),
    "to_sql": ("#ff7f0e", "v"),
    "dlt": ("#d62728", "x"),
}


def main(picture: Path) -> None:
    """Draw the picture."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    kept = results.read()
    figure, axes = plt.subplots(figsize=(8, 5))
    for name, (color, marker) in STYLES.items():
        measured, extrapolated = points(kept, name)
        axes.plot(*measured, color=color, marker=marker, label=name)
        if extrapolated[0]:
            joined = [[*known[-1:], *further] for known, further in zip(measured, extrapolated, strict=True)]
            axes.plot(*joined, color=color, marker=marker, markerfacecolor="white", linestyle="--")
    axes.plot([], [], color="black", linestyle="--", label="extrapolated")
    axes.set(xscale="log", yscale="log", xlabel="reports", ylabel="seconds", title="First load")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:,g}")
        axis.set_minor_formatter("")
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend()
    # Without its software's name and version the picture is the same for the same results.
    figure.savefig(picture, dpi=110, bbox_inches="tight", metadata={"Software": None})


def points(kept: list[Result], name: str) -> tuple[list[list[float]], list[list[float]]]:
    """Return reports and seconds of a contender, measured and extrapolated."""
    own = sorted(
        (result for result in kept if result["contender"] == name), key=lambda result: result["reports"]
    )
    chosen = ([each for each in own if each["is_extrapolated"] is wanted] for wanted in (False, True))
    measured, extrapolated = (
        [[each["reports"] for each in some], [each["wall_s"] for each in some]] for some in chosen
    )
    return measured, extrapolated


if __name__ == "__main__":
    main(Path(sys.argv[1]))
