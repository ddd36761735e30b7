"""The parameters that a person may start a load with, and their validation."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict
from zoneinfo import ZoneInfo

from austin_crime import config, contract
from austin_crime.errors import ParameterError

MONTH_PATTERN = "^[0-9]{4}-(0[1-9]|1[0-2])$"
# The first year of the dataset.
FIRST_YEAR = 2003
ACCEPTABLE = sorted(check.name for check in contract.CHECKS if check.is_acceptable)
# A check's name, with its subject after a colon if it has one.
CHECK_PATTERN = f"^({'|'.join(ACCEPTABLE)})(:.+)?$"
# Shown beside each parameter in Airflow and in Prefect.
DESCRIPTIONS = {
    "full_reload": "Fetch every month in full, even if unchanged.",
    "first_month": "Fetch whole the months of report date from this one (2024-01) on, changed or not.",
    "last_month": "... up to this one (2024-03), included.",
    "accept": "Checks that may fail in this load, as their messages name them (reports_removed).",
    "dry_run": "Ask the portal what is new, show the plan on the page Pipeline and in the log of plan_load, and load nothing.",
}


class Parameters(TypedDict, total=False):
    """The parameters that a person may start a load with."""

    full_reload: bool
    first_month: str | None
    last_month: str | None
    dry_run: bool
    accept: list[str]


def read_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that are set.

    Raises
    ------
    ParameterError
        For an unknown name, or a value of another kind, such as a month that is not written ``2024-05``.
    """
    names = Parameters.__annotations__.keys()
    unknown = parameters.keys() - names
    if unknown:
        raise ParameterError(f"Parameters {', '.join(sorted(unknown))}: expected {', '.join(sorted(names))}.")
    for name in ("full_reload", "dry_run"):
        if not isinstance(parameters.get(name) or False, bool):
            raise ParameterError(f"{name}: expected true or false, got {parameters[name]!r}.")
    for name in ("first_month", "last_month"):
        if parameters.get(name) and not re.search(MONTH_PATTERN, str(parameters[name])):
            raise ParameterError(f"{name}: expected a month such as 2024-05, got {parameters[name]!r}.")
    if (
        parameters.get("first_month")
        and parameters.get("last_month")
        and parameters["first_month"] > parameters["last_month"]
    ):
        raise ParameterError(
            f"first_month {parameters['first_month']} is after last_month {parameters['last_month']}."
        )
    accepted = parameters.get("accept") or []
    if not isinstance(accepted, list) or not all(isinstance(name, str) for name in accepted):
        raise ParameterError(
            f"accept: expected a list of checks such as ['reports_removed'], got {accepted!r}."
        )
    refuse_unknown_names(set(accepted))
    return {name: value for name, value in parameters.items() if value}


def read_json(text: str) -> dict[str, Any]:
    """Return parameters that a person wrote as a JSON object; ParameterError if they are none."""
    try:
        given = json.loads(text)
    except ValueError as error:
        given = error
    if not isinstance(given, dict):
        raise ParameterError(
            f"The parameters are {text!r}: expected a JSON object, such as '{{\"dry_run\": true}}'."
        )
    return given


def known_months() -> list[str]:
    """Return the months of the dataset, the newest first: from this month, in Austin, back to 2003-01."""
    now = datetime.now(ZoneInfo(config.TIME_ZONE))
    months = (now.year - FIRST_YEAR) * 12 + now.month
    return [f"{FIRST_YEAR + number // 12}-{number % 12 + 1:02}" for number in reversed(range(months))]


def refuse_unknown_names(accepted: set[str]) -> None:
    """Raise ParameterError for names in ``accept`` that are not acceptable checks."""
    unknown = {name for name in accepted if name.split(":")[0] not in ACCEPTABLE}
    if unknown:
        raise ParameterError(
            f"accept names {', '.join(sorted(unknown))}; expected one of {', '.join(ACCEPTABLE)},"
            " with its subject after a colon if it has one."
        )
