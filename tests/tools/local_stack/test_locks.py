"""The locks: what is installed is what was locked, byte for byte, and equal wherever two environments share it."""

import re
from pathlib import Path

import pytest

from local_stack.configuration.settings import ROOT

LOCKS = [ROOT / "requirements.lock", *sorted((ROOT / "requirements").glob("*.lock"))]
ENTRY = re.compile(r"[a-z0-9.-]+==\S+( ; .+)?")


def entries(path: Path) -> list[tuple[str, list[str]]]:
    """Return the requirements of a lock, each with its hashes."""
    joined = path.read_text().replace("\\\n", " ").splitlines()
    parts = [[part.strip() for part in line.split("--hash=")] for line in joined]
    return [(requirement, hashes) for requirement, *hashes in parts]


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_every_package_of_a_lock_has_one_version_and_its_hashes_and_no_address(path):
    locked = entries(path)

    assert [text for text, _ in locked if not ENTRY.fullmatch(text)] == []
    assert [
        text for text, hashes in locked if not hashes or not all("sha256:" in each for each in hashes)
    ] == []


@pytest.mark.parametrize(
    ("part", "whole"),
    [("../requirements", "local"), ("portal", "local"), ("local", "dev"), ("prefect", "prefect-dev")],
)
def test_what_an_environment_contains_is_locked_in_the_same_versions(part, whole):
    smaller, larger = (
        {text.partition(" ")[0] for text, _ in entries(ROOT / "requirements" / f"{name}.lock")}
        for name in (part, whole)
    )

    assert smaller - larger == set()
