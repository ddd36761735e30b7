"""Run loads in processes of their own that die by SIGKILL at a named place.

Reads a line of JSON a load from standard input, ``{"load_id", "parameters", "point", "batch_rows", "environment"}``, forks a process
that runs it, and writes two lines: its process id, and at its end its exit code (negative: the signal). The program has
imported everything once, so that a load costs no start of Python.
"""

import importlib
import itertools
import json
import os
import signal
import sys
import traceback
from typing import Any

from austin_crime import config, nightly
from austin_crime.load import check, extract, plan, publish, settle, stage  # noqa: F401 (before anything is replaced)
from austin_crime.warehouse import journal, slot  # noqa: F401

# A load that hangs ends itself.
LONGEST_RUN_S = 90


def main() -> None:
    """Run a load a line until there are no more lines."""
    for line in sys.stdin:
        process_id = os.fork()
        if process_id == 0:
            os._exit(run(json.loads(line)))
        tell(process_id)
        tell(os.waitstatus_to_exitcode(os.waitpid(process_id, 0)[1]))


def tell(number: int) -> None:
    """Write a line to who started us."""
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def run(asked: dict[str, Any]) -> int:
    """Run a load; return 1 if it raised."""
    signal.alarm(LONGEST_RUN_S)
    os.environ.update(asked["environment"])
    config.BATCH_ROWS = asked["batch_rows"]
    if asked["point"]:
        die_at(*asked["point"])
    try:
        nightly.run_nightly(asked["load_id"], asked["parameters"], started_by="a test")
    except Exception:
        traceback.print_exc()
        return 1
    return 0


def die_at(module_name: str, function_name: str, when: str, call_number: int) -> None:
    """Have the process killed before or after a call of a function; ``Class.method`` is one, too."""
    *parents, name = function_name.split(".")
    owner: Any = importlib.import_module(f"austin_crime.{module_name}")
    for parent in parents:
        owner = getattr(owner, parent)
    function = getattr(owner, name)
    calls = itertools.count(1)

    def dying(*args: Any, **kwargs: Any) -> Any:
        is_the_call = next(calls) == call_number
        if is_the_call and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = function(*args, **kwargs)
        if is_the_call:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, dying)


if __name__ == "__main__":
    main()
