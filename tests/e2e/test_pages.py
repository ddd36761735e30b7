"""What a person does with the two pages in Airflow: start a load and watch it, browse, delete and see it come back."""

import re

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from tests.e2e.conftest import log_in_to_airflow, log_in_to_superset

pytestmark = pytest.mark.usefixtures("loaded")

RUN_TIMEOUT_MS = 300_000
DRAW_TIMEOUT_MS = 60_000
PAGES = (
    "/plugin/pipeline",
    *(f"/plugin/data?tab={tab}" for tab in ("newest", "received", "tables", "changes", "delete")),
)


def change_portal(stack, change: str) -> None:
    """Change the sample portal's reports."""
    requests.post(f"{stack.portal}/live/{change}", timeout=60).raise_for_status()


def station(page: Page, task_id: str):
    """Return what the page shows of a task."""
    return page.locator(f'[data-task="{task_id}"]')


def wait_for_content(page: Page) -> None:
    """Wait until a page shows what it has asked for."""
    expect(page.locator("main table:visible, main #typed:visible").first).to_be_visible(
        timeout=DRAW_TIMEOUT_MS
    )


def violations(page: Page) -> list[tuple[str, str]]:
    """Return the accessibility rules that a page breaks, each with an element that does."""
    found = Axe().run(page, context="main", options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa"]})
    return [(one["id"], one["nodes"][0]["html"][:200]) for one in found.response["violations"]]


def wait_until_loaded(page: Page) -> None:
    """Wait until the load that was started is over and the page shows its receipt."""
    expect(page.get_by_text("The load as it happens")).to_be_visible(timeout=DRAW_TIMEOUT_MS)
    expect(station(page, "refresh_dashboards")).to_have_attribute(
        "data-state", "success", timeout=RUN_TIMEOUT_MS
    )
    expect(page.get_by_text("All equal")).to_be_visible(timeout=DRAW_TIMEOUT_MS)


def press_until(page: Page, target) -> None:
    """Press Tab until an element has the focus."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if target().evaluate("element => element === document.activeElement"):
            return
    pytest.fail(f"Tab does not lead to {target()}")


def open_tab(page: Page, stack, values: str) -> None:
    """Open a part of the data page."""
    page.goto(f"{stack.airflow}/plugin/data?{values}")
    expect(page.get_by_role("heading", name="See the data")).to_be_visible(timeout=DRAW_TIMEOUT_MS)


def delete(page: Page, stack, target: str) -> None:
    """Delete a target, its name typed."""
    open_tab(page, stack, f"tab=delete&target={target}")
    button = page.get_by_role("button", name="Delete", exact=True)
    expect(button).to_be_disabled()
    page.get_by_label(re.compile("to confirm")).fill(target)
    button.click()
    expect(page.get_by_text(f"Deleted {target}.")).to_be_visible(timeout=RUN_TIMEOUT_MS)


def test_a_person_starts_a_load_and_watches_it_to_the_end_with_log_lines_and_numbers(stack, page):
    change_portal(stack, "week?added=7&edited=5&removed=1")
    log_in_to_airflow(page, stack, "/plugin/pipeline")

    page.get_by_role("button", name="Start a load").click(timeout=DRAW_TIMEOUT_MS)

    expect(page.get_by_label(re.compile("Newest log lines")).first).to_be_visible(timeout=RUN_TIMEOUT_MS)
    wait_until_loaded(page)
    expect(station(page, "publish")).to_contain_text("7 added, 5 edited, 1 removed")
    expect(station(page, "settle_months")).to_contain_text("equal to the city's")
    assert page.breaks == []
    assert page.hosts - {None} == {"127.0.0.1"}


def test_any_night_can_be_seen_again_and_shared_by_its_address(stack, page):
    log_in_to_airflow(page, stack, "/plugin/pipeline")

    page.get_by_role("button", name=re.compile(r"^\w{3} \d+, \d{4}")).last.click(timeout=DRAW_TIMEOUT_MS)

    expect(station(page, "publish")).to_contain_text(
        re.compile(r"(19|20),\d{3} added"), timeout=DRAW_TIMEOUT_MS
    )
    page.reload()
    expect(station(page, "publish")).to_contain_text(
        re.compile(r"(19|20),\d{3} added"), timeout=DRAW_TIMEOUT_MS
    )


def test_a_dry_run_shows_its_plan_as_a_table(stack, page):
    # The load of the next test publishes these, so the tables are the portal's again.
    change_portal(stack, "week?added=3&edited=2&removed=0")
    log_in_to_airflow(page, stack, "/plugin/pipeline")
    page.get_by_text("Options of the load").click(timeout=DRAW_TIMEOUT_MS)
    page.get_by_label("Dry run").check()
    page.get_by_role("button", name="Start a load").click(timeout=DRAW_TIMEOUT_MS)

    plan = page.get_by_role("region", name="The plan", exact=True)
    expect(plan).to_be_visible(timeout=RUN_TIMEOUT_MS)
    expect(plan).to_contain_text("topped up")
    expect(plan.get_by_role("row").filter(has_text="topped up").get_by_role("cell").last).to_have_text("5")


def test_a_load_that_a_check_blocks_waits_for_a_decision_and_publishes_after_it(stack, page):
    change_portal(stack, "week?added=1&edited=1&removed=500")
    log_in_to_airflow(page, stack, "/plugin/pipeline")
    page.get_by_role("button", name="Start a load").click(timeout=DRAW_TIMEOUT_MS)

    expect(page.get_by_text("the load waits for a decision")).to_be_visible(timeout=RUN_TIMEOUT_MS)
    expect(station(page, "gate")).to_have_attribute("data-state", "awaiting_input")
    for scheme in ("light", "dark"):
        page.evaluate("scheme => localStorage.setItem('theme', scheme)", scheme)
        page.reload()
        expect(page.get_by_text("the load waits for a decision")).to_be_visible(timeout=DRAW_TIMEOUT_MS)
        assert violations(page) == []
    page.get_by_role("link", name="See why, and decide").click()
    expect(page.get_by_text("Publish although reports_removed failed?")).to_be_visible(
        timeout=DRAW_TIMEOUT_MS
    )
    expect(page.get_by_text("incident_id").first).to_be_visible()
    with page.expect_response(lambda response: response.request.method == "PATCH") as answer:
        page.get_by_role("button", name="Publish", exact=True).click()
    assert answer.value.ok, answer.value.text()
    page.goto(f"{stack.airflow}/plugin/pipeline")

    wait_until_loaded(page)
    expect(station(page, "gate")).to_contain_text("a person accepted")


def test_a_load_that_fails_says_why_and_what_to_do(stack, page):
    requests.post(
        f"{stack.portal}/faults", params={"kind": "gone", "times": "all"}, timeout=60
    ).raise_for_status()
    try:
        log_in_to_airflow(page, stack, "/plugin/pipeline")
        page.get_by_role("button", name="Start a load").click(timeout=DRAW_TIMEOUT_MS)

        expect(page.get_by_text("This load failed")).to_be_visible(timeout=RUN_TIMEOUT_MS)
    finally:
        requests.delete(f"{stack.portal}/faults", timeout=60).raise_for_status()
    expect(page.get_by_role("alert")).to_contain_text("404")
    expect(page.get_by_role("button", name="Start again")).to_be_visible()
    expect(station(page, "source_is_up")).to_have_attribute("data-state", "failed")

    page.goto(f"{stack.airflow}/plugin/pipeline")

    expect(page.get_by_text("This load failed")).to_be_visible(timeout=DRAW_TIMEOUT_MS)


def test_the_pipeline_is_a_tab_of_its_dag_and_a_card_on_the_home_page(stack, page):
    log_in_to_airflow(page, stack, "/dags/austin_crime_nightly/plugin/see-the-pipeline")
    expect(station(page, "publish")).to_be_visible(timeout=DRAW_TIMEOUT_MS)

    page.goto(f"{stack.airflow}/")
    expect(page.get_by_text(re.compile(r"\d reports, the newest of"))).to_be_visible(timeout=DRAW_TIMEOUT_MS)
    page.get_by_role("link", name="See the pipeline").click()
    expect(page.get_by_role("heading", name="See the pipeline")).to_be_visible(timeout=DRAW_TIMEOUT_MS)


def test_the_pages_work_with_the_keyboard_alone(stack, page):
    log_in_to_airflow(page, stack, "/plugin/pipeline")
    expect(station(page, "publish")).to_be_visible(timeout=DRAW_TIMEOUT_MS)
    press_until(page, lambda: page.get_by_role("button", name="How it works"))
    page.keyboard.press("Enter")
    press_until(page, lambda: page.get_by_role("button", name="Next"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="2. Plan load").last).to_be_visible()

    open_tab(page, stack, "tab=tables&table=mart.crimes_per_hour")
    expect(page.get_by_role("region", name="Rows of mart.crimes_per_hour")).to_be_visible(
        timeout=DRAW_TIMEOUT_MS
    )
    press_until(page, lambda: page.get_by_role("button", name="Sort by report_count"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sort by report_count")).to_contain_text(
        "↑", timeout=DRAW_TIMEOUT_MS
    )


def test_a_person_filters_sorts_and_pages_a_table_and_shares_the_address(stack, page):
    log_in_to_airflow(page, stack, "/plugin/data?tab=tables&table=mart.crimes")
    page.get_by_label("Column", exact=True).select_option("crime_type", timeout=DRAW_TIMEOUT_MS)
    page.get_by_label("Comparison", exact=True).select_option("contains")
    page.get_by_label("Value", exact=True).fill("theft")
    page.get_by_role("button", name="Filter", exact=True).click()
    expect(page.get_by_role("button", name="Remove the filter crime_type contains theft")).to_be_visible()
    rows = page.get_by_role("region", name="Rows of mart.crimes").locator("tbody tr")
    for button in ("Sort by reported_at", "Next page"):
        before = rows.first.inner_text()
        page.get_by_role("button", name=button).click(timeout=DRAW_TIMEOUT_MS)
        expect(rows.first).not_to_have_text(before, timeout=DRAW_TIMEOUT_MS, use_inner_text=True)
    expect(rows).to_have_count(50, timeout=DRAW_TIMEOUT_MS)
    assert "after=" in page.url
    shown = rows.all_inner_texts()
    assert all("THEFT" in row for row in shown)

    page.goto(page.url)

    expect(rows).to_have_count(50, timeout=DRAW_TIMEOUT_MS)
    assert rows.all_inner_texts() == shown


def test_a_view_comes_as_a_file(stack, page):
    log_in_to_airflow(page, stack, "/plugin/data?tab=tables&table=mart.crimes_per_hour")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click(timeout=DRAW_TIMEOUT_MS)

    lines = download.value.path().read_text().splitlines()
    assert lines[0].startswith("occurred_hour,report_count")
    assert len(lines) == 26


def test_received_reports_are_shown_raw_beside_cleaned(stack, page):
    log_in_to_airflow(page, stack, "/plugin/data?tab=received")
    loads = page.get_by_role("region", name="Loads in the landing").get_by_role("row")
    loads.filter(has_text="Published").last.get_by_role("button").click(timeout=DRAW_TIMEOUT_MS)
    page.get_by_role("button", name="batch-001.json.gz").first.click(timeout=DRAW_TIMEOUT_MS)

    expect(page.get_by_text('"incident_report_number"').first).to_be_visible(timeout=DRAW_TIMEOUT_MS)
    expect(page.get_by_role("region", name="Raw and cleaned").first.locator("mark").first).to_be_visible()


def test_a_deleted_warehouse_says_so_everywhere_and_the_next_load_proves_that_all_came_back(stack, page):
    log_in_to_airflow(page, stack, "/plugin/data")
    delete(page, stack, "all tables")
    open_tab(page, stack, "tab=newest")
    expect(page.get_by_text("no data yet")).to_be_visible(timeout=DRAW_TIMEOUT_MS)
    log_in_to_superset(page, stack, "viewer")
    page.goto(f"{stack.superset}/superset/dashboard/austin-crime/")
    expect(page.get_by_text("No data: admin deleted them").first).to_be_visible(timeout=DRAW_TIMEOUT_MS)

    page.goto(f"{stack.airflow}/plugin/pipeline")
    page.get_by_role("button", name="Start a load").click(timeout=DRAW_TIMEOUT_MS)
    wait_until_loaded(page)

    open_tab(page, stack, "tab=delete")
    reset = page.locator('[data-target="all tables"]')
    expect(reset.get_by_text("equal: yes")).to_be_visible(timeout=DRAW_TIMEOUT_MS)


def test_a_deleted_load_of_the_landing_is_gone(stack, page):
    log_in_to_airflow(page, stack, "/plugin/data?tab=delete")
    folder = page.locator("#target option", has_text="landing/").first
    expect(folder).to_be_attached(timeout=DRAW_TIMEOUT_MS)
    target = folder.inner_text()

    delete(page, stack, target)

    assert not (stack.root / "data" / "landing" / "sample" / target.removeprefix("landing/")).exists()


def test_a_viewer_reads_and_is_offered_neither_start_nor_delete(stack, page):
    log_in_to_airflow(page, stack, "/plugin/pipeline", login="viewer")
    expect(station(page, "source_is_up")).to_contain_text("Its data changed", timeout=DRAW_TIMEOUT_MS)
    expect(page.get_by_role("button", name="Start a load")).to_have_count(0)

    open_tab(page, stack, "tab=delete")
    expect(page.get_by_text("Your login is read-only.")).to_be_visible(timeout=DRAW_TIMEOUT_MS)
    expect(page.get_by_role("button", name="Delete", exact=True)).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_fit_every_window_and_have_no_violations_of_accessibility_rules(stack, page, scheme):
    page.emulate_media(color_scheme=scheme)
    log_in_to_airflow(page, stack, "/plugin/pipeline")
    page.evaluate("scheme => localStorage.setItem('theme', scheme)", scheme)
    broken, too_wide = {}, []
    for path in PAGES:
        page.set_viewport_size({"width": 1440, "height": 900})
        page.goto(stack.airflow + path)
        wait_for_content(page)
        broken[path] = violations(page)
        for width in (1440, 1024, 390):
            page.set_viewport_size({"width": width, "height": 900})
            # What reacts to the width does so in the next frame.
            page.evaluate("() => new Promise(requestAnimationFrame)")
            if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
                too_wide.append((path, width))
    assert {path: found for path, found in broken.items() if found} == {}
    assert too_wide == []
