"""The dashboards in a browser, as a viewer: whole at every width, in light and dark, and filters, cross-filters and links work."""

import re

import pytest
from playwright.sync_api import Page, expect
from tests.e2e.conftest import log_in_to_superset

from testing.superset_pages import Browser

DRAW_TIMEOUT_MS = 90_000
TROUBLE = ("Unexpected error", "An error occurred", "Error:", "Internal server error")
# Returns the texts that a person sees and cannot read: smaller than 11 pixels.
SMALL_TEXTS = """() => [...document.querySelectorAll('.dashboard-content *')]
  .filter((part) => [...part.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
  .filter((part) => part.checkVisibility() && parseFloat(getComputedStyle(part).fontSize) < 11)
  .map((part) => part.innerText)"""


def open_dashboard(page: Page, stack, slug: str) -> None:
    """Open a dashboard and wait until every chart is drawn, those further down too."""
    page.goto(f"{stack.superset}/superset/dashboard/{slug}/")
    charts = page.locator(".dashboard-component-chart-holder")
    expect(charts.first).to_be_visible(timeout=DRAW_TIMEOUT_MS)
    for number in range(charts.count()):
        charts.nth(number).scroll_into_view_if_needed(timeout=DRAW_TIMEOUT_MS)
        expect(charts.nth(number).locator('[data-test="loading-indicator"], .loading')).to_have_count(
            0, timeout=DRAW_TIMEOUT_MS
        )
    page.wait_for_load_state("networkidle")


def number_of(page: Page, title: str):
    """Return the number on a tile."""
    tile = page.locator(f'[data-test-chart-name="{title}"]')
    tile.scroll_into_view_if_needed(timeout=DRAW_TIMEOUT_MS)
    return tile.locator(".header-line").first


def count(stack, condition: str) -> str:
    """Return how many reports meet a condition, as a tile writes it."""
    analyst = Browser(stack.superset, "analyst", stack.passwords["SUPERSET_ANALYST_PASSWORD"])
    statement = f"select count(*) as n from mart.crimes left join mart.crime_groups using (crime_type) where {condition}"
    return f"{analyst.sql(statement).json()['data'][0]['n']:,}"


@pytest.fixture
def window(browser, request):
    """Return a page of a width and a color scheme that notes the hosts it asks and what breaks."""
    width, scheme = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.breaks, page.addresses = [], set()
    page.on("pageerror", lambda error: page.breaks.append(str(error)))
    page.on("request", lambda request: page.addresses.add(request.url))
    yield page
    context.close()


@pytest.mark.parametrize(
    ("slug", "window"),
    [
        ("austin-crime", (1440, "light")),
        ("austin-crime", (1024, "dark")),
        ("austin-crime", (390, "light")),
        ("austin-crime-where", (390, "dark")),
        ("austin-crime-when", (1024, "dark")),
        ("austin-crime-changes", (1024, "light")),
        ("austin-crime-health", (390, "light")),
    ],
    indirect=["window"],
    ids=str,
)
def test_a_dashboard_is_whole_and_readable(stack, window, slug):
    log_in_to_superset(window, stack, "viewer")

    open_dashboard(window, stack, slug)

    text = window.locator("body").inner_text()
    assert [words for words in TROUBLE if words in text] == []
    assert window.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert window.evaluate(SMALL_TEXTS) == []
    assert window.evaluate("document.documentElement.lang") == "en"
    assert window.breaks == []
    assert {
        address for address in window.addresses if not address.startswith((stack.superset, "data:", "blob:"))
    } == set()


def test_a_chosen_crime_type_changes_the_numbers_and_goes_along_to_the_next_dashboard(stack, page):
    log_in_to_superset(page, stack, "viewer")
    open_dashboard(page, stack, "austin-crime")
    expect(number_of(page, "Reports")).to_have_text(count(stack, "true"))

    page.locator(".filter-item-wrapper", has_text="Crime type").locator(".ant-select").click()
    page.keyboard.type("BURGLARY OF VEHICLE")
    page.locator(".ant-select-item-option", has_text=re.compile("^BURGLARY OF VEHICLE$")).click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name=re.compile("Apply")).click()
    expect(number_of(page, "Reports")).to_have_text(
        count(stack, "crime_type = 'BURGLARY OF VEHICLE'"), timeout=DRAW_TIMEOUT_MS
    )

    page.get_by_role("link", name="When", exact=True).click()
    page.wait_for_url("**/austin-crime-when/?native_filters_key=*", timeout=DRAW_TIMEOUT_MS)
    expect(page.get_by_text("BURGLARY OF VEHICLE").first).to_be_visible(timeout=DRAW_TIMEOUT_MS)


def test_a_click_on_a_slice_filters_the_other_charts(stack, page):
    log_in_to_superset(page, stack, "viewer")
    open_dashboard(page, stack, "austin-crime")
    pie = page.locator('[data-test-chart-name="Crime groups"] canvas').first
    pie.scroll_into_view_if_needed()
    box = pie.bounding_box()
    middle, ring = (box["width"] / 2, box["height"] / 2), min(box["width"], box["height"]) / 2 * 0.51

    # The largest slice begins at the top and goes to the right.
    pie.click(position={"x": middle[0] + ring * 0.5, "y": middle[1] - ring * 0.86})

    expect(number_of(page, "Reports")).to_have_text(
        count(stack, "crime_group = 'Theft'"), timeout=DRAW_TIMEOUT_MS
    )
