"""Ways in which the data of a portal live: each is a change that a publisher makes, seen by the next request.

What comes back are the incident numbers of the reports, or how many there are where they are not told apart. Every
change moves ``rowsUpdatedAt`` of the metadata; without ``updated_at`` its stamp is an hour after the newest. Stamps are
datetimes in UTC (naive or aware). ``where`` and ``assignments`` are DuckDB's SQL.
"""

from sample_portal.publisher.columns import add_column, drop_column, rename_column, retype_column
from sample_portal.publisher.reports import (
    add_reports,
    double_keys,
    drop_keys,
    edit_reports,
    move_reports,
    remove_month,
    remove_reports,
)
from sample_portal.publisher.sent import send_as, send_some_as
from sample_portal.publisher.uploads import finish_upload, half_upload, rewrite_all, switch_form
from sample_portal.publisher.week import Week, pass_week

__all__ = [
    "Week",
    "add_column",
    "add_reports",
    "double_keys",
    "drop_column",
    "drop_keys",
    "edit_reports",
    "finish_upload",
    "half_upload",
    "move_reports",
    "pass_week",
    "remove_month",
    "remove_reports",
    "rename_column",
    "retype_column",
    "rewrite_all",
    "send_as",
    "send_some_as",
    "switch_form",
]
