"""The public edition in a browser: without a network and on a phone, in light and dark."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from austin_crime import nightly

SIZES = [1440, 1024, 390]
# For each text that is shown: its size on the screen in pixels, and the text.
TEXTS = """() => [...document.querySelectorAll("body *")]
    .filter(one => [...one.childNodes].some(node => node.nodeType === 3 && node.textContent.trim()))
    .map(one => {
        const scale = one.ownerSVGElement ? one.ownerSVGElement.getScreenCTM().a : 1;
        return [parseFloat(getComputedStyle(one).fontSize) * scale, one.textContent];
    })"""


@pytest.fixture
def edition(warehouse, sample_portal, tmp_path, monkeypatch) -> str:
    """Return the address of the edition's file."""
    monkeypatch.setenv("AUSTIN_CRIME_EDITION_DIR", str(tmp_path / "edition"))
    nightly.run_nightly("first")
    return (tmp_path / "edition" / "current" / "index.html").as_uri()


@pytest.fixture
def opened(page, edition):
    """Return the page in a browser that is offline."""
    page.context.set_offline(True)
    page.goto(edition)
    return page


def test_the_edition_has_no_violations_of_accessibility_rules(opened):
    violations = {}
    for width in (1440, 390):
        for scheme in ("light", "dark"):
            opened.set_viewport_size({"width": width, "height": 900})
            opened.emulate_media(color_scheme=scheme)
            found = Axe().run(opened, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"]})
            violations[width, scheme] = [
                (one["id"], one["nodes"][0]["html"][:200]) for one in found.response["violations"]
            ]
    assert {where: found for where, found in violations.items() if found} == {}


def test_the_edition_fits_every_window_and_can_be_read(opened):
    for width in SIZES:
        opened.set_viewport_size({"width": width, "height": 900})

        assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
        assert [text for size, text in opened.evaluate(TEXTS) if size < 11] == [], width


def test_the_edition_asks_nobody_anything_and_breaks_nothing(opened):
    opened.get_by_role("link", name="Check this year’s number").click()

    assert opened.locator("#check-year").is_visible()
    assert opened.hosts <= {None, ""}
    assert opened.breaks == []
