"""Take the README's pictures of the running stack: the graphs of the last loads, the pages and the dashboards; kept small."""

import io
import re
import sys
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Page

from austin_crime import own_servers
from local_stack.clients import prefect
from local_stack.configuration import settings
from local_stack.configuration.settings import Settings
from local_stack.processes import programs
from testing.browser import headless

IMAGES = Path(__file__).parents[1] / "docs" / "images"
COLORS = 256
TIMEOUT_MS = 90_000
# Of each dashboard's picture: its name, the end of its address, its colors, and its height in pixels.
DASHBOARDS: list[tuple[str, str, Literal["light", "dark"], int]] = [
    ("dashboard.png", "austin-crime", "light", 1830),
    ("dashboard-dark.png", "austin-crime", "dark", 1830),
    ("where.png", "austin-crime-where", "light", 1288),
    ("where-dark.png", "austin-crime-where", "dark", 1288),
    ("when.png", "austin-crime-when", "light", 1690),
    ("health.png", "austin-crime-health", "light", 1480),
]
# How the last step of a load can end.
ENDS = ("success", "skipped", "failed", "upstream_failed")
# Of the animation: how often a picture is taken, how long each is shown, the last one longer, and its width in pixels.
FRAME_MS, FRAME_SHOWN_MS, LAST_FRAME_MS, ANIMATION_WIDTH = 1_000, 400, 4_000, 1_000


def take_airflow(page: Page, current: Settings) -> None:
    """Show the graph of the last run."""
    page.goto(current.address("airflow") + "/dags/austin_crime_nightly")
    page.fill('input[name="username"]', "admin")
    page.fill('input[name="password"]', current.values["AIRFLOW_ADMIN_PASSWORD"])
    page.click('button[type="submit"]')
    page.get_by_role("link", name=re.compile(r"^\d{4}-\d\d-\d\d")).first.click(timeout=TIMEOUT_MS)
    page.get_by_role("button", name="Show Graph").click(timeout=TIMEOUT_MS)
    page.get_by_role("button", name="Collapse Details Panel").click()
    page.wait_for_timeout(2_000)
    page.get_by_role("button", name="Fit View").click()
    page.wait_for_timeout(2_000)
    keep(page, "airflow.png")


def take_pages(page: Page, current: Settings) -> None:
    """Show the data page, and on the pipeline page a load of a week of changes as it happens."""
    page.goto(current.address("airflow") + "/plugin/data?tab=received")
    page.get_by_role("region", name="Loads in the landing").get_by_role("button").last.click(
        timeout=TIMEOUT_MS
    )
    page.get_by_role("button", name="batch-001.json.gz").click(timeout=TIMEOUT_MS)
    page.get_by_role("heading", name=re.compile("^First reports")).scroll_into_view_if_needed(
        timeout=TIMEOUT_MS
    )
    page.locator("mark").first.wait_for(timeout=TIMEOUT_MS)
    page.get_by_role("heading", name=re.compile("^Files of")).evaluate("heading => heading.scrollIntoView()")
    keep(page, "data.png")
    own_servers.session().post(current.address("portal") + "/live/week", timeout=60).raise_for_status()
    page.goto(current.address("airflow") + "/plugin/pipeline")
    page.get_by_role("button", name="Start a load").click(timeout=TIMEOUT_MS)
    frames = [page.screenshot()]
    ended = page.locator(
        ", ".join(f'[data-task="refresh_dashboards"][data-state="{state}"]' for state in ENDS)
    )
    while not ended.count():
        page.wait_for_timeout(FRAME_MS)
        frames.append(page.screenshot())
    animate(frames, "pipeline.webp")


def animate(screenshots: list[bytes], name: str) -> None:
    """Write pictures as an animation; equal ones are one frame."""
    images = [Image.open(io.BytesIO(content)).convert("RGB") for content in dict.fromkeys(screenshots)]
    small = [
        image.resize((ANIMATION_WIDTH, image.height * ANIMATION_WIDTH // image.width)) for image in images
    ]
    durations = [FRAME_SHOWN_MS] * (len(small) - 1) + [LAST_FRAME_MS]
    small[0].save(
        IMAGES / name,
        save_all=True,
        append_images=small[1:],
        duration=durations,
        loop=0,
        quality=60,
        method=6,
    )


def take_prefect(page: Page, current: Settings) -> None:
    """Show the graph of the last run in Prefect, where `make prefect` runs."""
    ended_runs = {
        "flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}},
        "sort": "START_TIME_DESC",
        "limit": 1,
    }
    run = prefect.ask(current, "POST", "/flow_runs/filter", ended_runs)[0]
    page.goto(f"{current.address('prefect')}/runs/flow-run/{run['id']}")
    page.locator("canvas").first.wait_for(timeout=TIMEOUT_MS)
    page.wait_for_timeout(3_000)
    page.get_by_title("Toggle fullscreen").click()
    page.wait_for_timeout(1_000)
    page.get_by_title("Recenter graph").click()
    page.mouse.move(0, 0)
    page.wait_for_timeout(2_000)
    keep(page, "prefect.png")


def take_dashboard(page: Page, current: Settings) -> None:
    """Show the dashboards, and the beginning of the public edition."""
    page.goto(current.address("superset") + "/login/")
    page.fill("#username", "viewer")
    page.fill("#password", current.values["SUPERSET_VIEWER_PASSWORD"])
    page.click('button[type="submit"]')
    page.wait_for_url("**/dashboard/**", timeout=TIMEOUT_MS)
    for name, slug, scheme, height in DASHBOARDS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": 1500, "height": height})
        page.goto(f"{current.address('superset')}/superset/dashboard/{slug}/")
        page.locator(".dashboard-component-chart-holder").first.wait_for(timeout=TIMEOUT_MS)
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(8_000)
        keep(page, name)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1200, "height": 1000})
    page.goto(current.address("superset") + "/edition/")
    keep(page, "edition.png")


def keep(page: Page, name: str) -> None:
    """Write what the page shows with 256 colors."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    image.quantize(COLORS, dither=Image.Dither.NONE).save(IMAGES / name, optimize=True)


if __name__ == "__main__":
    current = settings.running()
    with headless() as browser:
        if programs.is_running(current, "prefect-server"):
            take_prefect(browser.new_page(viewport={"width": 1500, "height": 600}), current)
        if not programs.is_running(current, "superset"):
            sys.exit("Airflow and Superset are not running, so there are no pictures of them: run make demo.")
        airflow = browser.new_page(viewport={"width": 1700, "height": 560})
        take_airflow(airflow, current)
        airflow.set_viewport_size({"width": 1440, "height": 960})
        take_pages(airflow, current)
        take_dashboard(browser.new_page(viewport={"width": 1500, "height": 1830}), current)
