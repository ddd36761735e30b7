"""The page: one small file that needs nothing else, says what is newest, and lets no text of the data in as HTML."""

import re
from datetime import date
from html.parser import HTMLParser

import pytest

from austin_crime import nightly
from austin_crime.edition import drawing, numbers, page, write
from sample_portal.publisher import live

SMALL_BYTES = 300_000
HTML = '<script>alert(1)</script>&"'
ELEMENTS = {"meta", "rect", "path", "br"}


class Reader(HTMLParser):
    """Collects the elements, their attributes and ids, and refuses what is not closed."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.attributes = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += [(tag, *attribute) for attribute in attrs]
        if tag not in ELEMENTS:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += [(tag, *attribute) for attribute in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def values(self, name):
        return [value for _, attribute, value in self.attributes if attribute == name]


@pytest.fixture
def text(current):
    return (current / "index.html").read_text(encoding="utf-8")


def test_the_page_is_small_and_needs_no_script_and_nothing_from_elsewhere(text):
    read = Reader(text)

    assert len(text.encode()) < SMALL_BYTES
    assert (
        set(read.elements) & {"script", "link", "img", "iframe", "object", "embed", "form", "base"} == set()
    )
    assert not [name for _, name, _ in read.attributes if name.startswith("on") or name in ("src", "srcset")]
    assert "url(" not in text
    assert "@import" not in text


def test_every_link_leads_to_a_file_beside_the_page_a_place_on_it_or_the_city(text, current, sample_portal):
    read = Reader(text)
    links, ids = read.values("href"), read.values("id")
    files = {path.name for path in current.iterdir()}
    rest = [link for link in links if link not in files and link.removeprefix("#") not in ids]

    assert len(ids) == len(set(ids))
    assert {link for link in links if link in files} == files - {"index.html"}
    assert rest
    assert all(link.startswith((sample_portal.url, "https://data.austintexas.gov/")) for link in rest)


def test_the_page_begins_with_what_is_newest_and_marks_sample_data(text):
    begin = text[text.index("<body>") : text.index("<main>")]

    assert re.search(
        r"Published \w+ \d+, \d{4}, \d+:\d\d [ap]\.m\., Austin time; reports up to \w+ \d+, 2024\.", begin
    )
    assert "<b>Sample data.</b> These reports are invented." in begin


def test_every_picture_has_a_twin_in_words(text):
    pictures = re.findall(r"<svg[^>]*>.*?</svg>", text, re.DOTALL)
    named = [picture for picture in pictures if 'role="img"' in picture]

    assert len(named) == 2
    assert all(
        re.search(r'aria-labelledby="([\w-]+)".*<title id="\1">[^<]{40,}</title>', one, re.DOTALL)
        for one in named
    )
    assert all('aria-hidden="true"' in one for one in pictures if one not in named)


def test_a_crime_type_of_html_is_shown_as_text(folder, sample_portal):
    live.edit_reports(sample_portal.store, "occ_date >= '2023-06-01'", f"crime_type = '{HTML}'")
    nightly.run_nightly("first")
    text = (folder / "current" / "index.html").read_text()

    assert "script" not in Reader(text).elements
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;&#34;" in text


def test_the_shares_and_bars_are_of_the_numbers_beside_them(current, text):
    with write.snapshot() as connection:
        types = numbers.read_numbers(connection).types
    widths = [
        float(width)
        for width in re.findall(
            r'width="([\d.]+)%"', text[text.index('id="types"') : text.index('id="groups"')]
        )
    ]

    assert widths == pytest.approx([100 * one.report_count / types[0].report_count for one in types], abs=0.1)
    assert [one.report_count for one in types] == sorted((one.report_count for one in types), reverse=True)


def test_each_district_has_the_shade_of_its_rate(current):
    with write.snapshot() as connection:
        districts = numbers.read_numbers(connection).districts
    drawn = drawing.draw_map(districts)

    assert [shape.district.council_district for shape in drawn.shapes] == [
        one.council_district for one in districts if one.boundary
    ]
    for shape in drawn.shapes:
        step = drawn.legend[shape.shade]
        assert step.low <= shape.district.per_1000_residents <= step.high
        assert 0 < shape.label_x < drawn.width
        assert 0 < shape.label_y < drawn.height


def test_without_boundaries_and_dates_the_page_is_still_whole(current, ask):
    ask("delete from mart.council_districts returning 1")
    ask("update mart.data_status set newest_report_date = null returning 1")
    write.write_edition()

    text = (current / "index.html").read_text()
    assert "Check it yourself" in text
    assert Reader(text).values("id")


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ((2026, 11, 18), (2026, 11, 24), "November 18 to 24, 2026"),
        ((2026, 10, 28), (2026, 11, 3), "October 28 to November 3, 2026"),
        ((2025, 12, 29), (2026, 1, 4), "December 29, 2025, to January 4, 2026"),
    ],
)
def test_days_are_written_as_people_do(first, last, words):
    assert page.days(date(*last), date(*first)) == words
