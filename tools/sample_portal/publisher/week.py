"""A week of the portal's life, in one upload."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from sample_portal.data import generate
from sample_portal.data.datasets import FORMS
from sample_portal.data.store import Store
from sample_portal.publisher.changes import count_of, delete, insert_invented, newest_day, spread, update

# How many reports a week adds, edits and removes where there are as many as in the city.
_USUAL_WEEK = (1700, 2000, 300)
# A week's edits fall on so many months of report, half of them the newest; its removals on so many.
_EDITED_MONTHS, _REMOVED_MONTHS = 60, 20
_WEEK = timedelta(days=7)
# Reports that come late are of so many days before.
_LATE = timedelta(days=90)


@dataclass(frozen=True)
class Week:
    """Incident numbers of the reports that a week added, edited and removed."""

    added: list[int]
    edited: list[int]
    removed: list[int]


def pass_week(
    store: Store,
    *,
    added: int | None = None,
    edited: int | None = None,
    removed: int | None = None,
    seed: int = 1,
) -> Week:
    """Let a week pass: its reports come, older ones are edited in 60 months and removed from 20, in one upload.

    The numbers are the city's for a store of its size, and as much smaller as the store is. No week goes beyond today: where
    its days are not over yet, reports of the last three months come late instead.
    """
    with store.change(later=_WEEK) as (cursor, stamp):
        size = count_of(cursor, "select count(*) from reports")
        added, edited, removed = (
            round(size * usual / generate.MOST_REPORTS) if given is None else given
            for given, usual in zip((added, edited, removed), _USUAL_WEEK, strict=True)
        )
        draw = f"{seed}, {store.change_count}"
        gone = delete(cursor, spread(removed, _REMOVED_MONTHS, 0, draw))
        chosen = spread(edited, _EDITED_MONTHS, _EDITED_MONTHS // 2, draw)
        changed = update(cursor, stamp, chosen, _week_edits(store, draw))
        came: list[int] = []
        for recipe in _week_recipes(added, newest_day(store, cursor), store):
            recipe = replace(recipe, seed=seed + store.change_count + len(came))
            came += insert_invented(store, cursor, stamp, recipe, {}, number_before=len(came))
        return Week(came, changed, gone)


def _week_recipes(added: int, newest: date, store: Store) -> list[generate.Recipe]:
    """Return how to invent a week's reports: those of its days up to today, and for the other days late ones."""
    last_day = min(newest + _WEEK, store.today())
    days = (last_day - newest).days
    on_time = added * days // _WEEK.days
    plan = [(on_time, newest + timedelta(days=1)), (added - on_time, last_day - _LATE)]
    return [
        generate.Recipe(
            count, until=last_day, form=store.form, has_every_oddity=False, reported_since=first_day
        )
        for count, first_day in plan
        if count
    ]


def _week_edits(store: Store, draw: str) -> dict[str, str]:
    """Return what becomes of edited reports: six in ten are cleared later, two moved, two reclassified."""
    lot = f'hash(":id", {draw}) % 10'
    cleared, moved = f"{lot} < 6", f"{lot} in (6, 7)"
    status = "case clearance_status when 'N' then 'C' when 'C' then 'O' else 'N' end"
    cleared_on = f"coalesce(clearance_date, least(rep_date + interval 3 day, timestamp '{store.today()}'))"
    values = {
        "clearance_status": f"case when {cleared} then {status} else clearance_status end",
        "clearance_date": f"case when {cleared} then {cleared_on} else clearance_date end",
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
