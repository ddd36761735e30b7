"""What the other contenders ask the portal."""

import os

PAGE_ROWS = 50_000
DATASET = "/resource/fdj4-gpfu"


def source_url() -> str:
    """Return the portal's address."""
    return os.environ["AUSTIN_CRIME_SOURCE_URL"]


def page(offset: int) -> dict[str, str]:
    """Return the parameters of a page of JSON."""
    return {"$order": ":id", "$limit": str(PAGE_ROWS), "$offset": str(offset)}


def export(columns: list[str]) -> dict[str, str]:
    """Return the parameters of the whole dataset; a limit must be given, else the portal stops after 1,000."""
    return {"$select": ",".join([":id", ":updated_at", *columns]), "$order": ":id", "$limit": "10000000"}
