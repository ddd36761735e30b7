"""The text of .env.example."""

import textwrap

from local_stack.configuration import variables

_HEADER = """\
# Settings and secrets of the local stack and of the containers. The first start, or make secrets, copies the lines without
# "#" to .env (mode 600) and fills in random values; .env is never committed. An environment variable overrides its line
# in .env. After a change: make up, or make secrets and docker compose up. Put values with blanks, # or $ in single quotes.
# Passwords for containers: letters, digits, - and _ only. Written by make docs.
"""
_RULE = 120


def example() -> str:
    """Return the text of .env.example."""
    parts = [_HEADER]
    for section in variables.SECTIONS:
        parts.append(f"# --- {section.title} ".ljust(_RULE, "-") + "\n")
        parts += [_example_of(variable) for variable in section.variables]
    return "\n".join(parts)


def _example_of(variable: variables.Variable) -> str:
    """Return a variable's comment and line; a secret's has no "#" and no value."""
    lines = textwrap.wrap(variable.comment, _RULE - 2, break_long_words=False, break_on_hyphens=False)
    line = f"{variable.name}={variable.example or variable.default}"
    return "".join(f"# {text}\n" for text in lines) + ("" if variable.is_secret else "# ") + line + "\n"
