"""Chromium on the server: it opens a dashboard in somebody's name, waits until all is drawn, and prints it."""

import base64
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from selenium.common.exceptions import TimeoutException, WebDriverException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.wait import WebDriverWait

BROWSERS, DRIVER = ("chromium", "chromium-browser", "google-chrome"), "chromedriver"
OPTIONS = (
    "--headless=new",
    # It opens this server's own page and no other, and in a container there is no sandbox to be had.
    "--no-sandbox",
    "--disable-dev-shm-usage",
    # The map is drawn by WebGL: in software, where there is no graphics card.
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
)
# At this scale a page of A4 is as wide as the window, so that nothing is laid out anew for the paper.
WIDTH_PX, HEIGHT_PX, SCALE = 1050, 1400, 0.7
MM = 1 / 25.4
FOOTER = (
    '<div style="font: 8px sans-serif; width: 100%; padding: 0 8mm; display: flex; justify-content: space-between">'
    '<span class="title"></span><span><span class="pageNumber"></span> of <span class="totalPages"></span></span></div>'
)
PRINT = {
    "paperWidth": 210 * MM,
    "paperHeight": 297 * MM,
    "marginTop": 10 * MM,
    "marginBottom": 15 * MM,
    "marginLeft": 8 * MM,
    "marginRight": 8 * MM,
    "scale": SCALE,
    "printBackground": True,
    "displayHeaderFooter": True,
    "headerTemplate": "<span></span>",
    "footerTemplate": FOOTER,
}
DRAW_TIMEOUT_S = 90
# Writes the title and the chosen filters above the charts; says whether all is drawn, and what cannot be.
SCRIPT = (Path(__file__).parent / "templates" / "report.js").read_text()


class NotDrawn(Exception):
    """A dashboard, or a part of it, could not be drawn."""


def programs() -> tuple[str, str] | None:
    """Return the paths of Chromium and of the program that drives it; None if one is missing."""
    browser, driver = next(filter(None, map(shutil.which, BROWSERS)), None), shutil.which(DRIVER)
    return (browser, driver) if browser and driver else None


def draw(
    programs: tuple[str, str],
    server: str,
    slug: str,
    filters_key: str | None,
    cookies: dict[str, str],
    kind: str,
) -> bytes:
    """Return a dashboard as a PDF whose words and numbers are text, or as a PNG.

    Raises
    ------
    NotDrawn
        If a chart shows an error, not all is drawn in time, or the browser fails.
    """
    options = ChromeOptions()
    options.binary_location, driver_path = programs
    for option in (*OPTIONS, f"--window-size={WIDTH_PX},{HEIGHT_PX}"):
        options.add_argument(option)
    try:
        with Chrome(options, Service(driver_path)) as browser:
            for name, value in cookies.items():
                browser.execute_cdp_cmd("Network.setCookie", {"name": name, "value": value, "url": server})
            query = {"standalone": 3} | ({"native_filters_key": filters_key} if filters_key else {})
            browser.get(f"{server}/superset/dashboard/{slug}/?{urlencode(query)}")
            _wait_until_drawn(browser)
            return _pdf(browser) if kind == "pdf" else _png(browser)
    except WebDriverException as failure:
        raise NotDrawn(f"Chromium failed: {failure.msg}") from failure


def _wait_until_drawn(browser: Chrome) -> None:
    browser.set_script_timeout(DRAW_TIMEOUT_S)
    # As long as the script has not answered, the page is what is missing.
    state: dict[str, Any] = {"is_drawn": False, "missing": [], "failed": []}

    def is_drawn(browser: Chrome) -> bool:
        state.update(browser.execute_async_script(SCRIPT))
        return bool(state["is_drawn"])

    try:
        WebDriverWait(browser, DRAW_TIMEOUT_S, poll_frequency=1).until(is_drawn)
    except TimeoutException as failure:
        raise NotDrawn(
            f"Not drawn after {DRAW_TIMEOUT_S} s: {', '.join(state['missing']) or 'the page'}."
        ) from failure
    if state["failed"]:
        raise NotDrawn(f"These charts show an error: {', '.join(state['failed'])}.")


def _pdf(browser: Chrome) -> bytes:
    return base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", PRINT)["data"])


def _png(browser: Chrome) -> bytes:
    """Return all of the page in one picture."""
    height = browser.execute_script("return document.documentElement.scrollHeight")
    window = {"width": WIDTH_PX, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", window)
    # Maps are drawn anew in the taller window.
    _wait_until_drawn(browser)
    return base64.b64decode(browser.get_screenshot_as_base64())
