"""``python -m benchmarks [reports]``: measure all sizes, or one, and write results.json and docs/benchmarks.md."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from types import FrameType

from benchmarks import machine, measure, one_size, readme, report, results
from benchmarks.errors import BenchmarkError
from benchmarks.results import Result
from benchmarks.surroundings import PATHS, ROOT, surroundings
from local_stack.errors import StackError

SIZES = (10_000, 100_000, 200_000, 1_000_000, 2_615_000)


def main(words: list[str]) -> int:
    """Measure; results are written after each size."""
    written = f"{report.PAGE.relative_to(ROOT)} and {results.PATH.relative_to(ROOT)}"
    return measure_each(words, SIZES, lambda reports: write(measure_size(reports)), written)


def measure_each(
    words: list[str], sizes: tuple[int, ...], measure_and_write: Callable[[int], None], written: str
) -> int:
    """Measure sizes, or the one that is named, one after the other; return the exit code."""
    signal.signal(signal.SIGTERM, interrupt)
    try:
        for reports in read_sizes(words, sizes):
            measure_and_write(reports)
    except (BenchmarkError, StackError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; sizes that were finished are written.", file=sys.stderr)
        return 130
    print(f"Written: {written}")
    return 0


def interrupt(_: int, __: FrameType | None) -> None:
    """End as on Ctrl-C, so that servers and folders go."""
    raise KeyboardInterrupt


def read_sizes(words: list[str], sizes: tuple[int, ...] = SIZES) -> tuple[int, ...]:
    """Return the sizes to measure."""
    if not words or not words[0]:
        return sizes
    text = words[0].replace(",", "").replace("_", "")
    if not text.isdigit():
        raise BenchmarkError(f"REPORTS is {words[0]!r}: expected a number from 1,000 to {sizes[-1]:,}.")
    return (int(text),)


def measure_size(reports: int) -> list[Result]:
    """Measure one size and return its results."""
    began = time.monotonic()

    def tell(text: str) -> None:
        print(f"{time.monotonic() - began:7.1f} s  {text}", flush=True)

    print(f"{reports:,} reports", flush=True)
    with surroundings(reports) as where:
        # Before anything is measured: a machine that others use tells wrong times.
        of_all = {"machine": machine.describe(where), "commit": machine.commit()}
        return [result | of_all for result in one_size.measure_size(where, tell)]


def write(found: list[Result]) -> None:
    """Write what was measured now and before, as figures, text and picture."""
    kept = results.merge(results.read(), found)
    results.write(kept)
    report.write(kept)
    readme.write(kept)
    plot = [measure.python("benchmark"), "-m", "benchmarks.plot", str(report.PICTURE)]
    subprocess.run(plot, env=os.environ | PATHS, check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
