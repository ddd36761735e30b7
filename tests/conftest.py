"""Real servers for every test: PostgreSQL from the wheel, a warehouse of its own for each test."""

from collections.abc import Iterator
from itertools import count
from types import SimpleNamespace

import pytest

from local_stack.postgres import Server, temporary_server

NUMBERS = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """Return a throw-away PostgreSQL server with the project's roles."""
    with temporary_server() as server:
        yield server


@pytest.fixture
def warehouse(postgres, tmp_path, monkeypatch) -> SimpleNamespace:
    """Return the addresses of an empty, migrated warehouse, which the pipeline's settings name."""
    from austin_crime import migrate

    owner_url, reader_url = postgres.create_warehouse(f"warehouse_{next(NUMBERS)}")
    monkeypatch.setenv("AUSTIN_CRIME_WAREHOUSE_URL", owner_url)
    monkeypatch.setenv("AUSTIN_CRIME_LANDING_URL", str(tmp_path / "landing"))
    monkeypatch.delenv("AUSTIN_CRIME_SUPERSET_URL", raising=False)
    monkeypatch.delenv("AUSTIN_CRIME_APP_TOKEN", raising=False)
    migrate.migrate(owner_url)
    return SimpleNamespace(owner_url=owner_url, reader_url=reader_url, landing=tmp_path / "landing")
