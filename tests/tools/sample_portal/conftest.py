"""Portals to ask: one of 2,000 invented reports, one of a few reports written out; nobody changes them."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import requests

from sample_portal.data.datasets import REPORTS_ID
from sample_portal.data.store import Store
from sample_portal.http import server
from testing.portals import portal_of

REPORT_COUNT = 2_000
UNTIL = date(2026, 3, 7)
APP_TOKEN = "a-known-token"
TIMEOUT_S = 20
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)

# Six reports in the present form, as the portal sends them: keys of nulls are absent.
REPORTS = [
    {
        "incident_report_number": "20240010001",
        "crime_type": "BURGLARY OF VEHICLE",
        "ucr_code": "601",
        "family_violence": "N",
        "occ_date_time": "2024-01-01T00:15:00.000",
        "occ_date": "2024-01-01T00:00:00.000",
        "occ_time": "15",
        "rep_date_time": "2024-01-01T08:00:00.000",
        "rep_date": "2024-01-01T00:00:00.000",
        "rep_time": "800",
        "location_type": "PARKING /DROP LOT/ GARAGE",
        "council_district": "9",
        "sector": "GE",
        "district": "2",
        "clearance_status": "N",
        "clearance_date": "2024-01-09T00:00:00.000",
        "ucr_category": "23F",
        "category_description": "Theft",
        "census_block_group": "4530011001",
    },
    {
        "incident_report_number": "20240010002",
        "crime_type": "DWI  .15 BAC OR ABOVE",
        "ucr_code": "2111",
        "family_violence": "N",
        "occ_date_time": "2024-01-31T23:45:00.000",
        "occ_date": "2024-01-31T00:00:00.000",
        "occ_time": "2345",
        "rep_date_time": "2024-02-01T00:10:00.000",
        "rep_date": "2024-02-01T00:00:00.000",
        "rep_time": "10",
        "council_district": "3",
        "sector": "HE",
        "district": "1",
        "clearance_status": "C",
        "census_block_group": "4530023001",
    },
    {
        "incident_report_number": "20240010003",
        "crime_type": "THEFT",
        "ucr_code": "600",
        "family_violence": "N",
        "occ_date": "2023-12-30T00:00:00.000",
        "occ_time": "2400",
        "rep_date_time": "2024-02-02T12:00:00.000",
        "rep_date": "2024-02-02T00:00:00.000",
        "rep_time": "1200",
        "location_type": "DRUG STORE / DOCTOR'S OFFICE / HOSPITAL",
        "sector": "88",
        "district": "D8",
        "ucr_category": "23H",
        "category_description": "Theft",
    },
    {
        "incident_report_number": "20240010004",
        "crime_type": "ASSAULT W/INJURY-FAM/DATE VIOL",
        "ucr_code": "900",
        "family_violence": "Y",
        "occ_date_time": "2024-02-02T12:00:00.000",
        "occ_date": "2024-02-02T00:00:00.000",
        "occ_time": "1200",
        "rep_date_time": "2024-02-02T13:30:00.000",
        "rep_date": "2024-02-02T00:00:00.000",
        "rep_time": "1330",
        "location_type": "RESIDENCE / HOME",
        "council_district": "9",
        "sector": "BA",
        "district": "5",
        "clearance_status": "O",
        "census_block_group": "4530012002",
    },
    {
        "incident_report_number": "2024924960053",
        "crime_type": 'CRIMINAL "MISCHIEF", ÉTÉ',
        "ucr_code": "1400",
        "family_violence": "N",
        "occ_date_time": "2024-02-03T05:00:00.000",
        "occ_date": "2024-02-03T00:00:00.000",
        "occ_time": "500",
        "rep_time": "900",
        "location_type": "RESIDENCE / HOME",
        "council_district": "1",
        "sector": "CH",
        "district": "S",
        "clearance_status": "N",
    },
    {
        "incident_report_number": "200350123",
        "crime_type": "THEFT",
        "ucr_code": "600",
        "family_violence": "N",
        "occ_date_time": "2003-05-04T17:30:00.000",
        "occ_date": "2003-05-04T00:00:00.000",
        "occ_time": "1730",
        "rep_date_time": "2003-05-04T18:00:00.000",
        "rep_date": "2003-05-04T00:00:00.000",
        "rep_time": "1800",
        "location_type": "SPECIALTY  STORE",
        "council_district": "9",
        "sector": "GE",
        "district": "1",
        "clearance_status": "N",
        "clearance_date": "2003-06-01T00:00:00.000",
        "ucr_category": "23H",
        "category_description": "Theft",
        "census_block_group": "4530011001",
    },
]
STAMP = datetime(2024, 2, 10, 10, 0, 0, 123000, UTC)


@dataclass
class Portal:
    """A running portal and its store."""

    address: str
    store: Store

    def get(
        self, path: str, headers: dict[str, str] | None = None, **parameters: object
    ) -> requests.Response:
        """Ask for a path."""
        return requests.get(self.address + path, params=parameters, headers=headers, timeout=TIMEOUT_S)

    def ask(self, **clauses: object) -> requests.Response:
        """Ask the reports; ``select="..."`` is ``$select``, ``sector_="AD"`` the filter ``sector=AD``."""
        named = {
            name.rstrip("_") if name.endswith("_") else f"${name}": value for name, value in clauses.items()
        }
        return self.get(f"/resource/{REPORTS_ID}.json", **named)

    def rows(self, **clauses: object) -> list[dict[str, object]]:
        """Ask the reports and return the rows of a good answer."""
        response = self.ask(**clauses)
        assert response.status_code == 200, response.text
        return response.json()


@pytest.fixture(scope="session")
def portal() -> Iterator[Portal]:
    """Return a portal of 2,000 invented reports."""
    store = Store.generate(reports=REPORT_COUNT, seed=7, until=UNTIL)
    with server.running(store, app_tokens=(APP_TOKEN,)) as address:
        yield Portal(address, store)
    store.close()


@pytest.fixture
def faulty(portal: Portal) -> Iterator[Portal]:
    """Return the portal of 2,000 reports to a test that adds faults; they end with it."""
    yield portal
    portal.store.faults.clear()


@pytest.fixture(scope="session")
def written_out(tmp_path_factory) -> Iterator[Portal]:
    """Return a portal of the six reports above."""
    path = tmp_path_factory.mktemp("given") / "reports.json"
    path.write_text(json.dumps(REPORTS), encoding="utf-8")
    store = Store.from_file(path, updated_at=STAMP)
    with server.running(store) as address:
        yield Portal(address, store)
    store.close()


@pytest.fixture
def changing() -> Iterator[Portal]:
    """Return a portal of 1,000 invented reports that a test may change."""
    store = portal_of(1_000, seed=3, until=UNTIL)
    store.clock = lambda: NOW
    with server.running(store) as address:
        yield Portal(address, store)
    store.close()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of the real files."""
    folder = os.environ.get("AUSTIN_CRIME_REAL_DATA")
    if not folder:
        pytest.skip("AUSTIN_CRIME_REAL_DATA names no folder with the real files")
    return Path(folder)
