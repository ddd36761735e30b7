"""Copy cleaned batches into the schema staging; a batch staged twice is there once."""

import logging
import time
from dataclasses import asdict, dataclass
from datetime import date

import pandas as pd
import pyarrow as pa
from psycopg import sql
from psycopg.types.json import Jsonb
from upath import UPath

from austin_crime.landing import batches as landed_batches
from austin_crime.landing import reading
from austin_crime.load import clean
from austin_crime.models import Batch, Load
from austin_crime.warehouse import journal
from austin_crime.warehouse.connection import Connection, connect, connect_arrow
from austin_crime.warehouse.slot import running_load

log = logging.getLogger(__name__)

# The tables of staged reports: to be published, rejected for their key, and duplicates.
REPORT_TABLES = ("crimes", "rejected_reports", "duplicate_reports")


@dataclass(frozen=True)
class StagedBatch:
    """A row of ``staging.batches``; ``staged_count`` is None until all of the batch is staged."""

    batch: Batch
    staged_count: int | None


def register_batches(connection: Connection, batches: list[Batch]) -> None:
    """Record batches, with nothing staged yet."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into staging.batches (batch_id, batch) values (%s, %s)",
            [(batch.batch_id, Jsonb(asdict(batch))) for batch in batches],
        )


def registered_batches(connection: Connection) -> list[StagedBatch]:
    """Return the load's batches, in order."""
    rows = connection.execute("select batch, staged_count from staging.batches order by batch_id")
    return [StagedBatch(Batch.of(row["batch"]), row["staged_count"]) for row in rows]


def stage_batch(load: Load, batch: Batch, folder: UPath) -> int:
    """Clean a landed batch and stage it, once however often it is called; return its number of reports.

    Its count is recorded and committed last, if the load is still the running one; rows without a count are ignored.

    Raises
    ------
    LandingDamaged
        If the batch has not landed, or its file was changed.
    PortalAnswer
        If the batch is not an array of reports.
    LoadEnded
        If this attempt of the load is no longer the running one.
    """
    began = time.monotonic()
    with landed_batches.open_landed(folder, batch) as body:
        reports = reading.read_reports(body)
    cleaned = clean.clean_crimes(reports)
    with connect() as connection:
        running_load(connection, load)
        was_begun = not _begin_batch(connection, batch.batch_id)
    if was_begun:
        with connect() as connection:
            _remove_batch(connection, batch.batch_id)
    copy_crimes(cleaned.crimes.assign(batch_id=batch.batch_id))
    with connect() as connection:
        running_load(connection, load)
        _insert_rejects(connection, cleaned.rejects, batch.batch_id)
        connection.execute(
            "update staging.batches set landed_count = %s, staged_count = %s, findings = %s where batch_id = %s",
            (len(reports), len(reports), Jsonb(cleaned.rule_counts), batch.batch_id),
        )
        journal.note_received(
            connection, load, landed_batches.manifest_of(folder, batch), len(cleaned.rejects)
        )
    log.info(
        "Staged %s: %s reports, %s of them rejected, in %.1f s.",
        batch.batch_id,
        len(reports),
        len(cleaned.rejects),
        time.monotonic() - began,
    )
    return len(reports)


def _begin_batch(connection: Connection, batch_id: str) -> bool:
    """Record that a batch is begun; return False if it had been begun before and may have left rows."""
    begun = connection.execute(
        "update staging.batches set landed_count = 0 where batch_id = %s and landed_count is null",
        (batch_id,),
    )
    return begun.rowcount > 0


def _remove_batch(connection: Connection, batch_id: str) -> None:
    """Remove what an earlier try of a batch staged."""
    for table in REPORT_TABLES:
        connection.execute(f"delete from staging.{table} where batch_id = %s", (batch_id,))
    connection.execute("update staging.batches set staged_count = null where batch_id = %s", (batch_id,))


def remove_all(connection: Connection) -> None:
    """Remove everything that is staged."""
    for table in REPORT_TABLES:
        connection.execute(f"delete from staging.{table}")
    connection.execute("update staging.batches set staged_count = null")


def supersede(connection: Connection, batch: Batch) -> None:
    """Remove what other batches staged of a batch's months, if the batch fetches them whole."""
    if batch.newer_than is None:
        remove_months(connection, batch.month_dates)


def remove_months(connection: Connection, months: set[date | None]) -> None:
    """Remove what is staged of months, and subtract it from their batches' counts."""
    parameters = {"months": [month for month in months if month], "has_null": None in months}
    for table in REPORT_TABLES:
        connection.execute(
            f"""
            with removed as (
                delete from staging.{table}
                where source_month = any(%(months)s) or (source_month is null and %(has_null)s)
                returning batch_id
            )
            update staging.batches set staged_count = staged_count - removed_counts.n
            from (select batch_id, count(*) as n from removed group by batch_id) as removed_counts
            where batches.batch_id = removed_counts.batch_id
            """,
            parameters,
        )


def copy_crimes(crimes: pd.DataFrame) -> None:
    """Copy reports into ``staging.crimes`` in PostgreSQL's binary format."""
    table = pa.Table.from_pandas(crimes, preserve_index=False)
    with connect_arrow() as connection:
        with connection.cursor() as cursor:
            cursor.adbc_ingest("crimes", table, mode="append", db_schema_name="staging")
        connection.commit()


def _insert_rejects(connection: Connection, rejects: pd.DataFrame, batch_id: str | None) -> None:
    """Insert rejected reports, of which there are few."""
    columns = [*rejects.columns, "batch_id"]
    statement = sql.SQL("insert into staging.rejected_reports ({}) values ({})").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)), sql.SQL(", ").join(sql.Placeholder() * len(columns))
    )
    rows = rejects.astype(object).where(rejects.notna(), None).to_dict("records")
    with connection.cursor() as cursor:
        cursor.executemany(statement, [(*row.values(), batch_id) for row in rows])


def raw_reports(folder: UPath, batch: Batch, row_ids: set[str]) -> dict[str, str]:
    """Return reports of a landed batch as raw JSON, by the portal's row id."""
    with landed_batches.open_landed(folder, batch) as body:
        reports = reading.read_reports(body)
    ids = clean.read_row_ids(reports, clean.ignore)
    has_id = ids.isin(row_ids)
    return dict(zip(ids[has_id], clean.raw_json(reports[has_id]), strict=True))
