"""Registers two pages in Airflow: the pipeline (also a tab of its DAG and a card on the home page), and the data."""

from typing import ClassVar

from airflow.plugins_manager import AirflowPlugin

from austin_crime_airflow.pages import PREFIX, app


def page(name: str, script: str, destination: str, route: str, **options: object) -> dict[str, object]:
    """Return a page; its script sets ``globalThis[name]``. The address is relative: Airflow may run below a path."""
    bundle = f"{PREFIX.removeprefix('/')}/pages/{script}.js"
    return {"name": name, "bundle_url": bundle, "destination": destination, "url_route": route} | options


class AustinCrimePages(AirflowPlugin):
    """The pages and the API that they ask."""

    name = "austin_crime_pages"
    fastapi_apps: ClassVar = [{"app": app, "url_prefix": PREFIX, "name": "Austin crime"}]
    react_apps: ClassVar = [
        page("Pipeline", "pipeline", "nav", "pipeline", nav_top_level=True),
        page("Data", "data", "nav", "data", nav_top_level=True),
        page("See the pipeline", "pipeline_tab", "dag", "see-the-pipeline"),
        page("Austin crime", "home_card", "dashboard", "austin-crime-card"),
    ]
