"""What documents show as code."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FENCED = re.compile(
    r'^(?P<indent> *)```(?P<language>\w*)(?: title="(?P<file>[^"]+)")?\n(?P<text>.*?)^(?P=indent)```$',
    re.MULTILINE | re.DOTALL,
)
INDENTED = re.compile(r"(?:(?<=\n\n)|\A)(?: {4}.*\n(?:\n(?= {4}))?)+", re.MULTILINE)


@dataclass(frozen=True)
class Sample:
    """Code in a document; ``file`` is the file of the project that it is, or is a part of, if the document says so."""

    language: str
    file: str
    text: str


def samples_of(page: Path) -> Iterator[Sample]:
    """Yield the code of a page, fenced with its language, or indented without one."""
    text = page.read_text(encoding="utf-8")
    for match in FENCED.finditer(text):
        lines = [line.removeprefix(match["indent"]) for line in match["text"].splitlines()]
        yield Sample(match["language"], match["file"] or "", "\n".join(lines) + "\n")
    for block in INDENTED.findall(FENCED.sub("", text)):
        yield Sample("", "", re.sub("^ {4}", "", block, flags=re.MULTILINE))
