"""A warehouse whose loads write the public edition."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from austin_crime import nightly


@pytest.fixture
def folder(warehouse, tmp_path, monkeypatch) -> Path:
    """Have loads write the edition to this folder."""
    monkeypatch.setenv("AUSTIN_CRIME_EDITION_DIR", str(tmp_path / "edition"))
    return tmp_path / "edition"


@pytest.fixture
def current(folder, sample_portal) -> Path:
    """Run a first load, and return the edition that it left."""
    nightly.run_nightly("first")
    return folder / "current"


@pytest.fixture
def read_json(current) -> Callable[[str], Any]:
    """Return a function that reads a JSON file of the edition."""
    return lambda name: json.loads((current / name).read_text())
