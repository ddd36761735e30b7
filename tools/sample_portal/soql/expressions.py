"""SoQL expressions with their types, and the same in DuckDB's SQL."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from sqlglot import exp

from sample_portal import errors
from sample_portal.data.datasets import Dataset, Kind
from sample_portal.soql import dialect, functions

_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "!=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.LT: "<",
    exp.LTE: "<=",
}
_ARITHMETIC: dict[type[exp.Expr], str] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.Mod: "%",
    exp.Pow: "^",
}
_LOGIC: dict[type[exp.Expr], str] = {exp.And: "and", exp.Or: "or"}
# Kinds without an order or equality of their own.
_SHAPES = frozenset({"location", "multipolygon"})


@dataclass(frozen=True)
class Typed:
    """An expression in DuckDB's SQL and its type in SoQL; ``text`` is a string literal's."""

    tree: exp.Expr
    kind: Kind
    text: str | None = None


class Compiler:
    """Translates the expressions of one query.

    Parameters
    ----------
    dataset
        Whose columns the names are.
    aliases
        Expressions of the select list by the name given to them; a name means these before columns.
    query
        The whole query as the engine writes it, for the place of an error.
    """

    def __init__(self, dataset: Dataset, aliases: Mapping[str, exp.Expr], query: str) -> None:
        self.dataset = dataset
        self.aliases = dict(aliases)
        self.query = query

    def compile(self, node: exp.Expr) -> Typed:
        """Translate an expression, or raise what is wrong with it."""
        for kind, method in _METHODS.items():
            if isinstance(node, kind):
                return method(self, node)
        raise self.unexpected(node)

    def unexpected(self, node: exp.Expr) -> errors.Refused:
        """Return the answer to what is SQL and not SoQL."""
        message = f"Expected an expression, but got `{dialect.write(node)}'"
        return errors.malformed(self.query, 1, self.place(node).column, message)

    def condition(self, node: exp.Expr, clause: str) -> exp.Expr:
        """Translate what must be true or false."""
        typed = self.compile(node)
        if typed.kind not in {"checkbox", "null"}:
            raise errors.type_mismatch(clause, typed.kind, self.place(node))
        return typed.tree

    def place(self, node: exp.Expr | str) -> errors.Place:
        """Return where the engine's text of the query has an expression for the first time."""
        text = node if isinstance(node, str) else dialect.write(node)
        return errors.Place(self.query, max(self.query.find(text), 0) + 1)

    def column(self, node: exp.Column) -> Typed:
        """Translate a name."""
        name = node.name
        if name in self.aliases:
            others = {alias: tree for alias, tree in self.aliases.items() if alias != name}
            meant = Compiler(self.dataset, others, self.query).compile(self.aliases[name])
            return Typed(exp.Paren(this=meant.tree), meant.kind)
        column = None if node.table else self.dataset.column(name)
        if column is None:
            raise errors.no_such_column(name, self.place(node))
        return Typed(exp.column(exp.to_identifier(name, quoted=True)), column.kind)

    def literal(self, node: exp.Literal) -> Typed:
        """Translate a number or a string."""
        if node.is_string:
            return Typed(exp.Literal.string(node.name), "text", text=node.name)
        return Typed(exp.Literal.number(node.name), "number")

    def paren(self, node: exp.Paren) -> Typed:
        """Translate what stands in parentheses."""
        inner = self.compile(node.this)
        return Typed(exp.Paren(this=inner.tree), inner.kind, inner.text)

    def logic(self, node: exp.Binary) -> Typed:
        """Translate ``and`` and ``or``."""
        name = _LOGIC[type(node)]
        sides = [exp.Paren(this=self.condition(side, f"op${name}")) for side in (node.left, node.right)]
        return Typed(type(node)(this=sides[0], expression=sides[1]), "checkbox")

    def negation(self, node: exp.Not) -> Typed:
        """Translate ``not``."""
        return Typed(exp.Not(this=exp.Paren(this=self.condition(node.this, "op$not"))), "checkbox")

    def comparison(self, node: exp.Binary) -> Typed:
        """Translate a comparison of two values."""
        left, right = self.alike([node.left, node.right], f"op${_COMPARISONS[type(node)]}")
        return Typed(type(node)(this=left.tree, expression=right.tree), "checkbox")

    def membership(self, node: exp.In) -> Typed:
        """Translate ``in (...)``, which takes values and no query."""
        if not node.expressions:
            raise self.unexpected(node)
        value, *others = self.alike([node.this, *node.expressions], "#IN")
        return Typed(exp.In(this=value.tree, expressions=[other.tree for other in others]), "checkbox")

    def between(self, node: exp.Between) -> Typed:
        """Translate ``between ... and ...``."""
        value, low, high = self.alike([node.this, node.args["low"], node.args["high"]], "#BETWEEN")
        return Typed(exp.Between(this=value.tree, low=low.tree, high=high.tree), "checkbox")

    def nothing(self, node: exp.Is) -> Typed:
        """Translate ``is null``."""
        return Typed(exp.Is(this=self.compile(node.this).tree, expression=exp.Null()), "checkbox")

    def like(self, node: exp.Like) -> Typed:
        """Translate ``like`` with its % and _."""
        left, right = (self.argument(side, functions.TEXT, "#LIKE") for side in (node.this, node.expression))
        return Typed(exp.Like(this=left.tree, expression=right.tree), "checkbox")

    def arithmetic(self, node: exp.Binary) -> Typed:
        """Translate a calculation with two numbers."""
        name = f"op${_ARITHMETIC[type(node)]}"
        left, right = (
            exp.Paren(this=self.argument(side, functions.NUMBER, name).tree)
            for side in (node.left, node.right)
        )
        return Typed(type(node)(this=left, expression=right), "number")

    def minus(self, node: exp.Neg) -> Typed:
        """Translate a minus sign."""
        return Typed(
            exp.Neg(this=exp.Paren(this=self.argument(node.this, functions.NUMBER, "op$-").tree)), "number"
        )

    def joined(self, node: exp.DPipe) -> Typed:
        """Translate the joining of texts, ``||``."""
        left, right = (self.argument(side, functions.TEXT, "op$||") for side in (node.left, node.right))
        return Typed(exp.DPipe(this=left.tree, expression=right.tree), "text")

    def function(self, node: exp.Anonymous) -> Typed:
        """Translate the call of a function."""
        name = node.name.lower()
        known = functions.FUNCTIONS.get(name)
        if known is None:
            raise errors.no_such_function(name, self.place(f"{name}("))
        arguments = node.expressions
        if name == "count" and len(arguments) == 1 and isinstance(arguments[0], exp.Star):
            return Typed(exp.Count(this=exp.Star()), "number")
        is_distinct = known.is_aggregate and len(arguments) == 1 and isinstance(arguments[0], exp.Distinct)
        if is_distinct:
            arguments = arguments[0].expressions
        kinds = known.kinds_for(len(arguments))
        if kinds is None:
            raise errors.no_such_function(f"{name}/{len(arguments)}", self.place(f"{name}("))
        typed = [self.argument(argument, kind, name) for argument, kind in zip(arguments, kinds, strict=True)]
        trees = [argument.tree for argument in typed]
        built = known.build([exp.Distinct(expressions=trees)] if is_distinct else trees)
        return Typed(built, known.result or typed[known.same_as].kind)

    def argument(self, node: exp.Expr, kinds: functions.Kinds, function: str) -> Typed:
        """Translate an argument, which must be of one of the kinds."""
        typed = self.compile(node)
        if typed.kind in kinds or typed.kind == "null":
            return typed
        for kind in sorted(kinds):
            fitting = convert(typed, kind)
            if fitting:
                return fitting
        raise errors.type_mismatch(function, typed.kind, self.place(node))

    def alike(self, nodes: list[exp.Expr], function: str) -> list[Typed]:
        """Translate values that are compared; string literals become what the others are."""
        typed = [self.compile(node) for node in nodes]
        kind = next((each.kind for each in typed if each.text is None and each.kind != "null"), typed[0].kind)
        if kind in _SHAPES:
            raise errors.type_mismatch(function, kind, self.place(nodes[0]))
        fitting = [each if each.kind in {kind, "null"} else convert(each, kind) for each in typed]
        for each, found, node in zip(typed, fitting, nodes, strict=True):
            if found is None:
                raise errors.type_mismatch(function, each.kind, self.place(node))
        return [each for each in fitting if each]


def convert(typed: Typed, kind: Kind) -> Typed | None:
    """Return a string literal as another kind, as the engine reads them; None if it is none or cannot be read."""
    if typed.text is None or kind not in _READERS:
        return None
    tree = _READERS[kind](typed.text)
    return Typed(tree, kind) if tree else None


def _read_number(text: str) -> exp.Expr | None:
    """Read a number from a string."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return exp.Paren(this=exp.Literal.number(str(number))) if number.is_finite() else None


def _read_floating(text: str) -> exp.Expr | None:
    """Read a time without a zone."""
    moment = _read_time(text)
    return _to_timestamp(moment) if moment and moment.tzinfo is None else None


def _read_fixed(text: str) -> exp.Expr | None:
    """Read a time with a zone; without one it is UTC."""
    moment = _read_time(text)
    return (
        _to_timestamp(moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment)
        if moment
        else None
    )


def _read_time(text: str) -> datetime | None:
    """Read an ISO time; None if it is none."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _to_timestamp(moment: datetime) -> exp.Expr:
    """Write a moment as DuckDB's timestamp."""
    return exp.cast(exp.Literal.string(moment.isoformat(sep=" ")), "timestamp")


_READERS: dict[Kind, Callable[[str], exp.Expr | None]] = {
    "number": _read_number,
    "floating_timestamp": _read_floating,
    "fixed_timestamp": _read_fixed,
    "row_identifier": exp.Literal.string,
    "row_version": exp.Literal.string,
}
_METHODS: dict[type[exp.Expr], Callable[..., Typed]] = {
    exp.Column: Compiler.column,
    exp.Literal: Compiler.literal,
    exp.Boolean: lambda _, node: Typed(exp.Boolean(this=node.this), "checkbox"),
    exp.Null: lambda _, __: Typed(exp.Null(), "null"),
    exp.Paren: Compiler.paren,
    exp.Not: Compiler.negation,
    exp.Like: Compiler.like,
    exp.In: Compiler.membership,
    exp.Between: Compiler.between,
    exp.Is: Compiler.nothing,
    exp.Neg: Compiler.minus,
    exp.DPipe: Compiler.joined,
    exp.Anonymous: Compiler.function,
    **dict.fromkeys(_LOGIC, Compiler.logic),
    **dict.fromkeys(_COMPARISONS, Compiler.comparison),
    **dict.fromkeys(_ARITHMETIC, Compiler.arithmetic),
}
