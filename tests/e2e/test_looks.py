"""The dashboards in a browser, as a viewer: whole at every width, in light and dark, and filters, cross-filters and links work."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.e2e.conftest import log_in_to_superset

from testing.cases import pairs
from testing.superset_pages import Browser

pytestmark = pytest.mark.usefixtures("loaded")

DRAW_TIMEOUT_MS = 90_000
SLUGS = [
    "austin-crime",
    "austin-crime-where",
    "austin-crime-when",
    "austin-crime-changes",
    "austin-crime-health",
]
WINDOWS = [
    (1440, "light"),
    (390, "dark"),
    (1024, "dark"),
    (1024, "light"),
    (390, "light"),
    (1440, "dark"),
]
TROUBLE = ("Unexpected error", "An error occurred", "Error:", "Internal server error")
# Returns the texts that a person sees and cannot read: smaller than 11 pixels.
SMALL_TEXTS = """() => [...document.querySelectorAll('.dashboard-content *')]
  .filter((part) => [...part.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
  .map((part) => [part, parseFloat(getComputedStyle(part).fontSize)])
  .filter(([part, size]) => part.checkVisibility() && size > 0 && size < 11)
  .map(([part]) => part.innerText)"""


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


def counts(stack, condition: str, label: str = "'all'") -> dict[str, int]:
    """Return how many reports meet a condition, by a label."""
    analyst = Browser(stack.superset, "analyst", stack.passwords["SUPERSET_ANALYST_PASSWORD"])
    reports = "mart.crimes left join mart.crime_groups using (crime_type)"
    statement = f"select {label} as label, count(*) as n from {reports} where {condition} group by 1"
    return {row["label"]: row["n"] for row in analyst.sql(statement).json()["data"]}


def count(stack, condition: str) -> str:
    """Return how many reports meet a condition, as a tile writes it."""
    return f"{counts(stack, condition)['all']:,}"


def choose_crime_type(page: Page, crime_type: str) -> None:
    page.locator(".filter-item-wrapper", has_text="Crime type").locator(".ant-select").click()
    page.keyboard.type(crime_type)
    page.locator(".ant-select-item-option", has_text=re.compile(f"^{crime_type}$")).click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name=re.compile("Apply")).click()


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


@pytest.mark.parametrize(("slug", "window"), pairs(SLUGS, WINDOWS), indirect=["window"], ids=str)
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
    for holder in window.locator('.chart-slice:has(canvas):not([data-test-viz-type^="big_number"])').all():
        holder.scroll_into_view_if_needed(timeout=DRAW_TIMEOUT_MS)
        expect(holder.locator(".in-words")).to_have_text(re.compile(r"\d.*\.$"), timeout=DRAW_TIMEOUT_MS)


def test_a_click_on_a_row_filters_the_other_charts(stack, page):
    log_in_to_superset(page, stack, "viewer")
    open_dashboard(page, stack, "austin-crime")

    page.locator(
        '[data-test-chart-name="Most frequent crimes"] td', has_text="BURGLARY OF VEHICLE"
    ).first.click()

    expect(number_of(page, "Reports")).to_have_text(
        count(stack, "crime_type = 'BURGLARY OF VEHICLE'"), timeout=DRAW_TIMEOUT_MS
    )


def open_drill_menu(page: Page, cell: Locator) -> Locator:
    """Return the list of columns to drill by; again if the table was drawn anew, or the menu moved away from under the mouse."""
    columns = page.locator('[data-test="drill-by-submenu"]')
    for _ in range(10):
        cell.click(button="right")
        page.wait_for_timeout(1_000)
        page.get_by_text("Drill by", exact=True).first.hover()
        page.wait_for_timeout(2_000)
        if columns.count():
            break
        page.keyboard.press("Escape")
    return columns


def test_drilling_into_a_district_by_crime_group_counts_as_sql(stack, page):
    log_in_to_superset(page, stack, "viewer")
    open_dashboard(page, stack, "austin-crime")
    by_group = counts(stack, "council_district = 3", "coalesce(crime_group, 'Not grouped yet')")

    row = page.locator('[data-test-chart-name="Crimes by council district"] td', has_text=re.compile("^3$"))
    columns = open_drill_menu(page, row.first)
    columns.get_by_text("Crime group", exact=True).click()

    drawn = page.locator(".ant-modal:visible")
    for group, n in by_group.items():
        line = drawn.locator("tr", has_text=re.compile(rf"^\s*{re.escape(group)}\s*{n:,}\s*$"))
        expect(line).to_have_count(1, timeout=DRAW_TIMEOUT_MS)


def test_a_click_on_a_slice_filters_the_other_charts(stack, page):
    log_in_to_superset(page, stack, "viewer")
    open_dashboard(page, stack, "austin-crime")
    theft = count(stack, "crime_group = 'Theft'")

    # The largest slice begins at the top and goes to the right.
    pie = page.locator('[data-test-chart-name="Crime groups"] canvas').first
    pie.scroll_into_view_if_needed()
    box = pie.bounding_box()
    pie.click(position={"x": box["width"] / 2 + box["width"] * 0.07, "y": box["height"] * 0.3})

    expect(number_of(page, "Reports")).to_have_text(theft, timeout=DRAW_TIMEOUT_MS)


IN_WORDS = {
    "Crimes per year": ("extract(year from occurred_date)::text", "true"),
    "Map by council district": ("'District ' || council_district", "council_district is not null"),
}


def assert_words(page: Page, stack, title: str, chosen: str, filters: str) -> None:
    """Compare the sentence of a drawing with what SQL counts under the same filters."""
    label, condition = IN_WORDS[title]
    by_label = counts(stack, f"{condition} and {chosen}", label)
    line = page.locator(f'[data-test-chart-name="{title}"] .in-words')
    line.scroll_into_view_if_needed(timeout=DRAW_TIMEOUT_MS)
    together = f"together: {sum(by_label.values()):,}{filters}."
    expect(line).to_have_text(re.compile(f"{re.escape(together)}$"), timeout=DRAW_TIMEOUT_MS)
    ends = re.match(
        r"Most: ([^,(]+?)(?: \([^)]*\))?, ([\d,]+); least: ([^,(]+?)(?: \([^)]*\))?, ([\d,]+); together",
        line.inner_text(),
    )
    assert ends is not None, line.inner_text()
    most, most_count, least, least_count = ends.groups()
    assert most_count == f"{by_label[most]:,}" == f"{max(by_label.values()):,}"
    assert least_count == f"{by_label[least]:,}" == f"{min(by_label.values()):,}"


def test_a_chosen_crime_type_changes_numbers_and_words_as_sql_counts_and_goes_along_to_the_next_dashboard(
    stack, page
):
    log_in_to_superset(page, stack, "viewer")
    open_dashboard(page, stack, "austin-crime")
    expect(number_of(page, "Reports")).to_have_text(count(stack, "true"))
    for title in IN_WORDS:
        assert_words(page, stack, title, "true", "")

    choose_crime_type(page, "BURGLARY OF VEHICLE")

    chosen = "crime_type = 'BURGLARY OF VEHICLE'"
    expect(number_of(page, "Reports")).to_have_text(count(stack, chosen), timeout=DRAW_TIMEOUT_MS)
    for title in IN_WORDS:
        assert_words(page, stack, title, chosen, " (crime type BURGLARY OF VEHICLE)")

    page.get_by_role("link", name="When", exact=True).click()
    page.wait_for_url("**/austin-crime-when/?native_filters_key=*", timeout=DRAW_TIMEOUT_MS)
    expect(page.get_by_text("BURGLARY OF VEHICLE").first).to_be_visible(timeout=DRAW_TIMEOUT_MS)


def test_no_entry_or_link_that_a_viewer_sees_is_refused(stack, page):
    refused = []
    page.on("response", lambda answer: refused.append(answer.url) if answer.status == 403 else None)
    log_in_to_superset(page, stack, "viewer")
    seen, to_open = set(), ["/superset/dashboard/austin-crime/", "/dashboard/list/", "/user_info/"]
    while to_open:
        path = to_open.pop()
        seen.add(path)
        page.goto(stack.superset + path)
        expect(page.locator("a:visible").first).to_be_visible(timeout=DRAW_TIMEOUT_MS)
        page.wait_for_timeout(2_000)
        hrefs = [link.get_attribute("href") or "" for link in page.locator("a:visible").all()]
        # A report is a file, and tested as such.
        pages = [href for href in hrefs if href.startswith("/") and not href.startswith("/report/")]
        own = {href.partition("?")[0] for href in pages if "logout" not in href}
        to_open += sorted(own - seen - set(to_open))

    assert "/chart/list/" not in seen
    assert {url for url in refused if "/colors" not in url} == set()
