"""Every chart's answer, as the read-only viewer gets it, against SQL on the warehouse's detail, with and without filters."""

import copy
import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest

# One row per chart: what it must answer, from mart.crimes alone. {where} is the dashboard's filters; {untimed} those
# that reach a chart which the time filter does not.
EXPECTED = {
    "About these data": "select notice from mart.data_status",
    "Data as of": "select max(reported_date) from mart.crimes",
    "Reports": "select count(*) from mart.crimes where {where}",
    "Last 365 days": "select count(*) from mart.crimes where {untimed}"
    " and reported_date > (select max(reported_date) - 365 from mart.crimes)",
    "Clearance rate": "select count(*) filter (where clearance_status in ('C', 'O'))::numeric"
    " / nullif(count(clearance_status), 0) from mart.crimes where {where}",
    "Have a status": "select count(clearance_status)::numeric / nullif(count(*), 0) from mart.crimes where {where}",
    "No district": "select count(*) from mart.crimes where {where} and council_district is null",
    "Crimes per year": "select extract(year from occurred_date)::text, count(*) from mart.crimes where {where} group by 1",
    "Crimes per hour of day": "select coalesce(to_char(occurred_hour, 'FM00'), 'unknown'), count(*)"
    " from mart.crimes where {where} group by 1",
    "Top crimes": "select crime_type, count(*) from mart.crimes where {where} group by 1",
    "Location types": "select coalesce(location_type, 'unknown'), count(*) from mart.crimes where {where} group by 1",
    "Map by council district": "select district_name, count(*) from mart.crimes"
    " inner join mart.council_districts using (council_district) where {where} group by 1",
    "Newest reports": "select reported_at from mart.crimes where {where} and reported_at is not null"
    " order by reported_at desc limit 5",
}
UNFILTERED = {"About these data", "Data as of"}
UNTIMED = {"Last 365 days"}


@pytest.fixture(scope="session")
def filters(detail) -> dict[str, tuple[str, Any, str]]:
    """Return, by the filter's name on the dashboard, its column, its value and the same in SQL; each keeps some reports."""
    (first_month,), (crime_type,), (district,) = (
        detail.execute(statement).fetchone()
        for statement in (
            "select max(occurred_month) - interval '14 months' from mart.crimes",
            "select crime_type from mart.crimes where occurred_month > (select max(occurred_month) - 365 from mart.crimes)"
            " group by 1 order by count(*) desc limit 1",
            "select council_district from mart.crimes where council_district is not null group by 1 order by count(*) desc limit 1",
        )
    )
    # From the middle of a month to the middle of another: whole months count, those whose first day is between.
    start, end = first_month.date() + dt.timedelta(days=14), first_month.date() + dt.timedelta(days=310)
    return {
        "Time (whole months)": (
            "occurred_month",
            f"{start} : {end}",
            f"occurred_month >= '{start}' and occurred_month < '{end}'",
        ),
        "Crime type": ("crime_type", [crime_type], f"crime_type = '{crime_type}'"),
        "Council district": ("council_district", [district], f"council_district = {district}"),
    }


@pytest.fixture(scope="session")
def native_filters(viewer) -> dict[str, dict[str, Any]]:
    """Return the dashboard's filters as the browser gets them, by name."""
    metadata = json.loads(viewer.get("/api/v1/dashboard/austin-crime")["json_metadata"])
    return {native["name"]: native for native in metadata["native_filter_configuration"]}


@pytest.fixture(scope="session")
def ask(viewer, filters, native_filters):
    """Ask a chart as the dashboard does: a filter reaches it unless the filter's scope leaves the chart out."""
    charts = viewer.charts()

    def ask(chart: str, chosen: tuple[str, ...] = ()) -> list[dict[str, Any]]:
        context = copy.deepcopy(viewer.query_context(chart))
        for name in chosen:
            if charts[chart] not in native_filters[name]["scope"]["excluded"]:
                apply_filter(context["queries"][0], *filters[name][:2])
        result = viewer.answer(context)
        assert result["error"] is None
        # A filter on a column that the dataset lacks is dropped silently; the map's own, on a metric, is none of ours.
        assert {rejected["column"] for rejected in result["rejected_filters"]} <= {"reports"}
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
def expect(detail, filters):
    """Ask the warehouse the same."""

    def expect(chart: str, chosen: tuple[str, ...] = ()) -> set[tuple[Any, ...]]:
        where = " and ".join(["true", *(filters[name][2] for name in chosen)])
        untimed = " and ".join(
            ["true", *(filters[name][2] for name in chosen if not name.startswith("Time"))]
        )
        rows = detail.execute(EXPECTED[chart].format(where=where, untimed=untimed)).fetchall()
        return {tuple(plain(value) for value in row) for row in rows}

    return expect


def plain(value: Any) -> Any:
    """Return a value of PostgreSQL as Superset writes it in JSON."""
    if isinstance(value, dt.date):
        midnight = value if isinstance(value, dt.datetime) else dt.datetime.combine(value, dt.time())
        return int(midnight.replace(tzinfo=dt.UTC).timestamp() * 1000)
    return round(float(value), 6) if isinstance(value, Decimal) else value


def told(chart: str, data: list[dict[str, Any]]) -> set[tuple[Any, ...]]:
    """Return of a chart's rows what the expectation names, a row for each thing drawn."""
    if chart == "Crimes per year":
        bars = [
            (row["occurred_year"], kind, n)
            for row in data
            for kind, n in row.items()
            if kind != "occurred_year"
        ]
        return {(year, n) for year, _, n in bars if n is not None}
    columns = {
        "Newest reports": ["reported_at"],
        "Map by council district": ["district_name", "reports"],
        "Top crimes": ["crime_type", "reports"],
    }.get(chart) or list(data[0])[:2]
    rows = {tuple(row[column] for column in columns) for row in data}
    return {tuple(round(value, 6) if isinstance(value, float) else value for value in row) for row in rows}


def test_every_chart_of_the_dashboard_is_compared_here(viewer):
    assert set(viewer.charts()) == set(EXPECTED)


@pytest.mark.parametrize("chart", EXPECTED)
def test_without_filters_a_chart_tells_what_the_detail_tells(chart, ask, expect):
    assert told(chart, ask(chart)) == expect(chart)


@pytest.mark.parametrize("chosen", ["Time (whole months)", "Crime type", "Council district"])
@pytest.mark.parametrize("chart", sorted(set(EXPECTED) - UNFILTERED))
def test_each_filter_changes_a_chart_as_it_changes_the_detail(chart, chosen, ask, expect):
    filtered = told(chart, ask(chart, (chosen,)))

    assert filtered == expect(chart, (chosen,))
    if not (chart in UNTIMED and chosen.startswith("Time")):
        assert filtered != expect(chart)


@pytest.mark.parametrize("chart", sorted(set(EXPECTED) - UNFILTERED))
def test_all_filters_together_leave_what_the_detail_leaves(chart, ask, expect, filters):
    assert told(chart, ask(chart, tuple(filters))) == expect(chart, tuple(filters))


@pytest.mark.parametrize("chart", sorted(UNFILTERED))
def test_what_the_data_are_does_not_depend_on_filters(chart, ask, filters):
    assert ask(chart, tuple(filters)) == ask(chart)


def test_the_year_of_the_newest_report_is_marked_incomplete_and_no_other(ask, detail):
    (newest,) = detail.execute(
        "select extract(year from max(reported_date))::text from mart.crimes"
    ).fetchone()

    marked = {
        row["occurred_year"] for row in ask("Crimes per year") if row.get("incomplete year") is not None
    }

    assert marked == {newest}


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
    assert set(superset.answers_before_first_load) == set(EXPECTED)
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
