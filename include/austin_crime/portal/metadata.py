"""The dataset's metadata: which columns it has, and whether its rows can have changed."""

import hashlib
import json
import re
from typing import Any

from austin_crime import config, values
from austin_crime.models import Dataset
from austin_crime.portal import answers
from austin_crime.portal.client import Portal

WHAT = "the dataset's metadata"
# A tag of the sample portal's dataset.
SAMPLE_TAG = "sample data"
# Until the year 5138; what has more digits are no seconds.
UNIX_SECONDS = "[0-9]{1,11}"


def ask_dataset(portal: Portal) -> Dataset:
    """Return the dataset as its metadata describe it.

    Raises
    ------
    PortalAnswer
        If the metadata do not describe columns.
    """
    return read_dataset(portal.get_json(WHAT, f"/api/views/{config.DATASET_ID}.json"))


def read_dataset(metadata: Any) -> Dataset:
    """Return the dataset that metadata describe; computed regions and system columns are left out."""
    answers.expect_object(metadata, WHAT, columns=list)
    types = {}
    for column in metadata["columns"]:
        answers.expect_object(column, f"a column in {WHAT}", fieldName=str, dataTypeName=str)
        if not column["fieldName"].startswith(":"):
            types[values.holdable(column["fieldName"])] = values.holdable(column["dataTypeName"])
    described = [sorted(types.items()), metadata.get("rowsUpdatedAt"), metadata.get("viewLastModified")]
    updated_at, tags = str(metadata.get("rowsUpdatedAt")), metadata.get("tags")
    return Dataset(
        source_types=types,
        fingerprint=hashlib.sha256(json.dumps(described).encode()).hexdigest(),
        rows_updated_at=int(updated_at) if re.fullmatch(UNIX_SECONDS, updated_at) else None,
        is_sample=isinstance(tags, list) and SAMPLE_TAG in tags,
        metadata=metadata,
    )
