"""The portal's datasets: their columns, and the two forms of the crime reports."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "number",
    "text",
    "checkbox",
    "floating_timestamp",
    "fixed_timestamp",
    "row_identifier",
    "row_version",
    "location",
    "multipolygon",
    "null",
]
FormName = Literal["present", "historic"]

REPORTS_ID = "fdj4-gpfu"
BOUNDARIES_ID = "w3v2-cj58"
# Beside the reports: the JSON texts of values that are not sent as others are, by column.
SENT = ":sent"

_STORED: dict[Kind, str] = {
    "checkbox": "boolean",
    "number": "double",
    "text": "varchar",
    "floating_timestamp": "timestamp",
    "fixed_timestamp": "timestamp",
    "row_identifier": "varchar",
    "row_version": "varchar",
    "location": "json",
    "multipolygon": "json",
}


@dataclass(frozen=True)
class Column:
    """A column by the name that the API gives it, and by the one that people read."""

    name: str
    title: str
    kind: Kind = "text"
    # Whole numbers are stored as such; a date alone is shown without a time.
    is_whole: bool = False
    is_day: bool = False

    @property
    def stored_type(self) -> str:
        """DuckDB's type of the column."""
        return "bigint" if self.is_whole else _STORED[self.kind]


@dataclass(frozen=True)
class Dataset:
    """A table that the portal publishes."""

    dataset_id: str
    name: str
    table: str
    columns: tuple[Column, ...]
    # Whether the table has the column `SENT`.
    has_sent: bool = False

    def column(self, name: str) -> Column | None:
        """Return a column by API name, the system's included."""
        return next((column for column in (*self.columns, *SYSTEM_COLUMNS) if column.name == name), None)


SYSTEM_COLUMNS = (
    Column(":id", ":id", "row_identifier"),
    Column(":created_at", ":created_at", "fixed_timestamp"),
    Column(":updated_at", ":updated_at", "fixed_timestamp"),
    Column(":version", ":version", "row_version"),
)

_SHARED = (
    Column("incident_report_number", "Incident Number", "number", is_whole=True),
    Column("crime_type", "Highest Offense Description"),
    Column("ucr_code", "Highest Offense Code", "number", is_whole=True),
    Column("family_violence", "Family Violence"),
    Column("occ_date_time", "Occurred Date Time", "floating_timestamp"),
    Column("occ_date", "Occurred Date", "floating_timestamp", is_day=True),
    Column("occ_time", "Occurred Time", "number", is_whole=True),
    Column("rep_date_time", "Report Date Time", "floating_timestamp"),
    Column("rep_date", "Report Date", "floating_timestamp", is_day=True),
    Column("rep_time", "Report Time", "number", is_whole=True),
    Column("location_type", "Location Type"),
)
_PLACE = (
    Column("council_district", "Council District", "number", is_whole=True),
    Column("sector", "APD Sector"),
    Column("district", "APD District"),
)
_OUTCOME = (
    Column("clearance_status", "Clearance Status"),
    Column("clearance_date", "Clearance Date", "floating_timestamp", is_day=True),
    Column("ucr_category", "UCR Category"),
    Column("category_description", "Category Description"),
)
_WITHDRAWN = (
    Column("x_coordinate", "X-coordinate", "number"),
    Column("y_coordinate", "Y-coordinate", "number"),
    Column("latitude", "Latitude", "number"),
    Column("longitude", "Longitude", "number"),
    Column("location", "Location", "location"),
)

# In the order of the portal's own exports. SOURCE: the portal's data dictionary.
FORMS: dict[FormName, tuple[Column, ...]] = {
    "present": (
        *_SHARED,
        *_PLACE,
        *_OUTCOME,
        Column("census_block_group", "Census Block Group", "number", is_whole=True),
    ),
    "historic": (
        *_SHARED,
        Column("address", "Address"),
        Column("zip_code", "Zip Code", "number", is_whole=True),
        *_PLACE,
        Column("pra", "PRA"),
        Column("census_tract", "Census Tract", "number"),
        *_OUTCOME,
        *_WITHDRAWN,
    ),
}


def reports(form: FormName) -> Dataset:
    """Return the crime reports in one of their forms."""
    return Dataset(REPORTS_ID, "Crime Reports (sample data)", "reports", FORMS[form])


BOUNDARIES = Dataset(
    BOUNDARIES_ID,
    "Council Districts (sample data)",
    "boundaries",
    (
        Column("the_geom", "the_geom", "multipolygon"),
        Column("district_number", "DISTRICT_NUMBER"),
        Column("district_name", "DISTRICT_NAME"),
        Column("created_date", "CREATED_DATE"),
        Column("modified_date", "MODIFIED_DATE"),
        Column("shape_area", "SHAPE_AREA"),
    ),
)
