"""What the portal tells of its datasets."""

from datetime import UTC, datetime
from typing import Any

from sample_portal.data.datasets import BOUNDARIES_ID, Column, Dataset
from sample_portal.data.store import Store

_SAMPLE_TAG = "sample data"
_CREATED_AT = 1_391_000_000
_DATA_TYPES = {"floating_timestamp": "calendar_date"}
_FIRST_COLUMN_ID = 500_000_000


def view(store: Store, dataset: Dataset) -> dict[str, Any]:
    """Return a dataset's metadata."""
    updated_at = _unix_seconds(store.rows_updated_at)
    is_map = dataset.dataset_id == BOUNDARIES_ID
    return {
        "id": dataset.dataset_id,
        "name": dataset.name,
        "assetType": "dataset",
        "attribution": "Sample portal",
        "category": "Public Safety",
        "createdAt": _CREATED_AT,
        "description": "Sample data: every report is invented. Served by a local portal that speaks as Socrata does.",
        "displayType": "map" if is_map else "table",
        "downloadCount": 0,
        "indexUpdatedAt": updated_at,
        "publicationDate": _CREATED_AT,
        "publicationStage": "published",
        "rowsUpdatedAt": _CREATED_AT if is_map else updated_at,
        "viewLastModified": _CREATED_AT if is_map else _unix_seconds(store.columns_changed_at),
        "viewType": "tabular",
        "license": {"name": "Sample data, no license needed"},
        "tags": [_SAMPLE_TAG, "boundaries" if is_map else "crime"],
        "columns": columns(dataset),
        "metadata": {"custom_fields": {"About": {"Data": _SAMPLE_TAG}}},
    }


def columns(dataset: Dataset) -> list[dict[str, Any]]:
    """Return the metadata of a dataset's columns."""
    return [_column_view(column, place) for place, column in enumerate(dataset.columns, start=1)]


def _column_view(column: Column, place: int) -> dict[str, Any]:
    """Return the metadata of a column; ``place`` counts from 1."""
    data_type = _DATA_TYPES.get(column.kind, column.kind)
    return {
        "id": _FIRST_COLUMN_ID + place,
        "name": column.title,
        "dataTypeName": data_type,
        "fieldName": column.name,
        "position": place,
        "renderTypeName": data_type,
        "tableColumnId": _FIRST_COLUMN_ID + place,
        "format": {},
    }


def _unix_seconds(moment: datetime) -> int:
    """Return a moment in UTC as seconds since 1970."""
    return int(moment.replace(tzinfo=UTC).timestamp())
