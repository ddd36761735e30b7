"""Ask a running Superset as a person's browser does."""

import json
import re
from typing import Any

import requests

from austin_crime import own_servers


class Browser:
    """A session that logged in by the form, as people do."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url = url
        self.session = own_servers.session()
        page = self.session.get(f"{url}/login/", timeout=60).text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page, re.DOTALL)
        assert token is not None, "the login page has no csrf_token"
        form = {"username": user, "password": password, "csrf_token": token[1]}
        self.session.post(f"{url}/login/", data=form, timeout=60)
        self.session.headers.update({"X-CSRFToken": token[1], "Referer": url})
        self.chart_ids: dict[str, int] = {}

    def ask(self, method: str, path: str, body: object = None) -> requests.Response:
        return self.session.request(method, self.url + path, json=body, timeout=60)

    def get(self, path: str) -> Any:
        answer = self.ask("GET", path)
        answer.raise_for_status()
        return answer.json()["result"]

    def dashboards(self) -> list[str]:
        """Return the last part of the address of each of our dashboards."""
        slugs = [dashboard["slug"] or "" for dashboard in self.get("/api/v1/dashboard/?q=(page_size:100)")]
        return sorted(slug for slug in slugs if slug.startswith("austin-crime"))

    def charts(self) -> dict[str, int]:
        """Return the id of every chart on our dashboards by its name."""
        return {
            chart["slice_name"]: chart["id"]
            for slug in self.dashboards()
            for chart in self.get(f"/api/v1/dashboard/{slug}/charts")
        }

    def query_context(self, chart: str) -> dict[str, Any]:
        """Return what the dashboard asks for a chart."""
        if chart not in self.chart_ids:
            self.chart_ids = self.charts()
        saved = self.get(f"/api/v1/chart/{self.chart_ids[chart]}")
        context: dict[str, Any] = json.loads(saved["query_context"])
        return context

    def answer(self, query_context: dict[str, Any]) -> dict[str, Any]:
        """Return the result of the first query: data, error, is_cached, ..."""
        answer = self.ask("POST", "/api/v1/chart/data", query_context)
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()["result"][0]
        return result

    def sql(self, statement: str) -> requests.Response:
        """Run a statement in SQL Lab."""
        return self.ask(
            "POST", "/api/v1/sqllab/execute/", {"database_id": 1, "sql": statement, "runAsync": False}
        )
