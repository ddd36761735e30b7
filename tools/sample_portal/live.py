"""Ways in which the data of a portal live: each is a change that a publisher makes, seen by the next request.

What comes back are the incident numbers of the reports, or how many there are where they are not told apart. Every
change moves ``rowsUpdatedAt`` of the metadata; without ``updated_at`` its stamp is an hour after the newest. Stamps are
datetimes in UTC (naive or aware). ``where`` and ``assignments`` are DuckDB's SQL.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import duckdb

from sample_portal import generate
from sample_portal.changes import (
    count_of,
    delete,
    drawn,
    insert_invented,
    newest_day,
    numbers,
    renewed,
    spread,
    update,
)
from sample_portal.datasets import FORMS, SENT, SYSTEM_COLUMNS
from sample_portal.errors import PortalFault
from sample_portal.reshape import add_column, drop_column, publish_columns, rename_column, retype_column
from sample_portal.sent import send_as, send_some_as
from sample_portal.store import Store

__all__ = ["add_column", "drop_column", "rename_column", "retype_column", "send_as", "send_some_as"]

# A week's edits fall on so many months of report, half of them the newest; its removals on so many.
EDITED_MONTHS, REMOVED_MONTHS = 60, 20
BLOCK_GROUP = (
    'case when hash(":id") % 1000 >= 25 then 4530000011 + coalesce(council_district, 11) * 19000'
    ' + hash(":id", 1) % 30 * 500 + hash(":id", 2) % 3 end'
)


@dataclass(frozen=True)
class Week:
    """Incident numbers of the reports that a week added, edited and removed."""

    added: list[int]
    edited: list[int]
    removed: list[int]


def pass_week(
    store: Store, *, added: int = 1700, edited: int = 2000, removed: int = 300, seed: int = 1
) -> Week:
    """Let a week pass: its reports come, older ones are edited in 60 months and removed from 20, in one upload.

    Small stores want small numbers: they have fewer months, and fewer reports in them.
    """
    with store.change(store.newest_stamp() + timedelta(days=7)) as (cursor, stamp):
        draw = f"{seed}, {store.change_count}"
        gone = delete(cursor, spread(removed, REMOVED_MONTHS, 0, draw))
        chosen = spread(edited, EDITED_MONTHS, EDITED_MONTHS // 2, draw)
        changed = update(cursor, stamp, chosen, week_edits(store, draw))
        newest = newest_day(cursor) or stamp.date()
        first_day, last_day = newest + timedelta(days=1), newest + timedelta(days=7)
        recipe = generate.Recipe(added, seed + store.change_count, last_day, store.form, False, first_day)
        return Week(insert_invented(store, cursor, stamp, recipe, {}), changed, gone)


def week_edits(store: Store, draw: str) -> dict[str, str]:
    """Return what becomes of edited reports: six in ten are cleared later, two moved, two reclassified."""
    lot = f'hash(":id", {draw}) % 10'
    cleared, moved = f"{lot} < 6", f"{lot} in (6, 7)"
    status = "case clearance_status when 'N' then 'C' when 'C' then 'O' else 'N' end"
    date = "coalesce(clearance_date, rep_date + interval 3 day)"
    values = {
        "clearance_status": f"case when {cleared} then {status} else clearance_status end",
        "clearance_date": f"case when {cleared} then {date} else clearance_date end",
        "council_district": f"case when {moved} then 1 + coalesce(council_district, 0) % 10 else council_district end",
    }
    was_theft = "case when crime_type = 'THEFT' then"
    for name, otherwise, theft in (
        ("crime_type", "'BURGLARY OF VEHICLE'", "'THEFT'"),
        ("ucr_code", "601", "600"),
        ("ucr_category", "'23F'", "'23H'"),
        ("category_description", "'Theft'", "'Theft'"),
    ):
        other_class = f"{was_theft} {otherwise} else {theft} end"
        values[name] = f"case when {cleared} or {moved} then {name} else {other_class} end"
    unchanged = {column.name for column in store.reports.columns if column in FORMS[store.form]}
    return {name: value for name, value in values.items() if name in unchanged}


def add_reports(
    store: Store, n: int, *, updated_at: datetime | None = None, seed: int = 2, **values: Any
) -> list[int]:
    """Add invented reports of all years, none newer than the newest; ``crime_type="THEFT"`` holds for each of them."""
    with store.change(updated_at) as (cursor, stamp):
        recipe = generate.Recipe(n, seed, newest_day(cursor), store.form, has_every_oddity=False)
        return insert_invented(store, cursor, stamp, recipe, values)


def edit_reports(store: Store, where: str, assignments: str, updated_at: datetime | None = None) -> int:
    """Change reports, ``edit_reports(store, "sector = 'AD'", "crime_type = 'EDITED'")``."""
    with store.change(updated_at) as (cursor, stamp):
        return count_of(
            cursor,
            f"update reports set {assignments}, \":updated_at\" = timestamp '{stamp}' where {where}",
        )


def move_reports(store: Store, n: int, *, seed: int = 1, updated_at: datetime | None = None) -> list[int]:
    """Let reports move to a later month of report."""
    with store.change(updated_at) as (cursor, stamp):
        newest = f"date '{newest_day(cursor)}'"
        days = f"31 + hash(\":id\", {seed}) % (date_diff('day', rep_date, {newest}) - 30)"
        later = {name: f"{name} + to_days(cast({days} as integer))" for name in ("rep_date", "rep_date_time")}
        chosen = drawn(n, f"rep_date <= {newest} - 31", f"{seed}, {store.change_count}")
        return update(cursor, stamp, chosen, later)


def remove_reports(store: Store, where: str) -> int:
    """Remove reports; no stamp tells."""
    with store.change(store.rows_updated_at) as (cursor, _):
        return count_of(cursor, f"delete from reports where {where}")


def remove_month(store: Store, month: str) -> int:
    """Remove the reports of a month of report, ``2015-03``."""
    try:
        first_day = date.fromisoformat(f"{month[:7]}-01")
    except ValueError as error:
        raise PortalFault(f"Expected a month such as 2015-03, came {month!r}.") from error
    return remove_reports(store, f"date_trunc('month', rep_date) = date '{first_day}'")


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
        source = f"(select {listed}, {BLOCK_GROUP} as census_block_group from reports)"
        count = count_of(cursor, f"create or replace table reports as {renewed(stamp)} from {source}")
        store.form = "present"
        publish_columns(store, FORMS["present"], stamp)
        return count


def double_keys(store: Store, n: int, *, seed: int = 1, updated_at: datetime | None = None) -> list[int]:
    """Add newer rows with the keys of other reports, of another crime type; return the keys that are there twice."""
    with store.change(updated_at) as (cursor, stamp):
        chosen = drawn(n, "incident_report_number is not null", f"{seed}, {store.change_count}")
        twins = renewed(stamp, "'DOUBLED' as crime_type")
        return numbers(
            cursor.execute(
                f"insert into reports {twins} from reports where rowid in ({chosen}) returning incident_report_number"
            )
        )


def drop_keys(store: Store, n: int, *, seed: int = 1, updated_at: datetime | None = None) -> list[int]:
    """Let reports lose their keys; return the keys that are gone."""
    with store.change(updated_at) as (cursor, stamp):
        chosen = drawn(n, "incident_report_number is not null", f"{seed}, {store.change_count}")
        keys = numbers(
            cursor.execute(f"select incident_report_number from reports where rowid in ({chosen})")
        )
        update(cursor, stamp, chosen, {"incident_report_number": "null"})
        return keys
