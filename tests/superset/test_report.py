"""A dashboard as a PDF or a PNG: its numbers are those of SQL, the chosen filters are named, and nobody sees more than their login."""

import fcntl
import io
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pypdf
import pytest
import requests
from PIL import Image
from tests.superset.conftest import Superset

from testing.browser import NAMES
from testing.superset_pages import Browser

needs_chromium = pytest.mark.skipif(
    not (shutil.which("chromedriver") and any(map(shutil.which, NAMES))),
    reason="no Chromium with chromedriver: install both",
)
A_REPORT_S = 180


def get(browser: Browser, path: str) -> requests.Response:
    return browser.session.get(browser.url + path, timeout=A_REPORT_S, allow_redirects=False)


def text_of(answer: requests.Response) -> str:
    """Return the words of a PDF, with single spaces."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/pdf"
    pages = pypdf.PdfReader(io.BytesIO(answer.content)).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


@pytest.fixture(scope="module")
def count(superset: Superset, detail) -> Callable[[str], str]:
    def count(condition: str) -> str:
        (n,) = detail.execute(f"select count(*) from mart.crimes where {condition}").fetchone()
        return f"{n:,}"

    return count


def keep_filter(browser: Browser, slug: str, filter_id: str, column: str, values: list[object]) -> str:
    """Choose a filter as the dashboard does, and return the key under which it is kept."""
    dashboard = browser.get(f"/api/v1/dashboard/{slug}")["id"]
    chosen = {
        filter_id: {
            "id": filter_id,
            "extraFormData": {"filters": [{"col": column, "op": "IN", "val": values}]},
            "filterState": {"value": values, "label": ", ".join(map(str, values))},
        }
    }
    answer = browser.ask("POST", f"/api/v1/dashboard/{dashboard}/filter_state", {"value": json.dumps(chosen)})
    assert answer.status_code == 201, answer.text
    key: str = answer.json()["key"]
    return key


@needs_chromium
def test_the_numbers_in_a_pdf_are_those_that_sql_counts(viewer, count, detail):
    text = text_of(get(viewer, "/report/austin-crime.pdf"))

    assert "Austin crime All reports: no filter is chosen." in text
    assert f"Reports by day of occurrence {count('true')} " in text
    assert f"No district reports not on the map {count('council_district is null')} " in text
    for district, n in detail.execute(
        "select council_district, count(*) from mart.crimes where council_district is not null group by 1"
    ):
        assert re.search(rf"\b{district} {n:,}\b", text), district
    for crime_type, n in detail.execute(
        "select crime_type, report_count from mart.top_crimes order by report_count desc, crime_type limit 10"
    ):
        assert f"{crime_type} {n:,}" in text
    for (notice,) in detail.execute(
        "select notice from mart.comparisons where crime_group = 'All crimes' and area_name = 'Whole city'"
    ):
        assert notice in text


@needs_chromium
def test_a_pdf_has_the_chosen_filters_in_its_numbers_and_names_them(viewer, count):
    key = keep_filter(viewer, "austin-crime", "NATIVE_FILTER-council_district", "council_district", [3])

    text = text_of(get(viewer, f"/report/austin-crime.pdf?native_filters_key={key}"))

    assert "Chosen: Council district: 3." in text
    assert f"Reports by day of occurrence {count('council_district = 3')} " in text


@needs_chromium
def test_a_png_shows_every_dashboard_whole_and_drawn(viewer):
    for slug in viewer.dashboards():
        answer = get(viewer, f"/report/{slug}.png")

        assert answer.status_code == 200, answer.text
        picture = Image.open(io.BytesIO(answer.content)).convert("RGB")
        assert picture.width == 1050
        assert picture.height > 1_000
        # A map or a chart that is not drawn leaves no color behind.
        colors = {color for _, color in picture.getcolors(maxcolors=2**24)}
        assert len([color for color in colors if max(color) - min(color) > 60]) > 20, slug


@needs_chromium
def test_a_chart_with_an_error_fails_the_report_by_its_name(viewer, detail):
    # So many that nothing of it is in the cache.
    key = keep_filter(
        viewer, "austin-crime-when", "NATIVE_FILTER-council_district", "council_district", [1, 2, 4, 6, 8]
    )
    detail.execute("revoke select on mart.crime_counts from austin_crime_reader")
    try:
        answer = get(viewer, f"/report/austin-crime-when.pdf?native_filters_key={key}")
    finally:
        detail.execute("grant select on mart.crime_counts to austin_crime_reader")

    assert answer.status_code == 502
    assert "Seasons" in answer.text
    assert "The week by hour" not in answer.text


def test_without_a_login_a_report_asks_for_one(superset):
    answer = requests.get(f"{superset.url}/report/austin-crime.pdf", timeout=60, allow_redirects=False)

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/login/?next=%2Freport%2Faustin-crime.pdf")


@pytest.mark.parametrize(
    "path", ["/report/no-such-dashboard.pdf", "/report/1.pdf", "/report/austin-crime.exe"]
)
def test_what_is_no_dashboard_or_no_kind_of_file_is_not_found(viewer, path):
    assert get(viewer, path).status_code == 404


def test_while_a_report_is_made_another_is_asked_to_wait(superset, viewer):
    with (Path(superset.environment["SUPERSET_HOME"]) / "report.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        answer = get(viewer, "/report/austin-crime.pdf")

    assert (answer.status_code, answer.text) == (
        503,
        "Another report is being made. Try again in half a minute.\n",
    )
