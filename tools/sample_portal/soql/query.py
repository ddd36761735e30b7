"""SoQL queries: from the parameters of a request to SQL for DuckDB, with the names and types of what comes out."""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlglot import exp

from sample_portal import errors
from sample_portal.data.datasets import SENT, SYSTEM_COLUMNS, Column, Dataset, Kind
from sample_portal.soql import clauses as parts
from sample_portal.soql import dialect, grouping
from sample_portal.soql.clauses import Clauses
from sample_portal.soql.expressions import Compiler, Typed, convert

# Without an order rows come nearly, not quite, in the order in which they lie: each moves by up to so many places.
_DISORDER_ROWS = 400


@dataclass(frozen=True)
class Field:
    """A column of an answer."""

    name: str
    kind: Kind
    # The column of the query that holds the value's JSON text where it is not sent as others are.
    sent: str | None = None


@dataclass(frozen=True)
class Query:
    """What to run: SQL whose columns are ``c0``, ``c1``, ... in the order of the fields, then those of their ``sent``."""

    sql: str
    fields: tuple[Field, ...]


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
    unknown = [name for name in parameters if name not in parts.NAMES and dataset.column(name) is None]
    if unknown:
        raise errors.unrecognized(unknown)
    clauses = parts.read_clauses(parameters)
    selected = [each for tree in clauses.select for each in _expand(tree, dataset)]
    names = [_field_name(tree) for tree in selected]
    text = parts.whole_text(clauses)
    aliases = {name: tree.unalias() for name, tree in zip(names, selected, strict=True) if not _is_name(tree)}
    compiler = Compiler(dataset, aliases, text)
    _refuse_twice(names, compiler)
    is_grouped = grouping.check_aggregates(clauses, selected, compiler)
    plain = Compiler(dataset, {}, text)
    columns = [plain.compile(tree.unalias()) for tree in selected]
    sent = _sent_columns(selected, dataset) if not (is_grouped or clauses.is_distinct) else {}
    order = list(_given_order(clauses, compiler) if clauses.order else _no_order(clauses, is_grouped))
    fields = tuple(
        Field(name, column.kind, f"sent{place}" if place in sent else None)
        for place, (name, column) in enumerate(zip(names, columns, strict=True))
    )
    values = [exp.alias_(column.tree, f"c{place}") for place, column in enumerate(columns)]
    values += [exp.alias_(tree, f"sent{place}") for place, tree in sent.items()]
    where = [*_conditions(clauses, parameters, compiler)]
    return Query(_statement(clauses, values, where, order, compiler).sql(dialect="duckdb"), fields)


def _statement(
    clauses: Clauses, values: list[exp.Expr], where: list[exp.Expr], order: list[exp.Expr], compiler: Compiler
) -> exp.Select:
    """Put a query together for DuckDB."""
    select = exp.Select(
        expressions=values,
        distinct=exp.Distinct() if clauses.is_distinct else None,
    ).from_(compiler.dataset.table)
    if where:
        select = select.where(*where)
    if clauses.group:
        select = select.group_by(*(compiler.compile(tree).tree for tree in clauses.group))
    if clauses.having:
        select = select.having(compiler.condition(clauses.having, "having"))
    if order:
        select = select.order_by(*order)
    return select.limit(clauses.limit).offset(clauses.offset)


def _sent_columns(selected: list[exp.Expr], dataset: Dataset) -> dict[int, exp.Expr]:
    """Return, by the place of a selected column, what holds the JSON texts of its values."""
    if not dataset.has_sent:
        return {}
    return {
        place: exp.maybe_parse(f"\"{SENT}\"['{tree.unalias().name}']", dialect="duckdb")
        for place, tree in enumerate(selected)
        if isinstance(tree.unalias(), exp.Column)
    }


def _expand(tree: exp.Expr, dataset: Dataset) -> Iterator[exp.Expr]:
    """Replace ``*`` by the dataset's columns and ``:*`` by the system's."""
    if isinstance(tree, exp.Star):
        columns = dataset.columns
    elif isinstance(tree, exp.Column) and tree.name == dialect.ALL_SYSTEM_COLUMNS:
        columns = SYSTEM_COLUMNS
    else:
        yield tree
        return
    for column in columns:
        yield _named(column)


def _field_name(tree: exp.Expr) -> str:
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


def _refuse_twice(names: list[str], compiler: Compiler) -> None:
    """Refuse a select list that names two things alike."""
    for name in names:
        if names.count(name) > 1:
            raise errors.duplicate_alias(name, compiler.place(f"`{name}`"))


def _is_name(tree: exp.Expr) -> bool:
    """Whether a selected expression is a column without another name."""
    return isinstance(tree, exp.Column)


def _conditions(clauses: Clauses, parameters: Mapping[str, str], compiler: Compiler) -> Iterator[exp.Expr]:
    """Translate ``$where``, the plain filters ``column=value`` and the search ``$q``."""
    if clauses.where:
        yield compiler.condition(clauses.where, "where")
    for name, value in parameters.items():
        column = compiler.dataset.column(name)
        if column:
            yield _equality(column, value, compiler)
    words = parameters.get("$q", "").strip().lower()
    if words:
        texts = [_named(column) for column in compiler.dataset.columns if column.kind == "text"]
        sought = exp.Literal.string(words)
        yield exp.or_(
            *(exp.Anonymous(this="contains", expressions=[exp.Lower(this=text), sought]) for text in texts)
        )


def _equality(column: Column, value: str, compiler: Compiler) -> exp.Expr:
    """Translate a plain filter, ``council_district=9``."""
    given = Typed(exp.Literal.string(value), "text", text=value)
    fitting = given if column.kind == "text" else convert(given, column.kind)
    if fitting is None:
        raise errors.type_mismatch("op$=", "text", compiler.place(f"`{column.name}`"))
    return exp.EQ(this=_named(column), expression=fitting.tree)


def _named(column: Column) -> exp.Expr:
    """Return the name of a column as an expression."""
    return exp.column(exp.to_identifier(column.name, quoted=True))


def _given_order(clauses: Clauses, compiler: Compiler) -> Iterator[exp.Expr]:
    """Translate ``$order``; nulls are greatest."""
    for term in clauses.order:
        is_down = bool(term.args.get("desc"))
        yield exp.Ordered(this=compiler.compile(term.this).tree, desc=is_down, nulls_first=is_down)


def _no_order(clauses: Clauses, is_grouped: bool) -> Iterator[exp.Expr]:
    """Return an order that differs from request to request."""
    if not clauses.is_distinct:
        disorder = f"rowid + hash(rowid, {secrets.randbits(31)}) % {_DISORDER_ROWS}"
        yield exp.maybe_parse("random()" if is_grouped else disorder, dialect="duckdb", into=exp.Ordered)
