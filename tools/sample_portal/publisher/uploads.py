"""Uploads that replace everything, in one go or in two."""

from datetime import datetime

import duckdb

from sample_portal.data.datasets import FORMS, SENT, SYSTEM_COLUMNS
from sample_portal.data.store import Store
from sample_portal.errors import PortalFault
from sample_portal.publisher.changes import count_of, renewed
from sample_portal.publisher.columns import publish_columns

_BLOCK_GROUP = (
    'case when hash(":id") % 1000 >= 25 then 4530000011 + coalesce(council_district, 11) * 19000'
    ' + hash(":id", 1) % 30 * 500 + hash(":id", 2) % 3 end'
)


def rewrite_all(store: Store, updated_at: datetime | None = None) -> int:
    """Give every report a new ``:id`` and the same new stamps, as a publisher's full replacement does."""
    with store.change(updated_at) as (cursor, stamp):
        return count_of(cursor, f"create or replace table reports as {renewed(stamp)} from reports")


def half_upload(store: Store, *, share: float = 0.5, updated_at: datetime | None = None) -> int:
    """Begin to replace everything and stop halfway; return how many reports are there."""
    with store.change(updated_at) as (cursor, stamp):
        count = int(count_of(cursor, "select count(*) from reports") * share)
        cursor.execute(f"create table awaited as from reports offset {count}")
        first = f"(from reports limit {count})"
        return count_of(cursor, f"create or replace table reports as {renewed(stamp)} from {first}")


def finish_upload(store: Store, *, updated_at: datetime | None = None) -> int:
    """Let the rest of a half-finished upload come, with stamps of its own; return how many reports came."""
    with store.change(updated_at) as (cursor, stamp):
        try:
            count = count_of(cursor, f"insert into reports {renewed(stamp)} from awaited")
        except duckdb.CatalogException as error:
            raise PortalFault("There is no half-finished upload: half_upload comes first.") from error
        cursor.execute("drop table awaited")
        return count


def switch_form(store: Store, *, updated_at: datetime | None = None) -> int:
    """Turn the historic form into the present one: nine columns go, one comes, every report is rewritten."""
    if store.form == "present":
        raise PortalFault("The reports have the present form already; only the historic one can be switched.")
    with store.change(updated_at) as (cursor, stamp):
        listed = ", ".join(f'"{column.name}"' for column in (*SYSTEM_COLUMNS, *FORMS["present"][:-1]))
        listed += f', "{SENT}"' if store.reports.has_sent else ""
        source = f"(select {listed}, {_BLOCK_GROUP} as census_block_group from reports)"
        count = count_of(cursor, f"create or replace table reports as {renewed(stamp)} from {source}")
        store.form = "present"
        publish_columns(store, FORMS["present"], stamp)
        return count
