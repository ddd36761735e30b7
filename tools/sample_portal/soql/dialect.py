"""SoQL, the portal's query language, as a dialect of sqlglot: from text to a syntax tree and back.

SOURCE: https://dev.socrata.com/docs/queries/
"""

from typing import Any, ClassVar

import sqlglot
from sqlglot import exp, generator, parser, tokens
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokenizer_core import TokenType

from sample_portal import errors

# Names of system columns begin with a colon, `:id` and `:@computed_region_a3it_2a2z`; `:*` is all of them.
ALL_SYSTEM_COLUMNS = ":*"
_WORDS = (
    "SELECT", "DISTINCT", "WHERE", "GROUP BY", "HAVING", "ORDER BY", "LIMIT", "OFFSET", "AS", "ASC", "DESC",
    "AND", "OR", "NOT", "IN", "BETWEEN", "LIKE", "IS", "NULL", "TRUE", "FALSE",
    "==", "!=", "<>", "<=", ">=", "||",
)  # fmt: skip
_NAME_CHARACTERS = ":@$"


class Soql(Dialect):
    """SoQL: backticks around names, colons in names, no function special, nulls where the engine puts them."""

    NULL_ORDERING = "nulls_are_last"

    class Tokenizer(tokens.Tokenizer):
        """Only SoQL's own words are words; the rest are names."""

        IDENTIFIERS: ClassVar = ["`"]
        QUOTES: ClassVar = ["'"]
        COMMENTS: ClassVar = []
        SINGLE_TOKENS: ClassVar = {
            character: kind
            for character, kind in tokens.Tokenizer.SINGLE_TOKENS.items()
            if character not in _NAME_CHARACTERS
        }
        KEYWORDS: ClassVar = {
            **{word: tokens.Tokenizer.KEYWORDS[word] for word in _WORDS},
            ALL_SYSTEM_COLUMNS: TokenType.PARAMETER,
        }

    class Parser(parser.Parser):
        """Reads clauses on their own; what a function means is for `functions` to say, `case(...)` included."""

        FUNCTIONS: ClassVar = {}
        FUNCTION_PARSERS: ClassVar = {}
        NO_PAREN_FUNCTIONS: ClassVar = {}
        NO_PAREN_FUNCTION_PARSERS: ClassVar = {}
        PRIMARY_PARSERS: ClassVar = {
            **parser.Parser.PRIMARY_PARSERS,
            TokenType.PARAMETER: lambda self, _: exp.Column(this=exp.to_identifier(ALL_SYSTEM_COLUMNS)),
        }
        EXPRESSION_PARSERS: ClassVar = {
            **parser.Parser.EXPRESSION_PARSERS,
            exp.Tuple: lambda self: self.expression(exp.Tuple(expressions=self._parse_expressions())),
            exp.Order: lambda self: self._parse_order(skip_order_token=True),
        }

    class Generator(generator.Generator):
        """Writes names in backticks, as the engine quotes queries in its answers."""

        def anonymous_sql(self, expression: exp.Anonymous) -> str:
            """Write a function in small letters."""
            return f"{expression.name.lower()}({self.expressions(expression, flat=True)})"


def parse(text: str, kind: type[exp.Expr] | None, whole: str) -> Any:
    """Read a clause, or a whole query when ``kind`` is None.

    Parameters
    ----------
    kind
        exp.Tuple for a list of expressions, exp.Condition, or exp.Order.
    whole
        The query that the clause is part of, for the message.

    Raises
    ------
    errors.Refused
        400 query.compiler.malformed.
    """
    try:
        tree = (
            sqlglot.parse_one(text, into=kind, dialect=Soql)
            if kind
            else sqlglot.parse_one(text, dialect=Soql)
        )
    except ParseError as error:
        raise _unexpected(error, text, whole) from error
    except TokenError as error:
        raise errors.malformed(
            whole, 1, len(whole), "Expected an expression, but a string is not closed"
        ) from error
    if isinstance(tree, exp.Block):
        raise errors.malformed(whole, 1, whole.index(";") + 1, "Expected an expression, but got `;'")
    if any("\\" in literal.name for literal in tree.find_all(exp.Literal)):
        raise errors.malformed(whole, 1, whole.index("\\") + 1, "Expected the rest of a string, but got `\\'")
    return tree


def _unexpected(error: ParseError, text: str, whole: str) -> errors.Refused:
    """Return the answer to a clause that does not parse, with the place in the whole query."""
    first = error.errors[0] if error.errors else {}
    word = str(first.get("highlight") or "")
    place = max(whole.find(text), 0) + max(int(first.get("col") or 1) - len(word), 0) + 1
    is_at_end = "missing" in str(first.get("description")) and not str(first.get("end_context")).strip()
    got = "the end of the query" if is_at_end or not word else f"`{word}'"
    return errors.malformed(
        whole, int(first.get("line") or 1), place, f"Expected an expression, but got {got}"
    )


def write(tree: exp.Expr) -> str:
    """Write a tree as SoQL."""
    return tree.sql(dialect=Soql, identify=True)
