"""The portal's own counts, which the check compares with ours."""

from typing import Any

from austin_crime.portal.client import Portal
from austin_crime.portal.months import LIMIT, to_count

# The SoQL expression to group by, for each dimension.
DIMENSIONS = {
    "occurred_year": "date_trunc_y(occ_date)",
    "crime_type": "crime_type",
    "council_district": "council_district",
}


def ask_counts(portal: Portal) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of the portal's count of reports by each dimension, ``group_key`` and ``report_count``."""
    return {
        dimension: portal.query(
            f"the number of reports by {dimension}",
            f"{group} as group_key,count(*) as report_count",
            ["report_count"],
            group="group_key",
            order="group_key",
            limit=LIMIT,
        )
        for dimension, group in DIMENSIONS.items()
    }


def totals(counts: dict[str, list[dict[str, Any]]]) -> set[int]:
    """Return the totals of the dimensions; one number if all agree."""
    return {sum(to_count(row) for row in rows) for rows in counts.values()}
