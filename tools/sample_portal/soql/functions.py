"""SoQL's functions: which arguments each takes, what it gives, and how DuckDB says it.

SOURCE: https://dev.socrata.com/docs/functions/
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlglot import exp

from sample_portal.data.datasets import Kind

Build = Callable[[Sequence[exp.Expr]], exp.Expr]
Kinds = frozenset[Kind]

NUMBER: Kinds = frozenset({"number"})
TEXT: Kinds = frozenset({"text"})
_CHECKBOX: Kinds = frozenset({"checkbox"})
_TIME: Kinds = frozenset({"floating_timestamp", "fixed_timestamp"})
_COUNTED: Kinds = frozenset(
    {"number", "text", "checkbox", "floating_timestamp", "fixed_timestamp", "row_identifier", "row_version"}
)
_ANY: Kinds = _COUNTED | {"location", "multipolygon"}


@dataclass(frozen=True)
class Function:
    """A function; ``result`` None means the kind of its argument at ``same_as``."""

    arguments: tuple[Kinds, ...]
    build: Build
    result: Kind | None = None
    same_as: int = 0
    is_aggregate: bool = False
    # The last arguments, as many as `repeats`, may come again and again.
    repeats: int = 0
    optional: int = 0

    def kinds_for(self, count: int) -> tuple[Kinds, ...] | None:
        """Return the kinds that so many arguments must have; None if it takes another number."""
        least = len(self.arguments) - self.optional
        if least <= count <= len(self.arguments):
            return self.arguments[:count]
        extra = count - len(self.arguments)
        if self.repeats and extra > 0 and extra % self.repeats == 0:
            return self.arguments + self.arguments[-self.repeats :] * (extra // self.repeats)
        return None


def _call(name: str, *before: exp.Expr) -> Build:
    """Return what calls a function of DuckDB, with some arguments before those of SoQL."""
    return lambda arguments: exp.Anonymous(this=name, expressions=[*before, *arguments])


def _truncate(unit: str) -> Function:
    """Return a ``date_trunc`` to a unit; it gives a floating timestamp also of a fixed one."""
    cut = _call("date_trunc", exp.Literal.string(unit))
    return Function((_TIME,), lambda arguments: exp.cast(cut(arguments), "timestamp"), "floating_timestamp")


def extract(unit: str) -> Function:
    """Return a ``date_extract`` of a unit."""
    return Function((_TIME,), _call("date_part", exp.Literal.string(unit)), "number")


def _aggregate(name: str, kinds: Kinds, result: Kind | None = None, optional: int = 0) -> Function:
    """Return an aggregate of one argument."""
    return Function((kinds,), _call(name), result, is_aggregate=True, optional=optional)


def _build_case(arguments: Sequence[exp.Expr]) -> exp.Expr:
    """Build ``case when a then b ... end`` from conditions and values in turn."""
    pairs = zip(arguments[::2], arguments[1::2], strict=True)
    return exp.Case(ifs=[exp.If(this=condition, true=value) for condition, value in pairs])


FUNCTIONS: dict[str, Function] = {
    "date_trunc_y": _truncate("year"),
    "date_trunc_ym": _truncate("month"),
    "date_trunc_ymd": _truncate("day"),
    "date_extract_y": extract("year"),
    "date_extract_m": extract("month"),
    "date_extract_d": extract("day"),
    "date_extract_dow": extract("dow"),
    "date_extract_woy": extract("week"),
    "date_extract_hh": extract("hour"),
    "date_extract_mm": extract("minute"),
    "date_extract_ss": extract("second"),
    "lower": Function((TEXT,), _call("lower"), "text"),
    "upper": Function((TEXT,), _call("upper"), "text"),
    "trim": Function((TEXT,), _call("trim"), "text"),
    "length": Function((TEXT,), _call("length"), "number"),
    "starts_with": Function((TEXT, TEXT), _call("starts_with"), "checkbox"),
    "contains": Function((TEXT, TEXT), _call("contains"), "checkbox"),
    "concat": Function((TEXT, TEXT), _call("concat"), "text", repeats=1),
    "substring": Function((TEXT, NUMBER, NUMBER), _call("substring"), "text", optional=1),
    "replace": Function((TEXT, TEXT, TEXT), _call("replace"), "text"),
    "abs": Function((NUMBER,), _call("abs"), "number"),
    "ceil": Function((NUMBER,), _call("ceil"), "number"),
    "floor": Function((NUMBER,), _call("floor"), "number"),
    "round": Function((NUMBER, NUMBER), _call("round"), "number", optional=1),
    "greatest": Function((_COUNTED, _COUNTED), _call("greatest"), repeats=1),
    "least": Function((_COUNTED, _COUNTED), _call("least"), repeats=1),
    "coalesce": Function((_ANY, _ANY), _call("coalesce"), repeats=1),
    "case": Function((_CHECKBOX, _ANY), _build_case, same_as=1, repeats=2),
    "count": _aggregate("count", _ANY, "number"),
    "sum": _aggregate("sum", NUMBER, "number"),
    "avg": _aggregate("avg", NUMBER, "number"),
    "median": _aggregate("median", NUMBER, "number"),
    "stddev_pop": _aggregate("stddev_pop", NUMBER, "number"),
    "stddev_samp": _aggregate("stddev_samp", NUMBER, "number"),
    "min": _aggregate("min", _COUNTED),
    "max": _aggregate("max", _COUNTED),
}
