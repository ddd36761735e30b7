"""Steps of a start that depend on one another, run side by side where they do not."""

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from graphlib import TopologicalSorter


@dataclass(frozen=True)
class Step:
    """Something to do, after others are done.

    Parameters
    ----------
    name
        What people read.
    run
        Does it; may return a word on what it did.
    after
        Names of the steps that come first.
    """

    name: str
    run: Callable[[], str | None]
    after: tuple[str, ...] = ()


def run_all(steps: list[Step], tell: Callable[[str], None]) -> None:
    """Run all steps, each as soon as those before it are done, and tell of each how long it took.

    Raises
    ------
    ValueError
        If steps wait for each other (graphlib.CycleError) or for one that there is not; nothing is run.
    Exception
        The first that a step raises, after those that run have ended; no further step is begun.
    """
    by_name, order = {step.name: step for step in steps}, _order(steps)
    with ThreadPoolExecutor(max_workers=max(len(steps), 1)) as pool:
        running: dict[Future[str | None], tuple[Step, float]] = {}
        while order.is_active():
            for name in order.get_ready():
                running[pool.submit(by_name[name].run)] = (by_name[name], time.monotonic())
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                step, started_at = running.pop(future)
                word = future.result()
                tell(f"{step.name}{f': {word}' if word else ''} ({time.monotonic() - started_at:.1f} s)")
                order.done(step.name)


def _order(steps: list[Step]) -> TopologicalSorter[str]:
    """Return the order of steps, ready to be gone through."""
    order = TopologicalSorter({step.name: step.after for step in steps})
    order.prepare()
    names = {step.name for step in steps}
    for step in steps:
        unknown = sorted(set(step.after) - names)
        if unknown:
            raise ValueError(f"The step {step.name!r} comes after {unknown}: there is no step of that name.")
    return order
