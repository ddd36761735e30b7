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
    """Run the flow with the parameters given as JSON, say in a sentence what came of it, and end with 1 if it failed."""
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
        sys.exit("\nInterrupted. Readers see what was published last.")
    print(f"\n{state.message}", flush=True)
    sys.exit(0 if state.is_completed() else 1)


def _give_up(number: int, frame: Any) -> NoReturn:
    """Free the slot at once: Prefect tells its hooks only when every batch under way has ended.

    Those end at their next word with the portal, because their load is no longer the running one.
    """
    if FlowRunContext.get():
        print("\nInterrupted: waiting for the batches under way.", file=sys.stderr, flush=True)
        steps.fail_load(runs.load_id(), "Interrupted by a person.")
    raise KeyboardInterrupt
