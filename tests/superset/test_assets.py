"""The files below superset/assets: dashboard to chart to dataset to column, down to what the migrations define."""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import psycopg
import pytest
import yaml
from scripts import write_column_descriptions

from austin_crime.warehouse import migrations

ASSETS_DIR = Path(__file__).parents[2] / "superset" / "assets"
FILES = sorted(ASSETS_DIR.rglob("*.yaml"))
TITLES = {
    "charts": "slice_name",
    "datasets": "table_name",
    "dashboards": "dashboard_title",
    "databases": "database_name",
}
FILTER_COLUMNS = {"occurred_date", "crime_group", "crime_type", "council_district"}
# PostgreSQL's names of types, as the assets write them.
TYPES = {
    "int2": "SMALLINT",
    "int4": "INTEGER",
    "int8": "BIGINT",
    "bool": "BOOLEAN",
    "float8": "DOUBLE PRECISION",
    "timestamp": "TIMESTAMP WITHOUT TIME ZONE",
}
TYPES |= {"timestamptz": "TIMESTAMP WITH TIME ZONE"}


def load(kind: str) -> dict[str, dict[str, Any]]:
    """Return the assets of a kind by file name."""
    return {path.stem: yaml.safe_load(path.read_text()) for path in FILES if path.parent.name == kind}


CHARTS, DATASETS, DASHBOARDS, DATABASES = (
    load(kind) for kind in ("charts", "datasets", "dashboards", "databases")
)
DATASET_NAMES = {dataset["uuid"]: name for name, dataset in DATASETS.items()}


@pytest.fixture(scope="module")
def empty_warehouse(postgres) -> Iterator[psycopg.Connection]:
    """Return the reader's connection to a warehouse that has the migrations and no row."""
    owner_url, reader_url = postgres.create_warehouse("warehouse_for_assets")
    migrations.migrate(owner_url)
    with psycopg.connect(reader_url, autocommit=True) as connection:
        yield connection


def source(dataset: dict[str, Any], **time: str) -> str:
    """Return what a dataset reads, for a from clause, with or without a chosen time."""
    if not dataset["sql"]:
        return f"{dataset['schema']}.{dataset['table_name']}"
    return f"({jinja2.Template(dataset['sql']).render(**time)}) as virtual"


def names_in(value: Any) -> Iterator[str]:
    """Yield the names of columns in a part of a chart: plain, or inside what the front end makes of them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield value.get("sqlExpression") or value.get("column_name") or value["metric_name"]
    elif isinstance(value, list):
        for one in value:
            yield from names_in(one)


def used_by(chart: dict[str, Any]) -> set[str]:
    """Return every column and metric that a chart names, in its settings and in its query."""
    settings = chart["params"]
    used = set()
    for key in (
        "metric",
        "metrics",
        "groupby",
        "metrics_b",
        "groupbyRows",
        "groupbyColumns",
        "x_axis",
        "all_columns",
        "line_column",
        "js_columns",
        "tooltip_contents",
    ):
        used |= set(names_in(settings.get(key, [])))
    used |= {json.loads(order)[0] for order in settings.get("order_by_cols", [])}
    used |= {each["subject"] for each in settings.get("adhoc_filters", [])} | set(
        settings.get("column_config", {})
    )
    for query in json.loads(chart["query_context"])["queries"]:
        used |= set(names_in(query["columns"])) | set(names_in(query.get("metrics") or []))
        used |= {each["col"] for each in query["filters"]} | {name for name, _ in query.get("orderby", [])}
    return used


def part_type(part: Any) -> str | None:
    """Return the kind of a part of a layout; the layout's own version has none."""
    return part["type"] if isinstance(part, dict) else None


def charts_on(dashboard: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what a dashboard's layout says of its charts, by uuid."""
    parts = [part for part in dashboard["position"].values() if isinstance(part, dict)]
    return {part["meta"]["uuid"]: part["meta"] for part in parts if part["type"] == "CHART"}


def test_dashboards_show_every_chart_once_and_under_its_name():
    titles = [(chart["uuid"], chart["slice_name"]) for chart in CHARTS.values()]

    shown = [
        (uuid, meta["sliceName"])
        for dashboard in DASHBOARDS.values()
        for uuid, meta in charts_on(dashboard).items()
    ]

    assert sorted(shown) == sorted(titles)


@pytest.mark.parametrize("dashboard", DASHBOARDS.values(), ids=list(DASHBOARDS))
def test_each_dashboard_leads_to_each_other(dashboard):
    texts = [part["meta"]["code"] for part in dashboard["position"].values() if part_type(part) == "MARKDOWN"]
    (links,) = (text for text in texts if " · " in text)

    others = {other["slug"] for other in DASHBOARDS.values()} - {dashboard["slug"]}

    assert set(re.findall(r"\(/superset/dashboard/([a-z-]+)/\)", links)) == others


@pytest.mark.parametrize("chart", CHARTS.values(), ids=list(CHARTS))
def test_a_chart_names_only_columns_and_metrics_of_its_dataset(chart):
    dataset = DATASETS[DATASET_NAMES[chart["dataset_uuid"]]]
    known = {column["column_name"] for column in dataset["columns"]}
    known |= {metric["metric_name"] for metric in dataset["metrics"]}

    assert used_by(chart) <= known


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=list(DATASETS))
def test_a_dataset_s_columns_are_defined_by_the_migrations(dataset, empty_warehouse):
    cursor = empty_warehouse.execute(f"select * from {source(dataset)} limit 0")
    defined = {
        column.name: TYPES.get(column.type_display, column.type_display.upper())
        for column in cursor.description
    }

    declared = {
        column["column_name"]: column["type"] for column in dataset["columns"] if not column["expression"]
    }

    assert {name: defined.get(name) for name in declared} == declared


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=list(DATASETS))
def test_a_dataset_s_columns_are_described_by_the_warehouse_s_comments(dataset, empty_warehouse):
    described = copy.deepcopy(dataset)
    write_column_descriptions.describe(described, write_column_descriptions.read_comments(empty_warehouse))

    assert described == dataset, "make docs"
    assert [column["column_name"] for column in dataset["columns"] if not column["description"]] == []


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=list(DATASETS))
def test_datasets_and_metrics_are_described_and_certified(dataset):
    for part in (dataset, *dataset["metrics"]):
        assert part["description"]
        assert part["extra"]["certification"]["certified_by"] == "Austin crime warehouse"
        assert part["extra"]["certification"]["details"]


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=list(DATASETS))
def test_a_dataset_s_expressions_run_on_what_the_migrations_define(dataset, empty_warehouse):
    calculated = [column["expression"] for column in dataset["columns"] if column["expression"]]
    expressions = calculated + [metric["expression"] for metric in dataset["metrics"]]

    for expression in expressions:
        empty_warehouse.execute(f"select {expression} from {source(dataset)}")


@pytest.mark.parametrize("dashboard", DASHBOARDS.values(), ids=list(DASHBOARDS))
def test_every_dataset_that_a_filter_reaches_has_the_filter_s_column(dashboard):
    for native in dashboard["metadata"]["native_filter_configuration"]:
        for uuid, place in charts_on(dashboard).items():
            if place["chartId"] in native["scope"]["excluded"]:
                continue
            (chart,) = (chart for chart in CHARTS.values() if chart["uuid"] == uuid)
            dataset = DATASETS[DATASET_NAMES[chart["dataset_uuid"]]]
            column = native["targets"][0].get("column", {"name": dataset["main_dttm_col"]})["name"]
            assert column in FILTER_COLUMNS | {"occurred_month"}
            assert column in {each["column_name"] for each in dataset["columns"]}, place["sliceName"]


@pytest.mark.parametrize("dashboard", DASHBOARDS.values(), ids=list(DASHBOARDS))
def test_a_chart_that_time_filters_reach_has_a_time_range_to_replace(dashboard):
    charts = {chart["uuid"]: chart for chart in CHARTS.values()}
    for native in dashboard["metadata"]["native_filter_configuration"]:
        for uuid, place in charts_on(dashboard).items():
            if native["filterType"] == "filter_time" and place["chartId"] not in native["scope"]["excluded"]:
                for query in json.loads(charts[uuid]["query_context"])["queries"]:
                    assert [each["op"] for each in query["filters"]].count("TEMPORAL_RANGE") == 1


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=list(DATASETS))
def test_a_dataset_runs_with_a_chosen_time(dataset, empty_warehouse):
    time = {"from_dttm": "2024-01-01T00:00:00", "to_dttm": "2025-01-01T00:00:00"}

    assert empty_warehouse.execute(f"select * from {source(dataset, **time)}") is not None


def test_every_dataset_is_used():
    assert {chart["dataset_uuid"] for chart in CHARTS.values()} == set(DATASET_NAMES)


def test_every_uuid_is_given_once():
    uuids = [asset["uuid"] for kind in TITLES for asset in load(kind).values()]

    assert len(uuids) == len(set(uuids))


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.parent.name in TITLES], ids=lambda path: path.stem
)
def test_a_file_is_named_after_its_title(path):
    title = yaml.safe_load(path.read_text())[TITLES[path.parent.name]]

    assert path.stem == re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_has_sorted_keys_and_ends_with_a_newline(path):
    text = path.read_text()
    keys = list(yaml.safe_load(text))

    assert keys == sorted(keys)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


@pytest.mark.parametrize("chart", CHARTS.values(), ids=list(CHARTS))
def test_a_chart_holds_no_id_of_a_server(chart):
    context = json.loads(chart["query_context"])

    assert context["datasource"] == {"id": 0, "type": "table"}
    assert "form_data" not in context
    assert not {"datasource", "slice_id", "dashboards"} & set(chart["params"])


@pytest.mark.parametrize("chart", CHARTS.values(), ids=list(CHARTS))
def test_a_chart_s_query_asks_for_what_its_settings_name(chart):
    settings, queries = chart["params"], json.loads(chart["query_context"])["queries"]
    drawn = [
        name
        for key in ("metric", "metrics", "metrics_b", "groupby", "x_axis")
        for name in names_in(settings.get(key, []))
    ]
    asked = [
        name for query in queries for key in ("columns", "metrics") for name in names_in(query.get(key) or [])
    ]

    assert set(drawn) <= set(asked)
    assert {query["row_limit"] for query in queries if "row_limit" in query} <= {settings.get("row_limit")}


@pytest.mark.parametrize("dashboard", DASHBOARDS.values(), ids=list(DASHBOARDS))
def test_a_dashboard_numbers_its_charts_itself(dashboard):
    numbers = sorted(meta["chartId"] for meta in charts_on(dashboard).values())

    assert numbers == list(range(1, len(numbers) + 1))
    assert all(
        "datasetId" not in target
        for each in dashboard["metadata"]["native_filter_configuration"]
        for target in each["targets"]
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_beside_each_dataset_s_uuid_stands_its_name(path):
    for uuid, name in re.findall(
        r"^ *dataset_?[uU]uid: (\S+)(?: +# (\S+))?$", path.read_text(), re.MULTILINE
    ):
        assert name == DATASET_NAMES[uuid]


@pytest.mark.parametrize("database", DATABASES.values(), ids=list(DATABASES))
def test_the_database_allows_no_writing_and_holds_no_password(database):
    assert not any(
        database[right] for right in ("allow_dml", "allow_ctas", "allow_cvas", "allow_file_upload")
    )
    assert re.fullmatch(r"postgresql\+psycopg2://[^:@/]+@[^:@/]+(:\d+)?/\w+", database["sqlalchemy_uri"])
