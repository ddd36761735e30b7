"""What a person may ask of a load, and whether it makes sense."""

import re
from collections.abc import Mapping
from typing import Any, TypedDict

from austin_crime import check


class Parameters(TypedDict, total=False):
    """What a person may ask of a load."""

    full_reload: bool
    first_month: str | None
    last_month: str | None
    dry_run: bool
    accept: list[str]


def read_parameters(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that were given; ValueError says what is wrong with one.

    Raises
    ------
    ValueError
        For an unknown name, or a month that is not written ``2024-05``.
    """
    names = Parameters.__annotations__.keys()
    unknown = given.keys() - names
    if unknown:
        raise ValueError(f"parameters {', '.join(sorted(unknown))}: expected {', '.join(sorted(names))}")
    for name in ("first_month", "last_month"):
        if given.get(name) and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", given[name]):
            raise ValueError(f"{name}: expected a month such as 2024-05, came {given[name]!r}")
    if given.get("first_month") and given.get("last_month") and given["first_month"] > given["last_month"]:
        raise ValueError(f"first_month {given['first_month']} is after last_month {given['last_month']}")
    check.refuse_unknown_names(set(given.get("accept") or []))
    return {name: value for name, value in given.items() if value}
