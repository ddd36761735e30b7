"""Steps of a start that depend on one another, run side by side where they do not."""

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass


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
    Exception
        The first that a step raises, after those that run have ended; no further step is begun.
    """
    waiting, done = list(steps), set[str]()
    with ThreadPoolExecutor(max_workers=len(steps)) as pool:
        running: dict[Future[str | None], tuple[Step, float]] = {}
        while waiting or running:
            for step in [step for step in waiting if done.issuperset(step.after)]:
                waiting.remove(step)
                running[pool.submit(step.run)] = (step, time.monotonic())
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                step, began = running.pop(future)
                word = future.result()
                tell(f"{step.name}{f': {word}' if word else ''} ({time.monotonic() - began:.1f} s)")
                done.add(step.name)
