"""The dataset's metadata: which columns it has, and whether its rows can have changed."""

import hashlib
import json
import logging
from collections.abc import Mapping
from typing import Any

from austin_crime import config, contract, portal
from austin_crime.loads import Connection, Row

log = logging.getLogger(__name__)

# The sample portal says so in a field that every Socrata dataset has.
SAMPLE_TAG = "sample data"


def ask_dataset() -> dict[str, Any]:
    """Return the dataset's metadata as the portal sends them."""
    metadata: dict[str, Any] = portal.get_json(f"/api/views/{config.DATASET_ID}.json")
    return metadata


def source_types(metadata: Mapping[str, Any]) -> dict[str, str]:
    """Return the type of each column by API name, without computed regions and system columns."""
    return {
        column["fieldName"]: column["dataTypeName"]
        for column in metadata["columns"]
        if not column["fieldName"].startswith(":")
    }


def fingerprint(metadata: Mapping[str, Any]) -> str:
    """Return a hash of what changes when the dataset does: its columns and when its rows changed last."""
    told = [
        sorted(source_types(metadata).items()),
        metadata.get("rowsUpdatedAt"),
        metadata.get("viewLastModified"),
    ]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def note_metadata(connection: Connection, load: Row, metadata: Mapping[str, Any]) -> None:
    """Write down what the metadata say; ContractBroken if a kept column is missing or has another type."""
    types = source_types(metadata)
    form = contract.dataset_form(types)
    unknown = contract.unknown_columns(types)
    connection.execute(
        "update ops.loads set is_sample = %s, dataset_form = %s, metadata_fingerprint = %s,"
        " portal_updated_at = to_timestamp(%s) where load_id = %s",
        (
            SAMPLE_TAG in (metadata.get("tags") or []),
            form,
            fingerprint(metadata),
            metadata.get("rowsUpdatedAt"),
            load["load_id"],
        ),
    )
    if unknown:
        log.warning("the portal has columns that are not kept: %s", ", ".join(sorted(unknown)))


def note_columns(connection: Connection, load: Row, metadata: Mapping[str, Any]) -> None:
    """Write down which columns the dataset has now."""
    types = source_types(metadata)
    unknown = contract.unknown_columns(types)
    kept = {column.source_name for column in contract.COLUMNS}
    connection.execute("delete from ops.source_columns")
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into ops.source_columns (column_name, data_type, position, status, load_id) values (%s, %s, %s, %s, %s)",
            [
                (
                    name,
                    data_type,
                    place,
                    "unknown" if name in unknown else "kept" if name in kept else "not kept",
                    load["load_id"],
                )
                for place, (name, data_type) in enumerate(types.items(), start=1)
            ],
        )
