"""Every chart's answer, as the read-only viewer gets it, against SQL on the warehouse's detail, with and without filters."""

import copy
import datetime as dt
import html
import json
import re
from decimal import Decimal
from typing import Any

import pytest
from tests.superset.expected_charts import EXPECTED, LIMITS

YEAR = "occurred_date >= current_date - interval '1 year' and occurred_date < current_date"
SIX_YEARS = (
    "occurred_date >= date_trunc('year', current_date) - interval '5 years' and occurred_date < current_date"
)
FILTERS = ("Time", "Crime group", "Crime type", "Council district")
# What is not about reports, and the comparisons, which have their own time and districts.
UNFILTERED = {
    "About these data", "Data as of", "Is it rising?", "Map of change", "Districts compared", "Per 1,000 residents", "The last 26 weeks",
    "Loads", "How late reports come", "Revisions", "Freshness", "Portal and warehouse", "Group by group",
    "Check it yourself", "Checks", "Rejected reports", "Missing values",
}  # fmt: skip
# Why a filter does not reach a chart that others do: it has a time of its own, or the counts that it reads do not have the column.
LEFT_OUT = {
    "Time": {"Last 365 days", "Edited columns", "Reclassified", "Clearance changed"},
    "Crime group": {
        "Crimes per hour of day", "The week by hour", "Time not known", "Edited columns", "Reclassified", "Clearance changed",
    },
    "Crime type": {"Months and the usual range", "Crimes per hour of day", "The week by hour", "Time not known"},
    "Council district": {"Crimes per hour of day", "The week by hour", "Time not known"},
}  # fmt: skip
FILTERED = sorted(set(EXPECTED) - UNFILTERED)


def reaches(name: str, chart: str) -> bool:
    """Return whether a filter reaches a chart, by what we promise."""
    return chart not in UNFILTERED | LEFT_OUT[name]


@pytest.fixture(scope="session")
def filters(detail) -> dict[str, tuple[str, Any, str]]:
    """Return, by the filter's name on the dashboard, its column, its value and the same in SQL; each keeps some reports."""
    (newest,), (crime_type,), (district,) = (
        detail.execute(statement).fetchone()
        for statement in (
            "select max(reported_date) from mart.crimes",
            "select crime_type from ops.crime_changes inner join mart.crimes using (incident_id) where change = 'edited'"
            " group by 1 order by count(*) desc limit 1",
            "select council_district from mart.crimes where council_district is not null group by 1 order by count(*) desc limit 1",
        )
    )
    (group,) = detail.execute(
        "select crime_group from mart.crime_groups where crime_type = %s", (crime_type,)
    ).fetchone()
    # From the middle of a month to the middle of another, in the two years that have days.
    start, end = newest - dt.timedelta(days=500), newest - dt.timedelta(days=40)
    return {
        "Time": (
            "occurred_date",
            f"{start} : {end}",
            f"{{time}} >= '{start}' and {{time}} < '{end}'",
        ),
        "Crime group": (
            "crime_group",
            [group],
            f"crime_type in (select crime_type from mart.crime_groups where crime_group = '{group}')",
        ),
        "Crime type": ("crime_type", [crime_type], f"crime_type = '{crime_type}'"),
        "Council district": ("council_district", [district], f"council_district = {district}"),
    }


@pytest.fixture(scope="session")
def scopes(viewer) -> dict[str, dict[str, bool]]:
    """Return, by chart, which filters of its dashboard reach it, as the browser gets them."""
    found = {}
    for slug in viewer.dashboards():
        metadata = json.loads(viewer.get(f"/api/v1/dashboard/{slug}")["json_metadata"])
        for chart in viewer.get(f"/api/v1/dashboard/{slug}/charts"):
            found[chart["slice_name"]] = {
                native["name"]: chart["id"] not in native["scope"]["excluded"]
                for native in metadata["native_filter_configuration"]
            }
    return found


@pytest.fixture(scope="session")
def ask(viewer, filters, scopes):
    """Ask a chart as the dashboard does: a filter reaches it unless the filter's scope leaves the chart out."""

    def ask(chart: str, chosen: tuple[str, ...] = ()) -> list[dict[str, Any]]:
        context = copy.deepcopy(viewer.query_context(chart))
        for name in chosen:
            if scopes[chart].get(name):
                for query in context["queries"]:
                    apply_filter(query, *filters[name][:2])
        result = viewer.answer(context)
        assert result["error"] is None
        # A filter on a column that the dataset lacks is dropped silently; the map's own, on a metric, is none of ours.
        assert {rejected["column"] for rejected in result["rejected_filters"]} <= {
            "reports",
            "per_1000",
            "change_direction",
        }
        return result["data"]

    return ask


def apply_filter(query: dict[str, Any], column: str, value: Any) -> None:
    """Change a query as Superset's front end does: a time range replaces the chart's own, a choice is one filter more."""
    if isinstance(value, list):
        query["filters"].append({"col": column, "op": "IN", "val": value})
        return
    for own in query["filters"]:
        if own["op"] == "TEMPORAL_RANGE":
            own["val"] = value


@pytest.fixture(scope="session")
def expect(detail, filters, viewer):
    """Ask the warehouse the same."""

    def expect(chart: str, chosen: tuple[str, ...] = ()) -> set[tuple[Any, ...]]:
        own = [
            each
            for each in viewer.query_context(chart)["queries"][0]["filters"]
            if each["op"] == "TEMPORAL_RANGE"
        ]
        time = own[0]["col"] if own else "occurred_date"
        reaching = {name: filters[name][2].format(time=time) for name in chosen if reaches(name, chart)}
        where = " and ".join(["true", *reaching.values()])
        is_timed = "Time" in reaching
        cut = ""
        if is_timed:
            start, _, end = filters["Time"][1].partition(" : ")
            cut = f"or date_trunc('year', occurred_date) < '{start}' or date_trunc('year', occurred_date) + interval '1 year' > '{end}'"
        sql = EXPECTED[chart].sql.format(
            where=where,
            year=where if is_timed else f"{where} and {YEAR}",
            six_years=where if is_timed else f"{where} and {SIX_YEARS}",
            cut=cut,
        )
        return {tuple(plain(value) for value in row) for row in detail.execute(sql).fetchall()}

    return expect


def plain(value: Any) -> Any:
    """Return a value of PostgreSQL as Superset writes it in JSON."""
    if isinstance(value, dt.date):
        moment = value if isinstance(value, dt.datetime) else dt.datetime.combine(value, dt.time())
        return round(moment.replace(tzinfo=moment.tzinfo or dt.UTC).timestamp() * 1000)
    if isinstance(value, Decimal | float):
        # A moment is in milliseconds, with fractions that are lost on the way.
        return round(float(value)) if value > 1e12 else round(float(value), 6)
    return value


def told(chart: str, data: list[dict[str, Any]]) -> set[tuple[Any, ...]]:
    """Return of a chart's rows what the expectation names, a row for each thing drawn."""
    columns = EXPECTED[chart].columns
    if columns:
        return {tuple(plain(row[column]) for column in columns) for row in data}
    key = next(iter(data[0]), None) if data else None
    return {
        (plain(row[key]), series.removeprefix("Reports, ").removeprefix("reports, "), plain(number))
        for row in data
        for series, number in row.items()
        if series != key and number
    }


def assert_equal(chart: str, came: set[tuple[Any, ...]], expected: set[tuple[Any, ...]]) -> None:
    """Compare; of a chart with a limit, the rows that it shows."""
    if chart not in LIMITS:
        assert came == expected
        return
    assert came <= expected
    assert len(came) == min(LIMITS[chart], len(expected))
    if chart.startswith("Most frequent"):
        most = sorted((row[-1] for row in expected), reverse=True)[: LIMITS[chart]]
        assert sorted((row[-1] for row in came), reverse=True) == most


def test_every_chart_of_the_dashboards_is_compared_here(viewer):
    assert set(viewer.charts()) == set(EXPECTED) | {"About these data"}


@pytest.mark.parametrize("chart", EXPECTED)
def test_without_filters_a_chart_tells_what_the_detail_tells(chart, ask, expect):
    assert_equal(chart, told(chart, ask(chart)), expect(chart))


@pytest.mark.parametrize("chosen", FILTERS)
@pytest.mark.parametrize("chart", FILTERED)
def test_each_filter_changes_a_chart_as_it_changes_the_detail(chart, chosen, ask, expect):
    filtered = told(chart, ask(chart, (chosen,)))

    assert_equal(chart, filtered, expect(chart, (chosen,)))
    assert (filtered != told(chart, ask(chart))) == reaches(chosen, chart)


@pytest.mark.parametrize("chart", FILTERED)
def test_all_filters_together_leave_what_the_detail_leaves(chart, ask, expect, filters):
    assert_equal(chart, told(chart, ask(chart, tuple(filters))), expect(chart, tuple(filters)))


@pytest.mark.parametrize("chart", sorted(UNFILTERED))
def test_what_is_not_about_chosen_reports_does_not_depend_on_filters(chart, scopes):
    assert not any(scopes[chart].values())


def test_the_words_about_the_data_say_what_they_are_and_how_fresh(ask, detail):
    (notice,) = detail.execute("select notice from mart.data_status").fetchone()

    (shown,) = (row["notice"] for row in ask("About these data"))

    assert notice in shown
    assert "Published " in shown
    assert "Complete up to " in shown


def test_the_usual_range_is_the_fewest_and_the_most_of_the_five_years_before(viewer, detail):
    context = viewer.query_context("Months and the usual range")
    answer = viewer.ask("POST", "/api/v1/chart/data", context).json()["result"][1]["data"]
    counts = detail.execute(
        "select date_trunc('month', occurred_date)::date, count(*) from mart.crimes group by 1"
    ).fetchall()
    by_month = {month: count for month, count in counts if month}

    for row in answer:
        month = dt.datetime.fromtimestamp(row["occurred_month"] / 1000, dt.UTC).date()
        before = [by_month.get(month.replace(year=month.year - years), 0) for years in range(1, 6)]
        fewest, most = sorted(value for name, value in row.items() if name != "occurred_month")
        assert (fewest, most) == (min(before), max(before))


def test_a_number_to_check_is_what_its_sql_counts_and_what_the_portal_answers_at_its_address(superset):
    assert len(superset.checked) == 16
    for checked in superset.checked.values():
        assert checked.report_count == checked.counted
        assert checked.answer == [{"count": str(checked.portal_report_count)}]


def test_a_number_to_check_links_to_its_address(ask, detail):
    addresses = dict(
        detail.execute("select number_name, portal_query_url from mart.check_yourself").fetchall()
    )

    for row in ask("Check it yourself"):
        (address,) = re.findall(r'href="([^"]+)"', row["portal_link"])
        assert html.unescape(address) == addresses[row["number_name"]]


def test_the_map_has_a_row_for_every_polygon_and_keeps_its_holes(ask, detail):
    (polygons,) = detail.execute(
        "select sum(jsonb_array_length(boundary_geojson -> 'coordinates')) from mart.council_districts"
    ).fetchone()
    (rings,) = detail.execute(
        "select count(*) from mart.council_districts, jsonb_array_elements(boundary_geojson -> 'coordinates') as polygon,"
        " jsonb_array_elements(polygon) as ring"
    ).fetchone()

    drawn = [json.loads(row["polygon_json"]) for row in ask("Map by council district")]

    assert len(drawn) == polygons
    assert sum(len(polygon) for polygon in drawn) == rings


def test_before_the_first_load_every_chart_answers_without_an_error(superset):
    assert set(superset.answers_before_first_load) == set(EXPECTED) | {"About these data"}
    assert {
        chart: told["error"] for chart, told in superset.answers_before_first_load.items() if told["error"]
    } == {}


def test_before_the_first_load_the_dashboard_says_what_to_press(superset):
    (notice,) = (row["notice"] for row in superset.answers_before_first_load["About these data"]["data"])

    assert "No data yet" in notice
    assert "Trigger" in notice


def test_the_base_map_is_plain_before_the_first_load_and_shows_the_districts_after(superset, viewer):
    tile = viewer.ask("GET", "/basemap/10/233/421.png")

    assert tile.headers["Content-Type"] == "image/png"
    assert tile.content != superset.tile_before_first_load
    assert superset.tile_before_first_load.startswith(b"\x89PNG")


def test_a_tile_that_no_map_has_is_not_found(viewer):
    assert viewer.ask("GET", "/basemap/1/2/0.png").status_code == 404
    assert viewer.ask("GET", "/basemap/40/0/0.png").status_code == 404
