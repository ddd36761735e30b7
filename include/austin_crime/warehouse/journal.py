"""What a load writes about itself to ``ops.loads`` and ``ops.source_columns`` while it is planned."""

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from austin_crime import contract
from austin_crime.models import Batch, Dataset, Load, Manifest, PlannedMonth, RunningLoad
from austin_crime.warehouse.connection import Connection

log = logging.getLogger(__name__)


def note_dataset(connection: Connection, load: RunningLoad, dataset: Dataset) -> None:
    """Record the metadata of the dataset; ContractBroken if a kept column is missing or has another type."""
    form = contract.dataset_form(dataset.source_types)
    connection.execute(
        "update ops.loads set is_sample = %s, dataset_form = %s, metadata_fingerprint = %s,"
        " portal_updated_at = to_timestamp(%s) where load_id = %s",
        (dataset.is_sample, form, dataset.fingerprint, dataset.rows_updated_at, load.load_id),
    )
    unknown = contract.unknown_columns(dataset.source_types)
    if unknown:
        log.warning(
            "The portal has columns that contract.py does not name, which are not loaded: %s.",
            ", ".join(sorted(unknown)),
        )


def note_columns(connection: Connection, load: RunningLoad, dataset: Dataset) -> None:
    """Record the columns of the dataset."""
    unknown = contract.unknown_columns(dataset.source_types)
    kept = {column.source_name for column in contract.COLUMNS}
    connection.execute("delete from ops.source_columns")
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into ops.source_columns (column_name, data_type, position, status, load_id) values (%s, %s, %s, %s, %s)",
            [
                (
                    name,
                    data_type,
                    position,
                    "unknown" if name in unknown else "kept" if name in kept else "not kept",
                    load.load_id,
                )
                for position, (name, data_type) in enumerate(dataset.source_types.items(), start=1)
            ],
        )


def note_plan(
    connection: Connection,
    load: RunningLoad,
    months: list[PlannedMonth],
    newest: datetime,
    held_report_count: int,
) -> None:
    """Record the totals of a plan."""
    kinds = Counter(month.kind for month in months)
    connection.execute(
        "update ops.loads set newest_updated_at = %s, portal_report_count = %s, held_report_count = %s,"
        " skipped_month_count = %s, topped_up_month_count = %s, whole_month_count = %s, vanished_month_count = %s"
        " where load_id = %s",
        (
            newest,
            sum(month.portal_count for month in months),
            held_report_count,
            kinds["skipped"],
            kinds["topped up"],
            kinds["whole"],
            kinds["vanished"],
            load.load_id,
        ),
    )


def note_batches(connection: Connection, load: RunningLoad, batches: Sequence[Batch]) -> None:
    """Record how many batches are planned."""
    connection.execute(
        "update ops.loads set batch_count = %s where load_id = %s", (len(batches), load.load_id)
    )


def end_unchanged(connection: Connection, load: RunningLoad, message: str) -> None:
    """End the load as unchanged, with the totals that it confirmed."""
    connection.execute(
        "update ops.loads set status = 'unchanged', message = %s, finished_at = clock_timestamp(), batch_count = 0,"
        " portal_report_count = (select sum(portal_report_count) from ops.source_months),"
        " held_report_count = (select count(*) from mart.crimes) + (select count(*) from ops.rejected_reports),"
        " rejected_count = (select count(*) from ops.rejected_reports)"
        " where load_id = %s",
        (message, load.load_id),
    )
    log.info("%s", message)


def note_received(connection: Connection, load: Load, manifest: Manifest, rejected_count: int) -> None:
    """Record the file of a batch that was staged."""
    connection.execute(
        "insert into ops.received_files (load_id, batch_id, attempt, report_count, rejected_count, byte_count, sha256, received_at)"
        " values (%s, %s, %s, %s, %s, %s, %s, now()) on conflict (load_id, batch_id) do update set"
        " attempt = excluded.attempt, report_count = excluded.report_count, rejected_count = excluded.rejected_count,"
        " byte_count = excluded.byte_count, sha256 = excluded.sha256, received_at = excluded.received_at",
        (
            load.load_id,
            manifest.batch_id,
            load.attempt,
            manifest.report_count,
            rejected_count,
            manifest.byte_count,
            manifest.sha256,
        ),
    )
