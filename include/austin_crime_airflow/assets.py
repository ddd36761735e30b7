"""The published tables as Airflow's assets, so that other DAGs can be scheduled on them."""

from typing import Any

from airflow.sdk import Asset

from austin_crime import config
from austin_crime_airflow import lineage

# A whole publish: what to be scheduled on for more than one table.
WHOLE = Asset("austin_crime")
TABLES = {
    f"mart.{name}": Asset(f"mart.{name}", group=WHOLE.name)
    for name in ("crimes", *config.AGGREGATES, "council_districts")
}
PUBLISHED = [WHOLE, *TABLES.values()]


def note_row_counts(context: Any, result: Any) -> None:
    """Add to each asset's event which load published it, and how many rows it has now; tell OpenLineage the tables."""
    from austin_crime.pages.tables import recorded_counts
    from austin_crime.warehouse.connection import connect

    with connect() as connection:
        counts = (
            recorded_counts(connection)
            | connection.execute(
                'select count(*) as "mart.council_districts" from mart.council_districts'
            ).fetchall()[0]
        )
    lineage.note_publish()
    events = context["outlet_events"]
    events[WHOLE].extra = {"load_id": context["run_id"], "outcome": result}
    for name, asset in TABLES.items():
        events[asset].extra = {"load_id": context["run_id"], "row_count": counts[name]}
