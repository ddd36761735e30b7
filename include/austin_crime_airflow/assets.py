"""The published tables as Airflow's assets, so that other DAGs can be scheduled on them."""

from typing import Any
from urllib.parse import urlsplit

from airflow.sdk import Asset

from austin_crime import config

DEFAULT_PORT = 5432


def _published_tables() -> dict[str, Asset]:
    """Return an asset for each table that a load publishes, by its name (``mart.crimes``).

    Its address names the warehouse's server, as OpenLineage does, so that the same table has one place in a graph.
    """
    parts = urlsplit(config.warehouse_url())
    # Of several servers the first; a password has no place in an asset.
    host, _, port = parts.netloc.rpartition("@")[2].partition(",")[0].partition(":")
    server = f"postgres://{host}:{port or DEFAULT_PORT}{parts.path}"
    names = ("crimes", *config.AGGREGATES, "council_districts")
    return {
        f"mart.{name}": Asset(name=f"mart.{name}", uri=f"{server}/mart/{name}", group=WHOLE.name)
        for name in names
    }


# A whole publish: what to be scheduled on for more than one table.
WHOLE = Asset("austin_crime")
TABLES = _published_tables()
PUBLISHED = [WHOLE, *TABLES.values()]


def note_row_counts(context: Any, result: Any) -> None:
    """Add to each asset's event which load published it, and how many rows it has now."""
    from austin_crime.pages.tables import recorded_counts
    from austin_crime.warehouse.connection import connect

    with connect() as connection:
        counts = (
            recorded_counts(connection)
            | connection.execute(
                'select count(*) as "mart.council_districts" from mart.council_districts'
            ).fetchall()[0]
        )
    events = context["outlet_events"]
    events[WHOLE].extra = {"load_id": context["run_id"], "outcome": result}
    for name, asset in TABLES.items():
        events[asset].extra = {"load_id": context["run_id"], "row_count": counts[name]}
