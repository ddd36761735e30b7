"""What may stand beside an aggregate: the engine's rules for grouped queries."""

from sqlglot import exp

from sample_portal import errors
from sample_portal.soql import dialect, functions
from sample_portal.soql.clauses import Clauses
from sample_portal.soql.expressions import Compiler


def check_aggregates(clauses: Clauses, selected: list[exp.Expr], compiler: Compiler) -> bool:
    """Refuse aggregates out of place, and columns neither grouped by nor aggregated; tell if the query is grouped."""
    for tree in [clauses.where, *clauses.group]:
        for node in _resolve(tree, compiler).walk() if tree else ():
            if _is_aggregate(node):
                raise errors.aggregate_out_of_place(
                    node.name.lower(), compiler.place(f"{node.name.lower()}(")
                )
    resolved = [tree.unalias() for tree in selected]
    resolved += [_resolve(tree, compiler) for tree in _having_and_order(clauses)]
    is_grouped = bool(clauses.group or clauses.having) or any(map(_has_aggregate, resolved))
    if is_grouped:
        groups = {dialect.write(_resolve(tree, compiler).unnest()) for tree in clauses.group}
        for tree in resolved:
            _refuse_ungrouped(tree, groups, compiler)
    return is_grouped


def _having_and_order(clauses: Clauses) -> list[exp.Expr]:
    """Return the expressions of the clauses that come after grouping."""
    return [*([clauses.having] if clauses.having else []), *(tree.this for tree in clauses.order)]


def _has_aggregate(tree: exp.Expr) -> bool:
    """Whether an expression calls an aggregate anywhere."""
    return any(_is_aggregate(node) for node in tree.walk())


def _refuse_ungrouped(tree: exp.Expr, groups: set[str], compiler: Compiler) -> None:
    """Refuse a column that stands outside of aggregates and is not grouped by."""
    if _is_aggregate(tree) or dialect.write(tree.unnest()) in groups:
        return
    if isinstance(tree, exp.Column):
        if compiler.dataset.column(tree.name) is None:
            raise errors.no_such_column(tree.name, compiler.place(tree))
        raise errors.not_in_group(tree.name, compiler.place(tree))
    for child in tree.iter_expressions():
        _refuse_ungrouped(child, groups, compiler)


def _resolve(tree: exp.Expr, compiler: Compiler) -> exp.Expr:
    """Return a copy with aliases replaced by what they stand for."""

    def replace(node: exp.Expr) -> exp.Expr:
        meant = compiler.aliases.get(node.name) if isinstance(node, exp.Column) else None
        return exp.Paren(this=meant.copy()) if meant else node

    return tree.copy().transform(replace) if not isinstance(tree, exp.Column) else replace(tree.copy())


def _is_aggregate(node: exp.Expr) -> bool:
    """Whether a node is the call of an aggregate."""
    known = functions.FUNCTIONS.get(node.name.lower()) if isinstance(node, exp.Anonymous) else None
    return known is not None and known.is_aggregate
