"""What most people write: pages with requests, pandas, ``DataFrame.to_sql``, then indexes and aggregates in SQL."""

import os
from pathlib import Path

import pandas as pd
import requests
import sqlalchemy as sa

from benchmarks.contenders import aggregates, requests_to_portal
from benchmarks.contenders.stopwatch import Stopwatch

VIEW = Path(__file__).with_suffix(".sql")
NUMBERS = (
    "incident_report_number",
    "ucr_code",
    "occ_time",
    "rep_time",
    "council_district",
    "census_block_group",
)
TIMES = ("occ_date_time", "occ_date", "rep_date_time", "rep_date", "clearance_date")
CHUNK_ROWS = 10_000


def main() -> None:
    """Fetch, clean, insert, index, aggregate."""
    watch = Stopwatch()
    url = os.environ["AUSTIN_CRIME_WAREHOUSE_URL"].replace("postgresql://", "postgresql+psycopg2://")
    engine = sa.create_engine(url)
    with watch.step("fetch"):
        crimes = fetch_pages()
    with watch.step("clean"):
        crimes = clean(crimes)
    with watch.step("to_sql"), engine.begin() as connection:
        # The default method: psycopg2 makes it inserts of many rows. method="multi" took three times as long.
        crimes.to_sql(
            "crimes", connection, schema="public", if_exists="replace", index=False, chunksize=CHUNK_ROWS
        )
    with engine.begin() as connection:
        cursor = connection.connection.cursor()
        with watch.step("key and indexes"):
            cursor.execute(VIEW.read_text())
        with watch.step("aggregates"):
            aggregates.build(cursor)
    watch.tell()


def fetch_pages() -> pd.DataFrame:
    """Ask page by page until one is not full."""
    address = f"{requests_to_portal.source_url()}{requests_to_portal.DATASET}.json"
    pages: list[pd.DataFrame] = []
    while not pages or len(pages[-1]) == requests_to_portal.PAGE_ROWS:
        offset = len(pages) * requests_to_portal.PAGE_ROWS
        answer = requests.get(address, params=requests_to_portal.page(offset), timeout=600)
        answer.raise_for_status()
        pages.append(pd.DataFrame(answer.json()))
    return pd.concat(pages, ignore_index=True)


def clean(crimes: pd.DataFrame) -> pd.DataFrame:
    """Give the columns their types and keep one row of each key."""
    for name in NUMBERS:
        crimes[name] = pd.to_numeric(crimes[name]).astype("Int64")
    for name in TIMES:
        crimes[name] = pd.to_datetime(crimes[name])
    return crimes.dropna(subset=["incident_report_number"]).drop_duplicates("incident_report_number")


if __name__ == "__main__":
    main()
