"""The pages that are made of declarations say what is declared now."""

import pytest
from scripts import write_reference


@pytest.mark.parametrize("name", write_reference.PAGES)
def test_a_generated_page_is_current(name):
    page = write_reference.ROOT / "docs" / name

    assert page.read_text() == write_reference.PAGES[name](), "run make docs"
