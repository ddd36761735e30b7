"""Reading without a login: the switch SUPERSET_ANONYMOUS_READING, and the role that everybody has then."""

import os

ROLE = "Austin crime public"


def is_allowed() -> bool:
    """Return whether people read dashboards and the public edition without a login; not where the switch is not set.

    Raises
    ------
    SystemExit
        If it says neither yes nor no.
    """
    value = os.environ.get("SUPERSET_ANONYMOUS_READING") or "no"
    if value not in ("yes", "no"):
        raise SystemExit(f"SUPERSET_ANONYMOUS_READING is {value!r}: expected yes or no.")
    return value == "yes"
