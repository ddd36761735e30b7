"""Real servers for every test: PostgreSQL from the wheel, a warehouse of its own for each test."""

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import count
from types import SimpleNamespace

import pytest
import requests

from local_stack.postgres import Server, temporary_server
from sample_portal import server
from sample_portal.store import Store

NUMBERS = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """Return a throw-away PostgreSQL server with the project's roles."""
    with temporary_server() as running:
        yield running


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


class SamplePortal:
    """A sample portal that runs in a thread, and what was asked of it."""

    def __init__(self, url: str, store: Store) -> None:
        self.url = url
        self.store = store

    def report_count(self) -> int:
        """Return how many reports it has."""
        return self.store.execute("select count(*) from reports")[0][0]

    def reports(self) -> dict[int, tuple[str | None, ...]]:
        """Return type, place, status, day and day of report by key, asked over HTTP by a client of the test's own."""
        params = {"$limit": "100000", "$order": ":id", "$where": "incident_report_number is not null"}
        reports = requests.get(f"{self.url}/resource/fdj4-gpfu.json", params=params, timeout=60).json()
        return {
            int(report["incident_report_number"]): (
                report.get("crime_type"),
                report.get("location_type"),
                report.get("clearance_status"),
                report["occ_date"][:10],
                report.get("rep_date", "")[:10],
            )
            for report in reports
        }

    def some_keys(self, number: int, reported: str = "2015-") -> list[int]:
        """Return the first keys of a year or month of report."""
        keys = [key for key, report in sorted(self.reports().items()) if str(report[4]).startswith(reported)]
        assert len(keys) >= number
        return keys[:number]

    def where(self, keys: Iterable[int]) -> str:
        """Return a condition for the store that these keys meet."""
        return "incident_report_number in ({})".format(", ".join(f"'{key}'" for key in keys))


@pytest.fixture
def sample_portal(monkeypatch) -> Iterator[SamplePortal]:
    """Return a portal of 3,000 reports, the one that the pipeline's settings name."""
    store = Store.generate(reports=3_000, seed=1, until=date(2024, 6, 1))
    with server.running(store) as url:
        monkeypatch.setenv("AUSTIN_CRIME_SOURCE_URL", url)
        yield SamplePortal(url, store)
    store.close()
