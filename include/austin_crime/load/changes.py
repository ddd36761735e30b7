"""What publishing changes in ``mart.crimes``, found by key when a load has settled."""

from austin_crime.warehouse.connection import Connection
from austin_crime.warehouse.statements import columns_of, fill, listed

# The key, and the columns that change in every row when the portal rewrites the dataset.
NOT_CONTENT = {"incident_id", "source_row_id", "source_updated_at"}


def find_changes(connection: Connection) -> None:
    """List what publishing adds, edits and removes, in ``staging.changes``."""
    content = [name for name in columns_of(connection, "mart.crimes") if name not in NOT_CONTENT]
    connection.execute(
        fill(
            "load/find_changes.sql",
            staged_content=listed(content, "staged"),
            held_content=listed(content, "held"),
        )
    )
