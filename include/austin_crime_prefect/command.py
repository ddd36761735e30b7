"""Run the flow once from a shell; the only module here that prints."""

import json
import sys
from typing import Any, NoReturn


def run_once(flow: Any) -> NoReturn:
    """Run the flow with the parameters given as JSON, say in a sentence what came of it, and end with 1 if it failed."""
    text = sys.argv[1] if len(sys.argv) > 1 else "{}"
    try:
        parameters = json.loads(text)
    except json.JSONDecodeError as error:
        sys.exit(f"The parameters are {text!r}: expected JSON, such as '{{\"dry_run\": true}}' ({error}).")
    state = flow(parameters=parameters, return_state=True)
    print(f"\n{state.message}", flush=True)
    sys.exit(0 if state.is_completed() else 1)
