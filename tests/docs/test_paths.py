"""The documents name files, links and commands that exist."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from testing.documents import samples_of

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "CODE_OF_CONDUCT.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
# Documents may leave out the package whose modules they describe.
BASES = ("", "include/austin_crime", "tools")
FOLDERS = (
    "dags",
    "deploy",
    "docker",
    "flows",
    "include",
    "plugins",
    "requirements",
    "settings",
    "superset",
    "tests",
    "tools",
)
SUFFIXES = "env|json|lock|md|py|sql|toml|txt|yaml"
PATH = re.compile(rf"[\w.*-]+(/[\w.*-]+)*/?\.({SUFFIXES})|[\w.*-]+/[\w.*/-]*")
# Made by installing, starting or loading, or not a path at all.
GENERATED = re.compile(
    r"(data|secrets|\.venv|settled\.json|published\.json|docker-compose\.override\.yaml)\b.*"
)


def code_of(page: Path) -> Iterator[str]:
    """Yield what a page sets as code: in backticks, or the lines of its samples."""
    yield from re.findall(r"`([^`\n]+)`", page.read_text())
    for sample in samples_of(page):
        yield from sample.text.splitlines()


def is_there(path: str) -> bool:
    if any(next(ROOT.joinpath(base).glob(path), None) for base in BASES):
        return True
    is_name = "/" not in path.rstrip("/")
    return is_name and any(next((ROOT / folder).rglob(path), None) for folder in FOLDERS)


def by_page(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=by_page)
def test_every_path_in_a_document_exists(page):
    named = {code for code in re.findall(r"`([^`\n]+)`", page.read_text()) if PATH.fullmatch(code)}

    assert [path for path in sorted(named) if not GENERATED.fullmatch(path) and not is_there(path)] == []


@pytest.mark.parametrize("page", PAGES, ids=by_page)
def test_every_link_in_a_document_leads_to_a_file_and_a_heading(page):
    links = re.findall(r"\]\((?!https?://)([^)#]*)(?:#([^)]*))?\)", page.read_text())

    for path, heading in links:
        target = page.parent / path if path else page
        assert target.exists(), path
        headings = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE) if heading else []
        assert not heading or heading in [
            re.sub(r"[^\w -]", "", text.lower()).replace(" ", "-") for text in headings
        ]


@pytest.mark.parametrize("page", PAGES, ids=by_page)
def test_every_make_target_in_a_document_is_one(page):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    commands = {found for code in code_of(page) for found in re.findall(r"^make ([a-z-]+)", code)}

    assert commands - targets == set()


def test_the_site_has_every_document_once_in_its_menu():
    site = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    sections = [next(iter(entry.values())) for entry in site["nav"]]
    pages = [
        page
        for section in sections
        for page in (
            [section] if isinstance(section, str) else [next(iter(each.values())) for each in section]
        )
    ]

    documents = {page.name for page in PAGES} - {site["not_in_nav"]}

    assert sorted(pages) == sorted(documents)
