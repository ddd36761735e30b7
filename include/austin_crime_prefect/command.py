"""Run the flow once from a shell; the only module here that prints."""

import json
import signal
import sys
from typing import Any, NoReturn

from prefect.context import FlowRunContext

from austin_crime import config, steps
from austin_crime.errors import SettingError
from austin_crime_prefect import runs


def run_once(flow: Any) -> NoReturn:
    """Run the flow with parameters in JSON from the command line, print its outcome, and exit with 1 if it failed."""
    try:
        config.check()
    except SettingError as error:
        sys.exit(str(error))
    text = sys.argv[1] if len(sys.argv) > 1 else "{}"
    try:
        parameters = json.loads(text)
    except json.JSONDecodeError as error:
        sys.exit(f"The parameters are {text!r}: expected JSON, such as '{{\"dry_run\": true}}' ({error}).")
    signal.signal(signal.SIGINT, _give_up)
    try:
        state = flow(parameters=parameters, return_state=True)
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. Readers keep the version published last.")
    print(f"\n{state.message}", flush=True)
    sys.exit(0 if state.is_completed() else 1)


def _give_up(number: int, frame: Any) -> NoReturn:
    """Free the slot at once: Prefect calls its hooks only after every running batch has ended.

    Those end at the portal's next answer, because their load is no longer the running one.
    """
    if FlowRunContext.get():
        print("\nInterrupted: waiting for the running batches to end.", file=sys.stderr, flush=True)
        steps.fail_load(runs.load_id(), "Interrupted by a person.")
    raise KeyboardInterrupt
