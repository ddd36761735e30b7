"""How the load grows: a small size from end to end, and what is computed from several."""

import pytest

from benchmarks import growth, growth_page, week
from benchmarks import surroundings as around

REPORTS = 6_000
# Of fewer, a week's changes are so many that checks stop them.
ENOUGH_FOR_A_WEEK = 40_000
MEASURED = {
    "reports": REPORTS,
    "machine": "2 cores.",
    "first_load": {"wall_s": 2.0, "cpu_s": 1.0, "postgres_cpu_s": 1.0, "peak_rss_mb": 100.0, "steps": {"publish": 0.5}},
    "bytes": {"warehouse": 4e6, "reports": 2e6, "aggregates": 1e6, "landing": 1e6},
    "charts": {"Seasons": 0.1, "Where": 0.2},
    "pages": {"first rows": 0.01},
    "week": {"steps": {"all steps": 1.0}, "fetched": 4_000},
    "quiet": {"steps": {"all steps": 0.2}},
}  # fmt: skip


@pytest.mark.slow
def test_a_size_is_measured_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr(around, "GENERATED", tmp_path)
    monkeypatch.setattr(week, "FEWEST_REPORTS", ENOUGH_FOR_A_WEEK)

    found = growth.measure_size(ENOUGH_FOR_A_WEEK)

    assert found["first_load"]["rows"] == ENOUGH_FOR_A_WEEK
    assert (found["week"]["added"], found["week"]["edited"], found["week"]["removed"]) == (1700, 2000, 300)
    assert found["quiet"]["status"] == "unchanged"
    assert min(found["bytes"].values()) > 0
    assert {"Seasons", "Years compared"} <= found["charts"].keys()
    assert {"first rows", "receipt", "rows that nobody has"} <= found["pages"].keys()
    assert all(value(found) > 0 for _, value in growth_page.MEASURES.values())


def test_a_size_that_is_no_number_ends_with_a_sentence(capsys):
    assert growth.main(["many"]) == 1

    assert "REPORTS is 'many': expected a number from 1,000 to 26,150,000." in capsys.readouterr().err


@pytest.mark.parametrize("power", [0, 0.5, 1, 1.3])
def test_the_exponent_of_a_power_law_is_found(power):
    sizes = [{"reports": reports} for reports in (1_000, 10_000, 50_000)]

    found, factor = growth_page.fit(sizes, lambda size: 3 * size["reports"] ** power)

    assert found == pytest.approx(power)
    assert factor == pytest.approx(3)


def test_what_grows_faster_than_the_data_is_named_and_a_hundred_times_is_computed():
    bigger = MEASURED | {"reports": 10 * REPORTS, "quiet": {"steps": {"all steps": 20}}}

    rows = {name: cells for name, *cells in growth_page.rows([MEASURED, bigger])}

    assert rows["a night with nothing new"][:4] == [
        "0.20 s",
        "20.0 s",
        "2.00",
        "2.00 **faster than the data**",
    ]
    assert rows["first load"] == ["2.00 s", "2.00 s", "0.00", "0.00", "2.00 s"]


def test_the_page_says_what_a_hundred_times_would_need_once_three_sizes_tell_how_it_grows():
    sizes = [MEASURED | {"reports": times * REPORTS} for times in (1, 2, 4)]

    assert "would need" not in growth_page.page(sizes[:2], "")
    assert "## What 100 times as many reports would need" in growth_page.page(sizes, "")


def test_the_page_is_what_the_results_give():
    assert growth_page.PAGE.read_text() == growth_page.page(
        growth_page.read(), growth_page.METHOD.read_text()
    )


def test_a_size_that_is_measured_again_takes_the_place_of_the_one_before(tmp_path, monkeypatch):
    monkeypatch.setattr(growth_page, "RESULTS", tmp_path / "growth.json")
    bigger = MEASURED | {"reports": 10 * REPORTS}

    for size in (bigger, MEASURED, MEASURED | {"machine": "4 cores."}):
        growth_page.keep(size)

    assert [(size["reports"], size["machine"]) for size in growth_page.read()] == [
        (REPORTS, "4 cores."),
        (10 * REPORTS, "2 cores."),
    ]
