"""Copy cleaned batches into the schema staging; a batch staged twice is there once."""

import json
import logging
import time
from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd
import pyarrow as pa
from psycopg import sql
from psycopg.types.json import Jsonb
from upath import UPath

from austin_crime import clean, extract, read
from austin_crime.loads import Connection, Row, running_load
from austin_crime.warehouse.connection import connect_arrow

log = logging.getLogger(__name__)

# Where staged reports lie: those that would be live, those without a key, those whose key a newer one has.
REPORT_TABLES = ("crimes", "rejected_reports", "duplicate_reports")


def register_batches(connection: Connection, batches: list[extract.Batch]) -> None:
    """Make batches known, with nothing staged yet."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into staging.batches (batch_id, batch) values (%s, %s)",
            [(batch["batch_id"], Jsonb(batch)) for batch in batches],
        )


def known_batches(connection: Connection) -> list[Row]:
    """Return the rows of ``staging.batches``, in order."""
    return connection.execute("select * from staging.batches order by batch_id").fetchall()


def stage_batch(connection: Connection, load: Mapping[str, Any], batch: extract.Batch, folder: UPath) -> int:
    """Clean a landed batch and stage it, once however often it is called; return its number of reports.

    That it is staged is noted and committed last, if the load is still the running one: rows that another load left count
    for nothing.

    Raises
    ------
    FileNotFoundError
        If the batch has not landed.
    ValueError
        If the landed file holds another number of reports than was counted when it landed.
    LoadEnded
        If this attempt of the load is no longer the running one.
    """
    began = time.monotonic()
    with extract.open_landed(folder, batch) as body:
        reports = read.read_reports(body)
    manifest = extract.manifests(folder)[batch["batch_id"]]
    if len(reports) != manifest["report_count"]:
        raise ValueError(
            f"{batch['batch_id']}: landed with {manifest['report_count']} reports, read {len(reports)}: trigger a new run."
        )
    cleaned = clean.clean_crimes(reports)
    running_load(connection, load)
    remove_batch(connection, batch["batch_id"])
    copy_crimes(cleaned.crimes.assign(batch_id=batch["batch_id"]))
    running_load(connection, load)
    insert_rejects(connection, cleaned.rejects, batch["batch_id"])
    connection.execute(
        "update staging.batches set landed_count = %s, staged_count = %s, findings = %s where batch_id = %s",
        (manifest["report_count"], len(reports), Jsonb(cleaned.findings), batch["batch_id"]),
    )
    connection.commit()
    log.info(
        "staged %s: %s reports, %s rejected, in %.1f s",
        batch["batch_id"],
        len(reports),
        len(cleaned.rejects),
        time.monotonic() - began,
    )
    return len(reports)


def remove_batch(connection: Connection, batch_id: str) -> None:
    """Remove what an earlier try of a batch left; a batch that was never begun costs no scan."""
    begun = connection.execute(
        "update staging.batches set landed_count = 0 where batch_id = %s and landed_count is null",
        (batch_id,),
    )
    connection.commit()
    if begun.rowcount == 0:
        for table in REPORT_TABLES:
            connection.execute(f"delete from staging.{table} where batch_id = %s", (batch_id,))
        connection.execute("update staging.batches set staged_count = null where batch_id = %s", (batch_id,))
        connection.commit()


def remove_all(connection: Connection) -> None:
    """Remove what is staged of all batches."""
    for table in REPORT_TABLES:
        connection.execute(f"delete from staging.{table}")
    connection.execute("update staging.batches set staged_count = null")
    connection.commit()


def supersede(connection: Connection, batch: extract.Batch) -> None:
    """Remove what other batches staged of a batch's months, if the batch fetches them whole."""
    if batch["newer_than"] is None:
        remove_months(connection, {date.fromisoformat(month) if month else None for month in batch["months"]})


def remove_months(connection: Connection, months: set[date | None]) -> None:
    """Remove what is staged of months and take it off their batches' counts."""
    chosen = {"months": [month for month in months if month], "has_null": None in months}
    for table in REPORT_TABLES:
        connection.execute(
            f"""
            with gone as (
                delete from staging.{table}
                where source_month = any(%(months)s) or (source_month is null and %(has_null)s)
                returning batch_id
            )
            update staging.batches set staged_count = staged_count - gone_counts.n
            from (select batch_id, count(*) as n from gone group by batch_id) as gone_counts
            where batches.batch_id = gone_counts.batch_id
            """,
            chosen,
        )
    connection.commit()


def copy_crimes(crimes: pd.DataFrame) -> None:
    """Copy reports into ``staging.crimes`` in PostgreSQL's binary format."""
    table = pa.Table.from_pandas(crimes, preserve_index=False)
    with connect_arrow() as connection:
        with connection.cursor() as cursor:
            cursor.adbc_ingest("crimes", table, mode="append", db_schema_name="staging")
        connection.commit()


def insert_rejects(connection: Connection, rejects: pd.DataFrame, batch_id: str | None) -> None:
    """Insert rejected reports; there are few."""
    columns = [*rejects.columns, "batch_id"]
    statement = sql.SQL("insert into staging.rejected_reports ({}) values ({})").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)), sql.SQL(", ").join(sql.Placeholder() * len(columns))
    )
    rows = rejects.astype(object).where(rejects.notna(), None).to_dict("records")
    with connection.cursor() as cursor:
        cursor.executemany(statement, [(*row.values(), batch_id) for row in rows])


def raw_reports(folder: UPath, batch: extract.Batch, row_ids: set[str]) -> dict[str, str]:
    """Return reports of a landed batch as raw JSON, by the portal's row id."""
    with extract.open_landed(folder, batch) as body:
        reports = read.read_reports(body)
    wanted = reports[reports[":id"].isin(row_ids)]
    return {
        report[":id"]: json.dumps({name: value for name, value in report.items() if pd.notna(value)})
        for report in wanted.to_dict("records")
    }
