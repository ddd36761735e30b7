"""What we expect of the source, as data: columns, cleaning rules, checks and their thresholds."""

from dataclasses import dataclass
from typing import Literal

from austin_crime.errors import ContractBroken

# Raise it whenever a change to the rules, the columns, values.py or clean.py changes what a report becomes: the next load
# then fetches and cleans every month again.
RULES_VERSION = 3

NUMBER = frozenset({"number", "text"})
TEXT = frozenset({"text", "number"})
DATE = frozenset({"calendar_date", "floating_timestamp"})

Kind = Literal["key", "integer", "text", "flag", "timestamp", "date", "time", "district", "block_group"]


@dataclass(frozen=True)
class Column:
    """A column of the source that the warehouse keeps."""

    source_name: str
    name: str
    kind: Kind
    # Types that the portal may declare for it; in JSON every value is a string.
    source_types: frozenset[str]


# The present form of the dataset, in the portal's order. SOURCE: the portal's data dictionary.
COLUMNS = (
    Column("incident_report_number", "incident_id", "key", NUMBER),
    Column("crime_type", "crime_type", "text", TEXT),
    Column("ucr_code", "ucr_code", "integer", NUMBER),
    Column("family_violence", "is_family_violence", "flag", TEXT),
    Column("occ_date_time", "occurred_at", "timestamp", DATE),
    Column("occ_date", "occurred_date", "date", DATE),
    Column("occ_time", "occurred_time", "time", NUMBER),
    Column("rep_date_time", "reported_at", "timestamp", DATE),
    Column("rep_date", "reported_date", "date", DATE),
    Column("rep_time", "reported_time", "time", NUMBER),
    Column("location_type", "location_type", "text", TEXT),
    Column("council_district", "council_district", "district", NUMBER),
    Column("sector", "apd_sector", "text", TEXT),
    Column("district", "apd_district", "text", TEXT),
    Column("clearance_status", "clearance_status", "text", TEXT),
    Column("clearance_date", "clearance_date", "date", DATE),
    Column("ucr_category", "category_code", "text", TEXT),
    Column("category_description", "category_name", "text", TEXT),
    Column("census_block_group", "census_block_group_id", "block_group", NUMBER),
)

# The column that only the present form has, and the columns that the city withdrew in 2024 and 2025, which are not kept.
PRESENT_ONLY = "census_block_group"
WITHDRAWN = frozenset(
    {
        "address",
        "zip_code",
        "pra",
        "census_tract",
        "x_coordinate",
        "y_coordinate",
        "latitude",
        "longitude",
        "location",
    }
)

CLEARANCE_NAMES = {"N": "Not cleared", "O": "Cleared by exception", "C": "Cleared by arrest"}
COUNCIL_DISTRICTS = range(1, 11)
# Census GEOIDs begin with the state; the city leaves it out.
STATE_FIPS = "48"

# Some texts are keys of indexes, whose entries PostgreSQL limits; the longest of the source has about 60 characters.
TEXT_LIMIT = 500

# The cleaning rules: what each does, by the name under which it is counted. Blanks around a value do not matter; blanks alone, like an empty text, are null.
# A number is whole however its decimal is written: 5, 05, 5.0, +5 and 5e0 are one. A time is the wall time that it says: a
# zone behind it, Z or an offset, does not move it. Of ``:updated_at``, which is UTC, it does.
RULES = {
    "missing_key": "Reports without an incident number are rejected.",
    "unreadable_key": "Reports whose incident number is not a whole number of up to 18 digits are rejected.",
    "duplicate_key": "Of several rows with one incident number the newest is published, the others are rejected.",
    "row_id_missing": "A report without an :id gets one that is made of its content.",
    "stamp_unreadable": "A report whose :updated_at is missing or not ISO 8601 is dated 1970-01-01.",
    "character_replaced": "Characters that PostgreSQL cannot hold (NUL, half of a surrogate pair) become \ufffd; the text stays.",
    "text_cut": "A text of more than 500 characters is cut.",
    "number_unreadable": "A code that is not a whole number of up to nine digits becomes null.",
    "flag_unreadable": "A flag that is neither Y nor N, in capitals or not, becomes null.",
    "date_unreadable": "A date or timestamp that is not ISO 8601 or does not exist becomes null; a month that can be read stays.",
    "year_out_of_range": "A date or timestamp before the year 1 or after 9999 becomes null.",
    "date_with_offset": "A date or timestamp with an offset from UTC other than zero is kept as the wall time that it says.",
    "hour_out_of_range": "A time whose hour is above 23 (2400) becomes null; the date stays.",
    "minute_out_of_range": "A time whose minute is above 59 (1970) becomes null; the date stays.",
    "time_unreadable": "A time that is not a whole number of up to four digits becomes null.",
    "district_unreadable": "A council district other than 1 to 10 becomes null.",
    "block_group_unreadable": "A census block group that is not a whole number of up to 10 digits becomes null.",
    "clearance_status_unknown": "A clearance status other than N, O and C is kept as sent and has no name.",
}


@dataclass(frozen=True)
class Check:
    """A check of what would be published; its file in include/sql/checks gives subjects and observed values."""

    name: str
    severity: Literal["block", "warn"]
    # The largest observed value that passes.
    threshold: float
    unit: str
    expectation: str
    # Whether a person may let one load through with the parameter accept.
    is_acceptable: bool


CHECKS = (
    Check("keys_unique", "block", 0, "incident numbers that occur twice", "every incident number is unique", False),
    Check("months_complete", "block", 0, "reports missing or too many", "every month has as many reports as the portal", False),
    Check("aggregate_totals", "block", 0, "reports of difference", "every aggregate adds up to the detail", False),
    Check("portal_counts", "block", 0, "groups that differ", "published plus rejected equals the portal's own count in every group", False),
    Check("dates_out_of_range", "block", 0.1, "percent of reports, the first 10 not counted", "dates lie between 2003 and the day of the load", True),
    Check("null_rate", "block", 5, "percentage points more nulls", "columns are as filled as in the last published load", True),
    Check("category_gone", "block", 0, "published reports", "crime types with 100 reports or more do not disappear", True),
    Check("reports_removed", "block", 1, "percent of the published reports", "few reports disappear in one load", True),
    Check("month_removed", "block", 0, "published reports", "no month of 100 reports or more disappears", True),
    Check("form_changed", "block", 0, "changes", "the dataset keeps its form", True),
    Check("unknown_columns", "warn", 0, "columns", "contract.py names every column of the portal (others are not kept)", True),
    Check("unreadable_values", "block", 1, "percent of the fetched reports, the first 10 not counted, of times of 2400 the first 100", "few values cannot be read", True),
    Check("rejected_reports", "block", 0.1, "percent of the reports, 10 and those of the last published load not counted", "few reports are rejected", True),
    Check("newest_report_age", "warn", 21, "days", "the newest report is at most three weeks older than the portal's last update", True),
)  # fmt: skip


def dataset_form(source_types: dict[str, str]) -> Literal["present", "historic"]:
    """Return the form of the dataset; refuse one in which a kept column is missing or has another type.

    Parameters
    ----------
    source_types
        The portal's type of each column, by API name; computed regions and system columns left out.

    Raises
    ------
    ContractBroken
        Naming each column that differs, what was expected and what came.
    """
    historic = PRESENT_ONLY not in source_types and bool(WITHDRAWN & source_types.keys())
    expected = [column for column in COLUMNS if not (historic and column.source_name == PRESENT_ONLY)]
    faults = [
        f"{column.source_name}: expected type {' or '.join(sorted(column.source_types))}, "
        + (f"got {source_types[column.source_name]}" if column.source_name in source_types else "is missing")
        for column in expected
        if source_types.get(column.source_name) not in column.source_types
    ]
    if faults:
        unknown = sorted(unknown_columns(source_types))
        raise ContractBroken(
            f"The portal's columns changed: {'; '.join(faults)}."
            + (f" New columns that may be their successors: {', '.join(unknown)}." if unknown else "")
            + " Nothing was loaded and the published data stay as they are."
            " Adapt COLUMNS in include/austin_crime/contract.py, raise RULES_VERSION, and trigger a new run."
        )
    return "historic" if historic else "present"


def unknown_columns(source_types: dict[str, str]) -> set[str]:
    """Return the columns that the contract does not name."""
    return source_types.keys() - {column.source_name for column in COLUMNS} - WITHDRAWN
