"""Read bodies in every layout of JSON, in blocks of every size, as Python's own reader does."""

import io
import json

import pandas as pd
import pytest

from austin_crime.errors import PortalAnswer
from austin_crime.landing import reading
from austin_crime.load import clean

REPORTS = [
    {":id": f"row-{number}", "crime_type": text, "council_district": str(number)}
    for number, text in enumerate(["THEFT", 'A "QUOTE", AND [', "]\\n,{", "É" * 40, ""])
]
LINES = [json.dumps(report) for report in REPORTS]
LAYOUTS = {
    "bracket on a line of its own": "[" + "\n,".join(LINES) + "\n]\n",
    "bracket behind the last report": "[" + "\n,".join(LINES) + "]\n",
    "no newline at the end": "[" + "\n,".join(LINES) + "]",
    "one line": json.dumps(REPORTS),
    "commas at the ends of lines": "[\n" + ",\n".join(LINES) + "\n]",
    "indented": json.dumps(REPORTS, indent=2),
}


@pytest.mark.parametrize("block_bytes", [7, 64, 200, 1 << 20])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_reads_as_the_same_reports_whatever_the_block(layout, block_bytes, monkeypatch):
    monkeypatch.setattr(reading, "BLOCK_BYTES", block_bytes)

    frame = reading.read_reports(io.BytesIO(LAYOUTS[layout].encode()))

    assert frame[[":id", "crime_type", "council_district"]].to_dict("records") == REPORTS
    assert frame["occ_date"].isna().all()


def test_the_portals_layout_is_read_by_arrow_and_not_report_by_report(monkeypatch):
    monkeypatch.setattr(json, "load", lambda body: pytest.fail("read by Python's own reader"))

    for layout in ("bracket on a line of its own", "bracket behind the last report", "no newline at the end"):
        assert len(reading.read_reports(io.BytesIO(LAYOUTS[layout].encode()))) == len(REPORTS)


def test_a_block_that_holds_only_the_last_bracket_is_no_report(monkeypatch):
    body = LAYOUTS["bracket on a line of its own"].encode()
    monkeypatch.setattr(reading, "BLOCK_BYTES", len(body) - len("]\n"))
    monkeypatch.setattr(json, "load", lambda body: pytest.fail("read by Python's own reader"))

    assert len(reading.read_reports(io.BytesIO(body))) == len(REPORTS)


@pytest.mark.parametrize("body", ["[]", "[]\n", "[\n]\n"])
def test_an_array_without_reports_has_no_rows_and_all_columns(body):
    frame = reading.read_reports(io.BytesIO(body.encode()))

    assert frame.shape == (0, 21)
    assert {str(dtype) for dtype in frame.dtypes} == {"string[pyarrow]"}


def test_numbers_without_quotes_read_as_the_portal_would_write_them():
    frame = reading.read_reports(io.BytesIO(b'[{":id":"row-1","ucr_code":600}]\n'))

    assert frame.loc[0, "ucr_code"] == "600"
    assert pd.isna(frame.loc[0, "crime_type"])


def test_a_body_that_is_no_json_is_an_error_and_not_no_rows():
    with pytest.raises(PortalAnswer, match="expected JSON"):
        reading.read_reports(io.BytesIO(b"[<html>Service unavailable</html>]"))


@pytest.mark.parametrize("rows", ["null", "null\n,{}", "{}\n,null", "{}\n,1", "[]", '"text"', "{},null"])
def test_what_is_no_object_is_never_taken_for_a_report(rows):
    with pytest.raises(PortalAnswer, match="expected objects, got"):
        reading.read_reports(io.BytesIO(f"[{rows}\n]\n".encode()))


def test_a_byte_that_is_no_utf8_spoils_one_text_in_every_layout():
    for layout in (b'[{":id":"row-1","sector":"%s"}\n]\n', b'[ {":id" : "row-1",\n"sector" : "%s"} ]'):
        [sector] = clean.clean_crimes(reading.read_reports(io.BytesIO(layout % b"A\xff"))).rejects["raw"]

        assert json.loads(sector)["sector"] == "A\ufffd"
