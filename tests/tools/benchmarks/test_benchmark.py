"""The cheap contenders from end to end, and what is written of them; the DAG has a file of its own."""

import asyncio
import json
from pathlib import Path

import httpx
import psycopg
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from benchmarks import one_size, proof, readme, report, results
from benchmarks import surroundings as around
from benchmarks.contenders import CSV_COPY, FLOOR, NOTHING_NEW, OURS, WEEK_LATER, aggregates
from benchmarks.errors import BenchmarkError
from benchmarks.prerendered import PreRendered

pytestmark = pytest.mark.slow

CONTENDERS = Path(aggregates.__file__).parent
REPORTS = 6_000
KEYS = {"contender", "reports", "wall_s", "cpu_s", "peak_rss_mb", "rows"}


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Return the servers, still up, and the results of one round."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(around, "GENERATED", tmp_path_factory.mktemp("generated"))
        patch.setattr(one_size, "RUNS_OF_FEW", 1)
        with around.surroundings(REPORTS) as where:
            yield where, one_size.measure_all(where, (OURS, FLOOR, CSV_COPY), lambda _: None)


def test_every_contender_ends_with_all_rows_and_the_results_have_their_keys(measured, tmp_path):
    _, found = measured

    results.write(results.merge([], found), tmp_path / "results.json")
    written = json.loads((tmp_path / "results.json").read_text())

    assert {each["contender"]: each["rows"] for each in written} == {
        "ours": REPORTS,
        "floor": REPORTS,
        "csv_copy": REPORTS,
    }
    assert all(each.keys() >= KEYS and each["reports"] == REPORTS for each in written)
    assert all(min(each["wall_s"], each["cpu_s"], each["peak_rss_mb"]) > 0 for each in written)


def test_timed_runs_ask_nothing_that_the_portal_would_have_to_render(measured):
    where, _ = measured
    rendered = where.folder / "portal"
    before = set(rendered.glob("*.headers.json"))

    one_size.measure_one(
        where, OURS, {"sums": proof.sums(where, "ours"), "totals": proof.totals(where, "ours")}
    )

    assert set(rendered.glob("*.headers.json")) == before


def test_a_contender_that_ends_with_other_data_fails_the_benchmark(measured):
    where, _ = measured
    expected = {"sums": proof.sums(where, "ours"), "totals": proof.totals(where, "ours")}
    with where.superuser("ours") as connection:
        connection.execute(
            "copy (select * from mart.crimes where council_district is distinct from 3)"
            f" to '{where.rows_file()}' (format binary)"
        )

    with pytest.raises(BenchmarkError, match="floor ended with other data than ours"):
        one_size.measure_one(where, FLOOR, expected)


# What two contenders write, with environments of their own: the columns that their SQL reads.
WRITTEN = {
    "to_sql": "create table public.crimes (incident_report_number bigint, crime_type text, occ_date timestamp, occ_time bigint,"
    " rep_date timestamp, rep_date_time timestamp, council_district bigint, clearance_status text);"
    " insert into public.crimes values (1, 'THEFT', '2024-05-02', 1315, '2024-05-03', '2024-05-03 08:00', 9, 'C')",
    "dlt_rest_api": "create schema dlt_crimes; create table dlt_crimes.crimes (incident_report_number text, crime_type text,"
    " occ_date timestamptz, occ_time text, rep_date timestamptz, council_district text, clearance_status text);"
    " insert into dlt_crimes.crimes values ('1', 'THEFT', '2024-05-02', '1315', '2024-05-03', '9', 'C')",
}


@pytest.mark.parametrize("contender", WRITTEN)
def test_what_others_write_is_aggregated_as_ours_is(warehouse, contender):
    with psycopg.connect(warehouse.owner_url) as connection:
        connection.execute(WRITTEN[contender])
        connection.execute((CONTENDERS / f"{contender}.sql").read_bytes())
        aggregates.build(connection.cursor())
        rows = connection.execute(
            "select occurred_date::text, crime_group, council_district, report_count, cleared_count from staging.crime_counts"
        ).fetchall()

    assert rows == [("2024-05-02", "Theft", 9, 1, 1)]


@pytest.fixture
def counting_portal(tmp_path):
    """Return a portal that counts what it renders, kept on disk, and the version of its data in a list."""
    version = [1]

    def answer(request: Request) -> Response:
        app.state.rendered += 1
        return PlainTextResponse(
            f"{request.query_params} of {version[0]}", int(request.query_params.get("s", 200))
        )

    app = Starlette(routes=[Route("/x", answer)])
    app.state.rendered = 0
    return app, PreRendered(app, tmp_path, lambda: version[0]), version


def ask(portal: PreRendered, *addresses: str) -> list[str]:
    """Return the bodies of answers."""

    async def get() -> list[str]:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(portal), base_url="http://portal"
        ) as client:
            return [(await client.get(address)).text for address in addresses]

    return asyncio.run(get())


def test_an_answer_is_rendered_once_whatever_the_spelling_of_its_address(counting_portal):
    app, portal, _ = counting_portal

    first, second, other = ask(portal, "/x?$a=1&b=2", "/x?b=2&%24a=1", "/x?b=3")

    assert first == second != other
    assert app.state.rendered == 2
    assert portal.request_count == 3


def test_an_answer_is_rendered_anew_when_the_data_changed_or_it_was_none(counting_portal):
    app, portal, version = counting_portal
    before = ask(portal, "/x?a=1", "/x?s=503", "/x?s=503")
    assert app.state.rendered == 3

    version[0] = 2

    assert ask(portal, "/x?a=1") != before[:1]


def result(contender: str, reports: int, wall_s: float, **more: object) -> results.Result:
    """Return a result with figures that are easy to tell."""
    figures = {
        "wall_s": wall_s,
        "cpu_s": wall_s,
        "postgres_cpu_s": 1.0,
        "peak_rss_mb": 100.0,
        "rows": reports,
    }
    return {"contender": contender, "reports": reports, **figures, "is_extrapolated": False, **more}


def test_what_is_not_run_at_a_size_is_extrapolated_on_a_line_through_the_last_two_and_marked():
    kept = [result("dlt", 10_000, 5), result("dlt", 100_000, 40), result("dlt", 200_000, 90)]

    merged = results.merge(kept, [result("ours", 1_000_000, 20)])

    far = results.of(merged, "dlt", 1_000_000)
    assert far is not None
    assert far["is_extrapolated"]
    assert far["wall_s"] == pytest.approx(90 + 800_000 * 50 / 100_000)
    assert far["rows"] == 1_000_000


def test_measuring_a_size_again_replaces_its_results_and_keeps_the_others():
    kept = [result("ours", 10_000, 5), result("floor", 10_000, 1), result("ours", 200_000, 9)]

    merged = results.merge(kept, [result("ours", 10_000, 6)])

    assert [(each["contender"], each["reports"], each["wall_s"]) for each in merged] == [
        ("ours", 10_000, 6),
        ("ours", 200_000, 9),
    ]


def test_the_page_tells_ratios_marks_extrapolation_and_says_which_aims_were_missed():
    kept = [
        result("floor", 2_000_000, 10, steps={"copy": 4.0}),
        result(
            "ours", 2_000_000, 35, steps={"all steps": 30.0}, machine="2 cores.", runs_wall_s=[35, 36, 34.5]
        ),
        result("csv_copy", 2_000_000, 30, steps={}),
        result("dlt", 2_000_000, 1000, is_extrapolated=True),
    ]

    text = report.page(kept, "## Method")

    assert "| ours | 35.0 (34.5 to 36.0) | 35.0 | 1.0 | 100 | 2,000,000 | 3.5 |" in text
    assert "| dlt (extrapolated) | 1,000.0 |" in text
    assert "| at most 0.85 times CSV and COPY | 1.17 times | **missed** |" in text
    assert "| at most 1/14 of dlt | 1/28.6, extrapolated | met |" in text
    assert "2 cores. Sizes: 2,000,000." in text


def test_the_readme_gets_the_ratios_of_the_whole_history(tmp_path, monkeypatch):
    page = tmp_path / "README.md"
    page.write_text("Before\n<!-- written by make benchmark -->\nold\n<!-- end -->\nAfter")
    monkeypatch.setattr(readme, "README", page)
    seconds = {"ours": 40, "floor": 10, "csv_copy": 50, "ours under Airflow": 150}
    kept = [result(name, 2_615_000, wall_s, commit="a") for name, wall_s in seconds.items()]
    kept.append(result("dlt", 2_615_000, 1_000, is_extrapolated=True, commit="a"))
    for name in (WEEK_LATER, NOTHING_NEW):
        kept.append(result(name, 2_615_000, 5, steps={"all steps": 4.25}, commit="a"))

    readme.write(kept)

    text = page.read_text()
    assert "in 40 s on one machine: 4.0 times" in text
    assert "1.25 times as long as ours,\ndlt 25 times, extrapolated" in text
    assert "old" not in text
    assert text.startswith("Before\n<!--")
    assert text.endswith("<!-- end -->\nAfter")


@pytest.mark.parametrize("commit", ["a", None])
def test_the_readme_stays_as_it_is_unless_all_its_figures_come_from_one_commit(tmp_path, monkeypatch, commit):
    page = tmp_path / "README.md"
    page.write_text("<!-- written by make benchmark -->\nold\n<!-- end -->")
    monkeypatch.setattr(readme, "README", page)
    names = [name for name in readme.NEEDED if name != "floor"]
    kept = [result(name, 2_615_000, 5, steps={"all steps": 4.25}, commit="b") for name in names]

    readme.write([*kept, result("floor", 2_615_000, 1, commit=commit)])

    assert "old" in page.read_text()


def test_the_page_kept_in_the_repository_is_that_of_the_results_kept_beside_it():
    assert report.PAGE.read_text() == report.page(results.read(), report.METHOD.read_text())


def test_the_page_shows_the_picture_that_is_drawn():
    assert report.PICTURE.exists()
    assert f"]({report.PICTURE.relative_to(report.PAGE.parent)})" in report.PAGE.read_text()
