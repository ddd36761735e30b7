"""SoQL queries: from the parameters of a request to SQL for DuckDB, with the names and types of what comes out."""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from sample_portal import dialect, errors, functions
from sample_portal.datasets import SYSTEM_COLUMNS, Dataset, Kind
from sample_portal.expressions import Compiler, Typed, convert

DEFAULT_LIMIT = 1000
CLAUSES = ("$select", "$where", "$group", "$having", "$order", "$limit", "$offset", "$q", "$query")
# Without an order rows come nearly, not quite, in the order in which they lie: each moves by up to so many places.
DISORDER_ROWS = 400


@dataclass(frozen=True)
class Field:
    """A column of an answer."""

    name: str
    kind: Kind


@dataclass(frozen=True)
class Query:
    """What to run: SQL whose columns are ``c0``, ``c1``, ... in the order of the fields."""

    sql: str
    fields: tuple[Field, ...]


@dataclass
class Clauses:
    """A query in its parts, as trees of SoQL."""

    select: list[exp.Expression]
    is_distinct: bool = False
    where: exp.Expression | None = None
    group: list[exp.Expression] = field(default_factory=list)
    having: exp.Expression | None = None
    order: list[exp.Expression] = field(default_factory=list)
    limit: int = DEFAULT_LIMIT
    offset: int = 0


def compile_query(dataset: Dataset, parameters: Mapping[str, str]) -> Query:
    """Translate a request.

    Parameters
    ----------
    parameters
        Clauses by name, ``$select`` and so on; any other name is a column that must equal the value.

    Raises
    ------
    errors.Refused
        With the answer that the portal gives to such a request.
    """
    unknown = [name for name in parameters if name not in CLAUSES and dataset.column(name) is None]
    if unknown:
        raise errors.unrecognized(unknown)
    clauses = read_clauses(parameters)
    text = whole_text(clauses)
    selected = [each for tree in clauses.select for each in expand(tree, dataset)]
    names = [field_name(tree) for tree in selected]
    aliases = {tree.alias: tree.this for tree in selected if isinstance(tree, exp.Alias)}
    compiler = Compiler(dataset, aliases, text)
    refuse_twice(names, compiler)
    check_aggregates(clauses, selected, compiler)
    plain = Compiler(dataset, {}, text)
    columns = [plain.compile(tree.unalias()) for tree in selected]
    statement = exp.Select(
        expressions=[exp.alias_(column.tree, f"c{number}") for number, column in enumerate(columns)],
        distinct=exp.Distinct() if clauses.is_distinct else None,
    ).from_(dataset.table)
    for condition in conditions(clauses, parameters, compiler):
        statement = statement.where(condition, copy=False)
    if clauses.group:
        statement = statement.group_by(*(compiler.compile(tree).tree for tree in clauses.group), copy=False)
    if clauses.having:
        statement = statement.having(compiler.condition(clauses.having, "having"), copy=False)
    statement = statement.order_by(*ordering(clauses, selected, compiler), copy=False)
    statement = statement.limit(clauses.limit, copy=False).offset(clauses.offset, copy=False)
    return Query(
        statement.sql(dialect="duckdb"),
        tuple(Field(name, column.kind) for name, column in zip(names, columns, strict=True)),
    )


def read_clauses(parameters: Mapping[str, str]) -> Clauses:
    """Parse the clauses of a request; ``$query`` is all of them in one."""
    whole = quote(parameters)
    if "$query" in parameters:
        return read_whole(parameters["$query"], whole)

    def parse(name: str, kind: type[exp.Expression]) -> exp.Expression | None:
        return dialect.parse(parameters[name], kind, whole) if parameters.get(name, "").strip() else None

    selected = parse("$select", exp.Tuple)
    grouped = parse("$group", exp.Tuple)
    ordered = parse("$order", exp.Order)
    return Clauses(
        select=selected.expressions if selected else [exp.Star()],
        is_distinct=bool(selected and selected.args.get("distinct")),
        where=parse("$where", exp.Condition),
        group=grouped.expressions if grouped else [],
        having=parse("$having", exp.Condition),
        order=ordered.expressions if ordered else [],
        limit=whole_number("$limit", parameters.get("$limit"), DEFAULT_LIMIT),
        offset=whole_number("$offset", parameters.get("$offset"), 0),
    )


def read_whole(query: str, whole: str) -> Clauses:
    """Parse a query that is written in one piece."""
    tree = dialect.parse(query, None, whole)
    if not isinstance(tree, exp.Select):
        raise errors.malformed(whole, 1, 1, "Expected a query that begins with SELECT")
    parts = {name: tree.args.get(name) for name in ("where", "group", "having", "order", "limit", "offset")}
    limit, offset = parts["limit"], parts["offset"]
    return Clauses(
        select=tree.expressions,
        is_distinct=tree.args.get("distinct") is not None,
        where=parts["where"].this if parts["where"] else None,
        group=parts["group"].expressions if parts["group"] else [],
        having=parts["having"].this if parts["having"] else None,
        order=parts["order"].expressions if parts["order"] else [],
        limit=whole_number("limit", limit.expression.name, DEFAULT_LIMIT) if limit else DEFAULT_LIMIT,
        offset=whole_number("offset", offset.expression.name, 0) if offset else 0,
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

    def listed(word: str, trees: list[exp.Expression]) -> list[str]:
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


def whole_number(name: str, value: str | None, default: int) -> int:
    """Read a limit or an offset."""
    if value is None:
        return default
    if not value.isdecimal():
        raise errors.bad_number(name, value)
    return int(value)


def expand(tree: exp.Expression, dataset: Dataset) -> Iterator[exp.Expression]:
    """Replace ``*`` by the dataset's columns and ``:*`` by the system's."""
    if isinstance(tree, exp.Star):
        columns = dataset.columns
    elif isinstance(tree, exp.Column) and tree.name == dialect.ALL_SYSTEM_COLUMNS:
        columns = SYSTEM_COLUMNS
    else:
        yield tree
        return
    for column in columns:
        yield exp.column(exp.to_identifier(column.name, quoted=True))


def field_name(tree: exp.Expression) -> str:
    """Return the name given to a selected expression, or the one that the engine makes of its words."""
    if isinstance(tree, exp.Alias):
        return tree.alias
    if isinstance(tree, exp.Column):
        return tree.name
    words = [
        node.name.strip(":@").replace(" ", "_")
        for node in tree.walk(bfs=False)
        if isinstance(node, exp.Anonymous | exp.Identifier | exp.Literal)
    ]
    return "_".join(word for word in words if word).lower()


def refuse_twice(names: list[str], compiler: Compiler) -> None:
    """Refuse a select list that names two things alike."""
    for name in names:
        if names.count(name) > 1:
            raise errors.duplicate_alias(name, compiler.place(f"`{name}`"))


def check_aggregates(clauses: Clauses, selected: list[exp.Expression], compiler: Compiler) -> None:
    """Refuse aggregates in ``where`` and ``group``, and columns that are neither grouped by nor aggregated."""
    for tree in [clauses.where, *clauses.group]:
        for node in resolve(tree, compiler).walk() if tree else ():
            if is_aggregate(node):
                raise errors.aggregate_out_of_place(
                    node.name.lower(), compiler.place(f"{node.name.lower()}(")
                )
    outside = [*[tree.unalias() for tree in selected], *([clauses.having] if clauses.having else [])]
    outside += [tree.this for tree in clauses.order]
    resolved = [resolve(tree, compiler) for tree in outside]
    if (
        clauses.group
        or clauses.having
        or any(is_aggregate(node) for tree in resolved for node in tree.walk())
    ):
        groups = {dialect.write(resolve(tree, compiler).unnest()) for tree in clauses.group}
        for tree in resolved:
            refuse_ungrouped(tree, groups, compiler)


def refuse_ungrouped(tree: exp.Expression, groups: set[str], compiler: Compiler) -> None:
    """Refuse a column that stands outside of aggregates and is not grouped by."""
    if is_aggregate(tree) or dialect.write(tree.unnest()) in groups:
        return
    if isinstance(tree, exp.Column):
        if compiler.dataset.column(tree.name) is None:
            raise errors.no_such_column(tree.name, compiler.place(tree))
        raise errors.not_in_group(tree.name, compiler.place(tree))
    for child in tree.iter_expressions():
        refuse_ungrouped(child, groups, compiler)


def resolve(tree: exp.Expression, compiler: Compiler) -> exp.Expression:
    """Return a copy with aliases replaced by what they stand for."""

    def replace(node: exp.Expression) -> exp.Expression:
        meant = compiler.aliases.get(node.name) if isinstance(node, exp.Column) else None
        return exp.Paren(this=meant.copy()) if meant else node

    return tree.copy().transform(replace) if not isinstance(tree, exp.Column) else replace(tree.copy())


def is_aggregate(node: exp.Expression) -> bool:
    """Whether a node is the call of an aggregate."""
    known = functions.FUNCTIONS.get(node.name.lower()) if isinstance(node, exp.Anonymous) else None
    return known is not None and known.is_aggregate


def conditions(
    clauses: Clauses, parameters: Mapping[str, str], compiler: Compiler
) -> Iterator[exp.Expression]:
    """Translate ``$where``, the plain filters ``column=value`` and the search ``$q``."""
    if clauses.where:
        yield compiler.condition(clauses.where, "where")
    for name, value in parameters.items():
        column = compiler.dataset.column(name)
        if column:
            given = Typed(exp.Literal.string(value), "text", text=value)
            fitting = given if column.kind == "text" else convert(given, column.kind)
            if fitting is None:
                raise errors.type_mismatch("op$=", "text", compiler.place(f"`{name}`"))
            yield exp.EQ(this=exp.column(exp.to_identifier(name, quoted=True)), expression=fitting.tree)
    if parameters.get("$q", "").strip():
        yield exp.or_(
            *(
                exp.Anonymous(
                    this="contains",
                    expressions=[
                        exp.Lower(this=exp.column(exp.to_identifier(column.name, quoted=True))),
                        exp.Literal.string(parameters["$q"].lower()),
                    ],
                )
                for column in compiler.dataset.columns
                if column.kind == "text"
            )
        )


def ordering(
    clauses: Clauses, selected: list[exp.Expression], compiler: Compiler
) -> Iterator[exp.Expression]:
    """Translate ``$order``; without one, rows come in an order that differs from request to request."""
    for term in clauses.order:
        is_down = bool(term.args.get("desc"))
        yield exp.Ordered(this=compiler.compile(term.this).tree, desc=is_down, nulls_first=is_down)
    if clauses.order:
        return
    if clauses.is_distinct:
        return
    is_grouped = clauses.group or any(is_aggregate(node) for tree in selected for node in tree.walk())
    disorder = f"rowid + hash(rowid, {secrets.randbits(31)}) % {DISORDER_ROWS}"
    yield exp.maybe_parse("random()" if is_grouped else disorder, dialect="duckdb", into=exp.Ordered)
