"""Markdown."""

from collections.abc import Iterator, Sequence


def table(titles: Sequence[str], rows: Iterator[list[str]] | list[list[str]]) -> str:
    """Return a table of Markdown."""
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
