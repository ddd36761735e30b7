"""The tables to take away: each as CSV and Parquet, a Frictionless Data Package that describes them, and the load's receipt."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
from psycopg import sql
from pyarrow import parquet

from austin_crime import config
from austin_crime.edition.numbers import Status
from austin_crime.pages import export, loads
from austin_crime.pages.tables import Table, TableColumn, list_tables
from austin_crime.warehouse.connection import Connection
from austin_crime.warehouse.statements import listed, table_name

# The aggregates and what explains them; those of more than 100,000 rows, and single reports, are in the warehouse only.
NAMES = (
    "comparisons",
    "crimes_per_year",
    "crimes_per_month_and_group",
    "crimes_per_weekday_hour",
    "crimes_per_hour",
    "top_crimes",
    "crimes_per_area",
    "crimes_per_resident",
    "district_populations",
    "crime_groups",
    "crime_group_rules",
    "months",
    "recent_weeks",
    "arrivals",
    "completeness",
)
# PostgreSQL's type, and what it is in Parquet and in the descriptor. Columns of other types, the boundaries, are left out.
TYPES = {
    "smallint": (pa.int16(), "integer"),
    "integer": (pa.int32(), "integer"),
    "bigint": (pa.int64(), "integer"),
    "numeric": (pa.float64(), "number"),
    "double precision": (pa.float64(), "number"),
    "boolean": (pa.bool_(), "boolean"),
    "text": (pa.string(), "string"),
    "date": (pa.date32(), "date"),
    "timestamp with time zone": (pa.timestamp("us", "UTC"), "datetime"),
}
MEDIA_TYPES = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
FORMULAS = (
    "In the CSV files, a text that a spreadsheet would take for a formula has an apostrophe in front; the Parquet files have it"
    " as it is."
)


@dataclass(frozen=True)
class File:
    """A file of a table: its name, format, size and SHA-256."""

    name: str
    format: str
    byte_count: int
    sha256: str


@dataclass(frozen=True)
class TableFiles:
    """A table as files."""

    table: Table
    row_count: int
    files: tuple[File, ...]

    @property
    def columns(self) -> list[TableColumn]:
        """The columns that the files have."""
        return [column for column in self.table.columns if column.type in TYPES]


def write_tables(connection: Connection, folder: Path, status: Status) -> tuple[TableFiles, ...]:
    """Write the tables, the descriptor and the receipt into a folder, and return the tables' files."""
    readable = {table.name: table for table in list_tables(connection)}
    written = tuple(_write_table(connection, folder, readable[f"mart.{name}"]) for name in NAMES)
    _write_json(folder / "datapackage.json", describe(written, status))
    _write_json(folder / "receipt.json", receipt(connection, status))
    return written


def _write_table(connection: Connection, folder: Path, table: Table) -> TableFiles:
    """Write a table as CSV and as Parquet, its rows in the order of their columns."""
    name = table.name.removeprefix("mart.")
    columns = [column for column in table.columns if column.type in TYPES]
    names = [column.name for column in columns]
    query = sql.SQL("select {} from {} order by {}").format(
        listed(names),
        table_name(table.name),
        sql.SQL(", ").join(sql.Literal(place) for place in range(1, len(names) + 1)),
    )
    rows = [tuple(map(_plain, row.values())) for row in connection.execute(query)]
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        file.writelines(export.as_csv(names, map(_as_text, rows)))
    schema = pa.schema([pa.field(column.name, TYPES[column.type][0]) for column in columns])
    values = [pa.array([row[place] for row in rows], schema.field(place).type) for place in range(len(names))]
    parquet.write_table(pa.table(values, schema=schema), folder / f"{name}.parquet", compression="zstd")
    return TableFiles(table, len(rows), tuple(_file(folder / f"{name}.{kind}") for kind in MEDIA_TYPES))


def _plain(value: Any) -> Any:
    """Return a value as Parquet takes it."""
    return float(value) if isinstance(value, Decimal) else value


def _as_text(row: Sequence[Any]) -> list[Any]:
    """Return a row as CSV has it: times and booleans in the descriptor's own form."""
    return [
        value.isoformat()
        if isinstance(value, datetime)
        else str(value).lower()
        if isinstance(value, bool)
        else value
        for value in row
    ]


def _file(path: Path) -> File:
    """Return what there is to say about a file."""
    content = path.read_bytes()
    return File(path.name, path.suffix[1:], len(content), hashlib.sha256(content).hexdigest())


def describe(tables: Sequence[TableFiles], status: Status) -> dict[str, Any]:
    """Return the descriptor, a Frictionless Data Package (version 1)."""
    return {
        "profile": "data-package",
        "name": "austin-crime",
        "title": "Austin crime: counts of police reports",
        "description": f"{status.notice} {FORMULAS}",
        "version": status.load_id,
        "created": status.published_at.isoformat() if status.published_at else None,
        "sources": [
            {
                "title": "City of Austin, Crime Reports",
                "path": f"{status.source_url or config.DEFAULT_SOURCE_URL}/d/{config.DATASET_ID}",
            },
            {
                "title": "City of Austin, Open Data Terms of Use",
                "path": "https://data.austintexas.gov/stories/s/ranj-cccq",
            },
        ],
        "resources": [_resource(table, file) for table in tables for file in table.files],
    }


def _resource(table: TableFiles, file: File) -> dict[str, Any]:
    """Return the entry of a file; the descriptions of table and columns are the warehouse's comments."""
    fields = [
        {"name": column.name, "type": TYPES[column.type][1], "description": column.comment}
        for column in table.columns
    ]
    return {
        "name": file.name if file.format != "csv" else file.name.removesuffix(".csv"),
        "path": file.name,
        "description": table.table.comment,
        "format": file.format,
        "mediatype": MEDIA_TYPES[file.format],
        "bytes": file.byte_count,
        "hash": f"sha256:{file.sha256}",
        "schema": {"fields": fields, "missingValues": [""]},
    } | ({"profile": "tabular-data-resource", "encoding": "utf-8"} if file.format == "csv" else {})


def receipt(connection: Connection, status: Status) -> dict[str, Any]:
    """Return the proof of the load: the city's counts beside ours, group by group, and the SHA-256 of what was received."""
    return {
        "load_id": status.load_id,
        "is_sample": status.is_sample,
        "source_url": status.source_url,
        "portal_updated_at": status.portal_updated_at,
        "published_at": status.published_at,
        "report_count": status.report_count,
        "rejected_count": status.rejected_count,
        **loads.receipt(connection, status.load_id or ""),
    }


def _write_json(path: Path, content: Any) -> None:
    """Write JSON for people, too; times as ISO 8601."""
    path.write_text(
        json.dumps(content, indent=1, ensure_ascii=False, default=lambda value: value.isoformat()) + "\n",
        encoding="utf-8",
    )
