"""SoQL's functions: which arguments each takes, what it gives, and how DuckDB says it.

SOURCE: https://dev.socrata.com/docs/functions/
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlglot import exp

from sample_portal.datasets import Kind

Build = Callable[[Sequence[exp.Expr]], exp.Expr]
Kinds = frozenset[Kind]

NUMBER: Kinds = frozenset({"number"})
TEXT: Kinds = frozenset({"text"})
CHECKBOX: Kinds = frozenset({"checkbox"})
TIME: Kinds = frozenset({"floating_timestamp", "fixed_timestamp"})
COUNTED: Kinds = frozenset(
    {"number", "text", "checkbox", "floating_timestamp", "fixed_timestamp", "row_identifier", "row_version"}
)
ANY: Kinds = COUNTED | {"location", "multipolygon"}


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


def call(name: str, *before: exp.Expr) -> Build:
    """Return what calls a function of DuckDB, with some arguments before those of SoQL."""
    return lambda arguments: exp.Anonymous(this=name, expressions=[*before, *arguments])


def truncate(unit: str) -> Function:
    """Return a ``date_trunc`` to a unit; it gives a floating timestamp also of a fixed one."""
    cut = call("date_trunc", exp.Literal.string(unit))
    return Function((TIME,), lambda arguments: exp.cast(cut(arguments), "timestamp"), "floating_timestamp")


def extract(unit: str) -> Function:
    """Return a ``date_extract`` of a unit."""
    return Function((TIME,), call("date_part", exp.Literal.string(unit)), "number")


def aggregate(name: str, kinds: Kinds, result: Kind | None = None, optional: int = 0) -> Function:
    """Return an aggregate of one argument."""
    return Function((kinds,), call(name), result, is_aggregate=True, optional=optional)


def build_case(arguments: Sequence[exp.Expr]) -> exp.Expr:
    """Build ``case when a then b ... end`` from conditions and values in turn."""
    pairs = zip(arguments[::2], arguments[1::2], strict=True)
    return exp.Case(ifs=[exp.If(this=condition, true=value) for condition, value in pairs])


FUNCTIONS: dict[str, Function] = {
    "date_trunc_y": truncate("year"),
    "date_trunc_ym": truncate("month"),
    "date_trunc_ymd": truncate("day"),
    "date_extract_y": extract("year"),
    "date_extract_m": extract("month"),
    "date_extract_d": extract("day"),
    "date_extract_dow": extract("dow"),
    "date_extract_woy": extract("week"),
    "date_extract_hh": extract("hour"),
    "date_extract_mm": extract("minute"),
    "date_extract_ss": extract("second"),
    "lower": Function((TEXT,), call("lower"), "text"),
    "upper": Function((TEXT,), call("upper"), "text"),
    "trim": Function((TEXT,), call("trim"), "text"),
    "length": Function((TEXT,), call("length"), "number"),
    "starts_with": Function((TEXT, TEXT), call("starts_with"), "checkbox"),
    "contains": Function((TEXT, TEXT), call("contains"), "checkbox"),
    "concat": Function((TEXT, TEXT), call("concat"), "text", repeats=1),
    "substring": Function((TEXT, NUMBER, NUMBER), call("substring"), "text", optional=1),
    "replace": Function((TEXT, TEXT, TEXT), call("replace"), "text"),
    "abs": Function((NUMBER,), call("abs"), "number"),
    "ceil": Function((NUMBER,), call("ceil"), "number"),
    "floor": Function((NUMBER,), call("floor"), "number"),
    "round": Function((NUMBER, NUMBER), call("round"), "number", optional=1),
    "greatest": Function((COUNTED, COUNTED), call("greatest"), repeats=1),
    "least": Function((COUNTED, COUNTED), call("least"), repeats=1),
    "coalesce": Function((ANY, ANY), call("coalesce"), repeats=1),
    "case": Function((CHECKBOX, ANY), build_case, same_as=1, repeats=2),
    "count": aggregate("count", ANY, "number"),
    "sum": aggregate("sum", NUMBER, "number"),
    "avg": aggregate("avg", NUMBER, "number"),
    "median": aggregate("median", NUMBER, "number"),
    "stddev_pop": aggregate("stddev_pop", NUMBER, "number"),
    "stddev_samp": aggregate("stddev_samp", NUMBER, "number"),
    "min": aggregate("min", COUNTED),
    "max": aggregate("max", COUNTED),
}
