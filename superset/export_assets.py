"""Write what people changed in Superset back to the files below assets/, so that their diff shows only these changes.

Run it with the environment of superset_config.py: what our dashboards show is exported, charts that were added to them
included. This server's ids and address, and what the browser stores, are left out; importing and exporting again gives the same bytes.
"""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

ASSETS_DIR = Path(__file__).parent / "assets"
TITLES = {
    "databases": "database_name",
    "datasets": "table_name",
    "charts": "slice_name",
    "dashboards": "dashboard_title",
}
# Every server has its own, and whether it has workers; the bootstrap sets both.
PLACEHOLDER_URI = "postgresql+psycopg2://austin_crime_reader@localhost/warehouse"

Asset = dict[str, Any]


class Dumper(yaml.SafeDumper):
    """YAML without anchors, and with texts of several lines as they are."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write a value again where it occurs again."""
        return True


def _represent_text(dumper: Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


Dumper.add_representer(str, _represent_text)


def export(folder: Path) -> list[Path]:
    """Write the assets of our dashboards below a folder and return the files; files of others stay."""
    assets = [normal(kind, asset) for kind, asset in read_assets()]
    names = {asset["uuid"]: asset["table_name"] for asset in assets if "table_name" in asset}
    written = [folder / "metadata.yaml"]
    written[0].parent.mkdir(parents=True, exist_ok=True)
    written[0].write_text(
        dump({"timestamp": "2026-01-01T00:00:00+00:00", "type": "assets", "version": "1.0.0"}, names)
    )
    for asset in assets:
        kind = next(kind for kind, title in TITLES.items() if title in asset)
        path = folder / kind / f"{snake_case(asset[TITLES[kind]])}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dump(asset, names))
        written.append(path)
    return written


def read_assets() -> list[tuple[str, Asset]]:
    """Return kind and content of what our dashboards show, as Superset exports it."""
    from superset import db, security_manager
    from superset.commands.dashboard.export import ExportDashboardsCommand
    from superset.models.dashboard import Dashboard
    from superset.utils.core import override_user

    ours = db.session.query(Dashboard.id).filter(Dashboard.external_url.startswith("superset/assets/")).all()
    with override_user(security_manager.find_user("admin")):
        files = ExportDashboardsCommand([dashboard_id for (dashboard_id,) in ours]).run()
        # A name is a folder of the export, the kind, and more; metadata.yaml has no kind.
        exported = [(name.split("/"), yaml.safe_load(content())) for name, content in files]
    return [(kind, asset) for parts, asset in exported for kind in parts if kind in TITLES]


def normal(kind: str, asset: Asset) -> Asset:
    """Return an asset without what belongs to one server."""
    rules: dict[str, Callable[[Asset], None]] = {
        "databases": _normal_database,
        "datasets": _normal_dataset,
        "charts": _normal_chart,
        "dashboards": _normal_dashboard,
    }
    rules[kind](asset)
    return asset


def _normal_database(database: Asset) -> None:
    database["sqlalchemy_uri"] = PLACEHOLDER_URI
    database["allow_run_async"] = False


def _normal_dataset(dataset: Asset) -> None:
    dataset["catalog"] = None
    dataset["columns"].sort(key=lambda column: column["column_name"])
    dataset["metrics"].sort(key=lambda metric: metric["metric_name"])


def _normal_chart(chart: Asset) -> None:
    for server_s in ("datasource", "slice_id", "dashboards"):
        chart["params"].pop(server_s, None)
    if chart["query_context"]:
        context = json.loads(chart["query_context"]) | {"datasource": {"id": 0, "type": "table"}}
        context.pop("form_data", None)
        chart["query_context"] = json.dumps(context, sort_keys=True)


def _normal_dashboard(dashboard: Asset) -> None:
    """Give the charts numbers from 1, in the order of the layout, there and where filters leave charts out."""
    position = dashboard["position"]
    charts = [part for part in _walk(position, "ROOT_ID") if part["type"] == "CHART"]
    numbers = {chart["meta"]["chartId"]: number for number, chart in enumerate(charts, start=1)}
    for chart in charts:
        chart["meta"]["chartId"] = numbers[chart["meta"]["chartId"]]
    metadata = dashboard["metadata"]
    for native in metadata["native_filter_configuration"]:
        native["scope"]["excluded"] = sorted(numbers[chart_id] for chart_id in native["scope"]["excluded"])
        # What the browser worked out from the scope, for its own ids.
        native["chartsInScope"] = native["tabsInScope"] = []
    metadata["chart_configuration"] = {}
    # What the browser of somebody who may edit works out and stores at every look.
    metadata["shared_label_colors"] = []
    metadata.pop("map_label_colors", None)


def _walk(position: Asset, part_id: str) -> list[Asset]:
    """Return a part of the layout and all below it, from top to bottom and left to right."""
    part = position[part_id]
    return [part, *(below for child in part["children"] for below in _walk(position, child))]


def snake_case(title: str) -> str:
    """Return a title as the name of a file."""
    return re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")


def dump(asset: Asset, names: dict[str, str]) -> str:
    """Return an asset as YAML, with the dataset's name beside each of its uuids but its own."""
    text = yaml.dump(asset, Dumper=Dumper, sort_keys=True, allow_unicode=True, width=120)
    return re.sub(
        r"(dataset_?[uU]uid: )(\S+)$",
        lambda reference: f"{reference[0]}  # {names[reference[2]]}",
        text,
        flags=re.MULTILINE,
    )


if __name__ == "__main__":
    from superset.app import create_app

    with create_app().app_context():
        for file in export(Path(sys.argv[1]) if len(sys.argv) > 1 else ASSETS_DIR):
            print(file)
