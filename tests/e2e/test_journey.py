"""What a person does on the first day: trigger the load, watch it turn green, read the dashboard, ask in SQL."""

import re

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect
from tests.e2e.conftest import log_in_to_airflow, log_in_to_superset

from testing.waiting import wait_for

RUN_TIMEOUT_MS = 300_000
DRAW_TIMEOUT_MS = 90_000
# What a chart must show to be drawn: a blank or broken one has a color or two.
COLORS_DRAWN = 5
BARS = ("Crimes per year", "Crimes per hour of day")
PIES = ("Crime groups", "Location types")
MAP = "Map by council district"
TROUBLE = ("Unexpected error", "An error occurred", "No results were returned", "No data", "Error:")


def chart(page: Page, title: str):
    """Return a chart of the dashboard, scrolled into sight and drawn."""
    holder = (
        page.locator(".dashboard-component-chart-holder")
        .filter(has=page.get_by_text(title, exact=True))
        .first
    )
    holder.scroll_into_view_if_needed(timeout=DRAW_TIMEOUT_MS)
    expect(holder.locator("canvas").first).to_be_visible(timeout=DRAW_TIMEOUT_MS)
    expect(holder.locator('[data-test="loading-indicator"], .loading')).to_have_count(
        0, timeout=DRAW_TIMEOUT_MS
    )
    return holder


def colors(holder, path) -> int:
    """Return how many different colors a chart's drawing shows on at least 20 pixels."""
    holder.locator("canvas").first.screenshot(path=path)
    pixels = np.asarray(Image.open(path).convert("RGB")).reshape(-1, 3)
    _, counts = np.unique(pixels, axis=0, return_counts=True)
    return int((counts >= 20).sum())


def test_before_the_first_load_the_dashboard_says_what_to_press(stack, page):
    log_in_to_superset(page, stack, "viewer")
    page.goto(f"{stack.superset}/superset/dashboard/austin-crime/")

    expect(page.get_by_text("No data yet").first).to_be_visible(timeout=DRAW_TIMEOUT_MS)
    expect(page.get_by_text("press Trigger").first).to_be_visible()


def test_before_the_first_load_the_pages_say_what_to_press_and_explain_the_steps_with_an_invented_report(
    stack, page
):
    log_in_to_airflow(page, stack, "/plugin/pipeline")
    expect(page.get_by_text("No data yet").first).to_be_visible(timeout=DRAW_TIMEOUT_MS)
    expect(page.get_by_role("button", name="Start a load")).to_be_enabled()

    page.get_by_role("button", name="How it works").click()
    walk = page.get_by_role("region", name="How it works")
    expect(walk.get_by_text("an invented one")).to_be_visible()
    expect(
        walk.get_by_role("button", name="Play")
    ).to_be_visible()  # keeps still: this browser asks for reduced motion
    for _ in range(5):
        walk.get_by_role("button", name="Next").click()
    expect(walk.get_by_role("heading", name="6. Clean and stage")).to_be_visible()
    expect(walk.locator("mark").filter(has_text="09:05:00").first).to_be_visible()

    page.goto(f"{stack.airflow}/plugin/data")
    expect(page.get_by_text("no data yet")).to_be_visible(timeout=DRAW_TIMEOUT_MS)
    assert page.breaks == []


def test_a_person_triggers_the_load_and_sees_it_turn_green(stack, page):
    log_in_to_airflow(page, stack, "/dags/austin_crime_nightly")

    page.get_by_test_id("trigger-dag-button").click(timeout=DRAW_TIMEOUT_MS)
    page.locator("[role=dialog]").get_by_role("button", name="Trigger", exact=True).click()
    page.wait_for_url("**/runs/manual__*", timeout=DRAW_TIMEOUT_MS)
    run = f"{stack.airflow}/api/v2/dags/austin_crime_nightly/dagRuns/{page.url.partition('/runs/')[2]}"
    wait_for(
        "The end of the run",
        lambda: page.request.get(run).json()["state"] in ("success", "failed"),
        RUN_TIMEOUT_MS / 1000,
    )

    expect(page.get_by_test_id("main-content").get_by_text("Success", exact=True).first).to_be_visible(
        timeout=RUN_TIMEOUT_MS
    )
    expect(page.get_by_text("Failed", exact=True)).to_have_count(0)
    assert page.breaks == []


def test_the_dashboard_is_drawn_with_bars_pies_and_the_map_and_asks_no_other_host(stack, page, tmp_path):
    log_in_to_superset(page, stack, "viewer")
    page.goto(f"{stack.superset}/superset/dashboard/austin-crime/")
    expect(page.get_by_text("Sample data").first).to_be_visible(timeout=DRAW_TIMEOUT_MS)

    drawn = {title: chart(page, title) for title in (*BARS, *PIES, MAP)}
    page.wait_for_load_state("networkidle")

    few = {title: colors(holder, tmp_path / "chart.png") for title, holder in drawn.items()}
    assert {title: number for title, number in few.items() if number < COLORS_DRAWN} == {}
    text = page.locator("body").inner_text()
    assert [words for words in TROUBLE if words in text] == []
    assert page.hosts == {"127.0.0.1"}
    assert page.breaks == []


def test_an_analyst_asks_the_warehouse_in_sql_lab(stack, page):
    log_in_to_superset(page, stack, "analyst")
    page.goto(f"{stack.superset}/sqllab/")
    page.get_by_text("Add a new tab", exact=True).click(timeout=DRAW_TIMEOUT_MS)
    page.locator(".ace_editor").first.click(timeout=DRAW_TIMEOUT_MS)

    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text("select 'reports: ' || count(*) as said from mart.crimes")
    page.get_by_role("button", name="Run").first.click()

    expect(page.get_by_text(re.compile(r"reports: (19|20)\d{3}")).first).to_be_visible(
        timeout=DRAW_TIMEOUT_MS
    )


def test_the_load_has_written_the_public_edition_beside_the_dashboard(stack, page):
    page.goto(f"{stack.superset}/edition/")
    page.fill("#username", "viewer")
    page.fill("#password", stack.passwords["SUPERSET_VIEWER_PASSWORD"])
    page.click('button[type="submit"]')
    page.wait_for_url("**/edition/")

    expect(page.get_by_text("These reports are invented")).to_be_visible()
    expect(page.get_by_role("heading", name="By council district")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("^top_crimes.parquet")).click()
    assert download.value.path().read_bytes().startswith(b"PAR1")
