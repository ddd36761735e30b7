"""Changes of single reports: added, edited, moved, removed, doubled, without their keys."""

from datetime import date, datetime
from typing import Any

from sample_portal.data import generate
from sample_portal.data.store import Store
from sample_portal.errors import PortalFault
from sample_portal.publisher.changes import (
    count_of,
    drawn,
    insert_invented,
    newest_day,
    numbers,
    renewed,
    update,
)


def add_reports(
    store: Store, n: int, *, updated_at: datetime | None = None, seed: int = 2, **values: Any
) -> list[int]:
    """Add invented reports of all years, none newer than the newest; ``crime_type="THEFT"`` holds for each of them."""
    with store.change(updated_at) as (cursor, stamp):
        recipe = generate.Recipe(n, seed, newest_day(store, cursor), store.form, has_every_oddity=False)
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
        newest = f"date '{newest_day(store, cursor)}'"
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
        raise PortalFault(f"Expected a month such as 2015-03, got {month!r}.") from error
    return remove_reports(store, f"date_trunc('month', rep_date) = date '{first_day}'")


def double_keys(store: Store, n: int, *, seed: int = 1, updated_at: datetime | None = None) -> list[int]:
    """Add newer rows with the keys of other reports, of another crime type; return the keys that are there twice."""
    with store.change(updated_at) as (cursor, stamp):
        chosen = drawn(n, "incident_report_number is not null", f"{seed}, {store.change_count}")
        duplicates = renewed(stamp, "'DOUBLED' as crime_type")
        return numbers(
            cursor.execute(
                f"insert into reports {duplicates} from reports where rowid in ({chosen}) returning incident_report_number"
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
