"""The clauses of a query, parsed: of a request's parameters, or of a query in one piece."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from sample_portal import errors
from sample_portal.soql import dialect

_DEFAULT_LIMIT = 1000
NAMES = ("$select", "$where", "$group", "$having", "$order", "$limit", "$offset", "$q", "$query")
_OTHER_CLAUSES = ("where", "group", "having", "order", "limit", "offset")


@dataclass
class Clauses:
    """A query in its parts, as trees of SoQL."""

    select: list[exp.Expr]
    is_distinct: bool = False
    where: exp.Expr | None = None
    group: list[exp.Expr] = field(default_factory=list)
    having: exp.Expr | None = None
    order: list[exp.Expr] = field(default_factory=list)
    limit: int = _DEFAULT_LIMIT
    offset: int = 0


def read_clauses(parameters: Mapping[str, str]) -> Clauses:
    """Parse the clauses of a request; ``$query`` is all of them in one."""
    whole = quote(parameters)
    if "$query" in parameters:
        return _read_whole(parameters["$query"], whole)

    def parse(name: str, kind: type[exp.Expr]) -> exp.Expr | None:
        return dialect.parse(parameters[name], kind, whole) if parameters.get(name, "").strip() else None

    selected = _read_select(parameters.get("$select", "").strip() or "*", whole)
    grouped = parse("$group", exp.Tuple)
    ordered = parse("$order", exp.Order)
    return Clauses(
        select=selected.expressions,
        is_distinct=selected.args.get("distinct") is not None,
        where=parse("$where", exp.Condition),
        group=grouped.expressions if grouped else [],
        having=parse("$having", exp.Condition),
        order=ordered.expressions if ordered else [],
        limit=_whole_number("$limit", parameters.get("$limit"), _DEFAULT_LIMIT),
        offset=_whole_number("$offset", parameters.get("$offset"), 0),
    )


def _read_select(text: str, whole: str) -> exp.Select:
    """Parse a select list; other clauses do not belong into it."""
    tree = dialect.parse(f"select {text}", None, whole)
    others = [name for name in _OTHER_CLAUSES if tree.args.get(name)]
    if not isinstance(tree, exp.Select) or others:
        raise errors.malformed(
            whole, 1, len(text), f"Expected a list of columns, but got `{' '.join(others)}'"
        )
    return tree


def _read_whole(query: str, whole: str) -> Clauses:
    """Parse a query that is written in one piece."""
    tree = dialect.parse(query, None, whole)
    if not isinstance(tree, exp.Select):
        raise errors.malformed(whole, 1, 1, "Expected a query that begins with SELECT")
    parts = {name: tree.args.get(name) for name in _OTHER_CLAUSES}
    limit, offset = parts["limit"], parts["offset"]
    return Clauses(
        select=tree.expressions,
        is_distinct=tree.args.get("distinct") is not None,
        where=parts["where"].this if parts["where"] else None,
        group=parts["group"].expressions if parts["group"] else [],
        having=parts["having"].this if parts["having"] else None,
        order=parts["order"].expressions if parts["order"] else [],
        limit=_whole_number("limit", limit.expression.name, _DEFAULT_LIMIT) if limit else _DEFAULT_LIMIT,
        offset=_whole_number("offset", offset.expression.name, 0) if offset else 0,
    )


def quote(parameters: Mapping[str, str]) -> str:
    """Join the clauses to one query, as messages quote it."""
    if "$query" in parameters:
        return parameters["$query"]
    words = {"$where": "where", "$group": "group by", "$having": "having", "$order": "order by"}
    rest = [f"{word} {parameters[name]}" for name, word in words.items() if name in parameters]
    return " ".join([f"select {parameters.get('$select') or '*'}", *rest])


def whole_text(clauses: Clauses) -> str:
    """Write the query as the engine does in its messages."""

    def listed(word: str, trees: list[exp.Expr]) -> list[str]:
        return [f"{word} {', '.join(dialect.write(tree) for tree in trees)}"] if trees else []

    return " ".join(
        [
            *listed("SELECT", clauses.select),
            *listed("WHERE", [clauses.where] if clauses.where else []),
            *listed("GROUP BY", clauses.group),
            *listed("HAVING", [clauses.having] if clauses.having else []),
            *listed("ORDER BY", clauses.order),
        ]
    )


def _whole_number(name: str, value: str | None, default: int) -> int:
    """Read a limit or an offset."""
    if value is None:
        return default
    if not value.isdecimal():
        raise errors.bad_number(name, value)
    return int(value)
