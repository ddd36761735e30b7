"""The plot of memory and disk, night after night; a program of its own, as matplotlib is in the benchmark's environment.

``python -m benchmarks.soak_plot <results> <picture>`` writes it.
"""

import json
import sys
from pathlib import Path

import matplotlib as mpl


def main(results: Path, picture: Path) -> None:
    """Draw the picture."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    nights = json.loads(results.read_text())["nights"]
    figure, panels = plt.subplots(1, 2, figsize=(11, 4.5))
    titles = {"memory_mb": "Memory, MB", "disk_mb": "Disk, MB"}
    for axes, (kind, title) in zip(panels, titles.items(), strict=True):
        for name in nights[0][kind]:
            axes.plot(
                [night["night"] for night in nights],
                [night[kind].get(name) for night in nights],
                marker=".",
                label=name.replace("_", " "),
            )
        axes.set(title=title, xlabel="night", ylim=(0, None))
        axes.grid(visible=True, alpha=0.3)
        axes.legend(fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=2)
    # Without its software's name and version the picture is the same for the same results.
    figure.savefig(picture, dpi=110, bbox_inches="tight", metadata={"Software": None})


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
