"""The portal's refusals, body by body.

There are two envelopes: the query engine speaks of ``errorCode``, the servers before it of ``code`` and ``error``.
SOURCE: https://dev.socrata.com/docs/response-codes.html and answers quoted in public repositories.
"""

import json
from dataclasses import dataclass
from typing import Any


class PortalFault(Exception):
    """The sample portal cannot do what it was started for; the message says what to do."""


@dataclass(frozen=True)
class Place:
    """Where in a query something is wrong: the query as the engine writes it, and the column, counted from 1."""

    query: str
    column: int

    @property
    def line(self) -> str:
        """The query with a caret below the place."""
        return f"{self.query}\n{' ' * (self.column - 1)}^"


class Refused(Exception):
    """An answer other than 200; ``body`` is sent as it is."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(body)
        self.status = status
        self.body = body


def _engine_error(code: str, message: str, place: Place, **data: str) -> Refused:
    """Return a refusal of the query engine, ``query.soql.<code>``.

    Parameters
    ----------
    data
        What the message names, such as ``column``.
    """
    position = f"Map(row -> 1, column -> {place.column}, line -> {json.dumps(place.line)})"
    body = {
        "message": f"Query coordinator error: query.soql.{code}; {message}; position: {position}",
        "errorCode": f"query.soql.{code}",
        "data": {
            **data,
            "dataset": "foxtrot.7116",
            "position": {"row": 1, "column": place.column, "line": place.line},
        },
    }
    return Refused(400, to_json(body))


def no_such_column(name: str, place: Place) -> Refused:
    """Return the answer to a name that is no column and no alias."""
    return _engine_error("no-such-column", f"No such column: {name}", place, column=name)


def no_such_function(name: str, place: Place) -> Refused:
    """Return the answer to a function that SoQL does not have."""
    return _engine_error("no-such-function", f"No such function '{name}'", place, function=name)


def type_mismatch(function: str, kind: str, place: Place) -> Refused:
    """Return the answer to an argument of the wrong type."""
    return _engine_error(
        "type-mismatch",
        f"Type mismatch for {function}, is {kind}",
        place,
        functionName=function,
        typeName=kind,
    )


def not_in_group(name: str, place: Place) -> Refused:
    """Return the answer to a column that is neither grouped by nor aggregated."""
    return _engine_error("column-not-in-group-bys", f"Column `{name}' not in group bys", place, column=name)


def aggregate_out_of_place(function: str, place: Place) -> Refused:
    """Return the answer to an aggregate in a condition on single rows."""
    message = f"Aggregate function `{function}' in ungrouped context"
    return _engine_error("aggregate-in-ungrouped-context", message, place, function=function, clause="WHERE")


def duplicate_alias(name: str, place: Place) -> Refused:
    """Return the answer to a name given twice."""
    return _engine_error("duplicate-alias", f"Duplicate alias {name}", place, name=name)


def malformed(query: str, line: int, character: int, expectation: str) -> Refused:
    """Return the answer to a query that does not parse."""
    message = f'Could not parse SoQL query "{query}" at line {line} character {character}: {expectation}'
    return front_error(400, "query.compiler.malformed", message, query=query)


def unrecognized(names: list[str]) -> Refused:
    """Return the answer to parameters that are neither clauses nor columns; its spacing is the portal's."""
    message = json.dumps(f"Unrecognized arguments [{', '.join(names)}]")
    return Refused(400, f'{{"error" : true,"message" : {message}}}')


def bad_number(name: str, value: str) -> Refused:
    """Return the answer to a limit or offset that is no whole number."""
    return front_error(400, "req.bad-request", f"{name}: expected a whole number, got {value}")


def dataset_missing(dataset_id: str) -> Refused:
    """Return the answer to an unknown dataset."""
    return front_error(404, "dataset.missing", "Not found", id=dataset_id)


def invalid_token() -> Refused:
    """Return the answer to an unknown app token, although none is needed."""
    return Refused(
        403, to_json({"code": "permission_denied", "error": True, "message": "Invalid app_token specified"})
    )


def front_error(status: int, code: str, message: str, **data: str) -> Refused:
    """Return a refusal of the servers before the query engine."""
    body: dict[str, Any] = {"code": code, "error": True, "message": message}
    return Refused(status, to_json({**body, "data": data} if data else body))


def to_json(body: object) -> str:
    """Write JSON without spaces, as the portal does."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)
