"""How it works: one report on its way through the steps of a load, a real one if a load has run."""

import json
from typing import Any

from austin_crime.errors import AustinCrimeError
from austin_crime.landing import files
from austin_crime.pages import cleaned, received
from austin_crime.pages.stations import counted
from austin_crime.warehouse.connection import Connection

# Invented: shown as long as nothing was loaded, or what was loaded has been deleted.
SAMPLE = {
    ":id": "row-cafe.d0d0-2f3c",
    ":updated_at": "2024-05-02T10:31:07.512Z",
    "incident_report_number": "20241230415",
    "crime_type": "BURGLARY OF VEHICLE",
    "ucr_code": "601",
    "family_violence": "N",
    "occ_date_time": "2024-05-01T09:05:00.000",
    "occ_date": "2024-05-01T00:00:00.000",
    "occ_time": "905",
    "rep_date_time": "2024-05-01T18:40:00.000",
    "rep_date": "2024-05-01T00:00:00.000",
    "rep_time": "1840",
    "location_type": "PARKING /DROP LOT/ GARAGE",
    "council_district": "9",
    "sector": "GE",
    "district": "1",
    "clearance_status": "N",
    "clearance_date": "2024-05-02T00:00:00.000",
    "ucr_category": "23F",
    "category_description": "Theft",
    "census_block_group": "4530011003",
}


def example(connection: Connection | None) -> dict[str, Any]:
    """Return a report and what each step makes of it, by task id.

    Parameters
    ----------
    connection
        None if the warehouse cannot be read: the example is then the invented one.

    Returns
    -------
    dict
        ``is_sample``, ``load_id``, ``raw``, ``cleaned``, and ``steps``: by task id, lines of what the step knows or makes.
    """
    found = _from_last_load(connection) if connection else None
    report, load_id, file = found or (SAMPLE, None, "batch-001.json.gz")
    rows = cleaned.compare(report)
    return {
        "is_sample": found is None,
        "load_id": load_id,
        "raw": report,
        "cleaned": rows,
        "steps": _steps(report, {row["name"]: row["value"] for row in rows}, file),
    }


def _from_last_load(connection: Connection) -> tuple[dict[str, Any], str, str] | None:
    """Return a report of the last published load that received any, the load and the file; None if there is none in the landing."""
    row = connection.execute(
        "select load_id, attempt, batch_id from ops.received_files inner join ops.loads using (load_id, attempt)"
        " where status = 'published' and report_count > 0 order by finished_at desc, batch_id desc limit 1"
    ).fetchone()
    if row is None:
        return None
    file = f"{row['batch_id']}{received.BATCH}"
    try:
        reports = received.first_reports(f"{files.folder_name(row['load_id'])}/{row['attempt']}/{file}", 1)
    except (AustinCrimeError, OSError, EOFError):
        return None  # deleted or damaged since; the example says that it is invented
    return (reports[0]["raw"], row["load_id"], file) if reports else None


def _steps(report: dict[str, Any], clean: dict[str, str | None], file: str) -> dict[str, list[str]]:
    """Return what each step knows of the report, or makes of it."""
    month, occurred_month = (_known(clean[name], 7, "month") for name in ("source_month", "occurred_month"))
    year, hour = _known(clean["occurred_date"], 4, "year"), clean["occurred_hour"]
    kind = _known(clean["crime_type"], None, "crime type")
    district = clean["council_district"]
    filled = sum(value is not None for value in clean.values())
    return {
        "source_is_up": ["The city's portal answers: dataset fdj4-gpfu is there."],
        "plan_load": [f"Reported in {month}.", f"That month has news at the portal, so {month} is fetched."],
        "anything_new": [f"Yes: {month} is among the months with news."],
        "list_batches": [f"{month} becomes part of one request, {file.partition('.')[0]}."],
        "load_batch.extract": [
            f"Received as {counted(len(json.dumps(report)), 'character')} of JSON.",
            f"Kept as received in {file}, with its SHA-256.",
        ],
        "load_batch.clean_and_stage": [
            f"{counted(filled, 'column')} filled by the rules; what changed is marked."
        ],
        "settle_months": [
            f"Reports of {month} are counted: as many here as at the portal, or the month is fetched again."
        ],
        "build_crimes_per_month": [f"+1 in {occurred_month}, {kind}."],
        "build_crimes_per_year": [f"+1 in {year}."],
        "build_crimes_per_hour": [
            f"+1 at {hour}:00." if hour is not None else "+1 in the hours that are unknown."
        ],
        "build_top_crimes": [f"+1 for {kind}."],
        "build_crimes_per_area": [f"+1 in District {district}." if district else "+1 without a district."],
        "build_crime_groups": [f"{kind} belongs to a group of crime types, by a written rule."],
        "build_crimes_per_day": [f"+1 on {_known(clean['occurred_date'], 10, 'day')}, in its group."],
        "build_crimes_per_month_and_group": [f"+1 in {occurred_month}, in its group."],
        "build_crimes_per_weekday_hour": [
            f"+1 in {occurred_month}, for its weekday and hour; noon and midnight exactly may mean an unknown time."
        ],
        "build_crimes_per_report_lag": ["How many days passed until it was reported is counted."],
        "build_crime_counts": [
            f"+1 for {kind}, on its day; in its month if that is more than two years ago."
        ],
        "check_load": [f"Is {clean['incident_id']} unique? Is its date possible? Do {year}, {kind} add up?"],
        "gate": [
            "Only if every check that blocks has passed, or a person accepted it, does the report go on."
        ],
        "publish": [f"Row {clean['incident_id']} of mart.crimes: readers see it from this moment on."],
        "refresh_dashboards": ["The charts are drawn again with it."],
        "tell": ["People hear of the load only if it failed, or ends well again after it had failed."],
    }


def _known(text: str | None, length: int | None, what: str) -> str:
    """Return the beginning of a value, or that it is unknown."""
    return text[:length] if text else f"an unknown {what}"
