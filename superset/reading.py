"""What people's SQL may be: statements that read. The database refuses whatever writes as well; here it is said in a sentence.

Without this, ``set statement_timeout = 0`` in SQL Lab would lift the limit of what follows it.
"""

from typing import Any

import sqlglot
from sqlglot import exp

# sqlglot does not parse what is behind these words, and need not: the database explains and shows.
COMMANDS = ("EXPLAIN", "SHOW")
# The button that stops a query needs it; by hand, it would stop those of others.
REFUSED_FUNCTIONS = {"PG_CANCEL_BACKEND"}
MESSAGE = "Only statements that read can be run here, with select, with, values, explain or show; this is {refused}."


def require_reading(sql: str, **_: Any) -> str:
    """Return SQL as it is; Superset calls this before it runs what a chart or a person asks.

    Raises
    ------
    SupersetGenericDBErrorException
        If one of its statements does not read.
    """
    refused = first_refused(sql)
    if refused:
        from superset.exceptions import SupersetGenericDBErrorException

        raise SupersetGenericDBErrorException(message=MESSAGE.format(refused=refused))
    return sql


def first_refused(sql: str) -> str | None:
    """Return the first word of the first statement that is refused, or the function's name, or None."""
    for statement in filter(None, sqlglot.parse(sql, dialect="postgres")):
        if isinstance(statement, exp.Command) and statement.name.upper() in COMMANDS:
            continue
        if not isinstance(statement, exp.Query | exp.Values):
            return statement.sql(dialect="postgres").split()[0].lower()
        for function in statement.find_all(exp.Anonymous):
            if function.name.upper() in REFUSED_FUNCTIONS:
                return function.name.lower()
    return None
