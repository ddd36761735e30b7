import csv
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from austin_crime.pages import export, rows, tables

NAMES = ["a", "b"]
VALUES = ['say "x"', "a,b", "a\nb", "a\r\nb", "", " ", "ß\u2028", "null", "\\", "1", "a=1"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\t=1", "\r=1", "\n=1", "=cmd|'/C calc'!A0"])
def test_a_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text):
    [_, row] = csv.reader(io.StringIO("".join(export.as_csv(NAMES, [[text, 1]])), newline=""))

    assert row == [f"'{text}", "1"]


def test_a_negative_number_stays_a_number():
    assert "".join(export.as_csv(NAMES, [[-5, Decimal("-1.50")]])).splitlines()[1] == "-5,-1.50"


@pytest.mark.parametrize("text", VALUES)
def test_texts_come_out_of_both_formats_as_they_went_in(text):
    [_, row] = csv.reader(io.StringIO("".join(export.as_csv(NAMES, [[text, None]])), newline=""))

    assert row == [text, ""]
    assert json.loads("".join(export.as_json(NAMES, [[text, None]]))) == [{"a": text, "b": None}]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_json_is_an_array_of_objects_whatever_the_values(count):
    moment = datetime(2024, 5, 1, tzinfo=UTC)
    read = json.loads("".join(export.as_json(NAMES, [[{"x": [date.min, Decimal("NaN")]}, moment]] * count)))

    assert read == [{"a": {"x": ["0001-01-01", "NaN"]}, "b": str(moment)}] * count


def test_json_in_a_cell_of_csv_is_json():
    [_, row] = csv.reader(
        io.StringIO("".join(export.as_csv(NAMES, [[{"crime_type": {"old": "ß", "new": None}}, []]])))
    )

    assert [json.loads(cell) for cell in row] == [{"crime_type": {"old": "ß", "new": None}}, []]


def test_every_table_comes_out_with_every_row_in_both_formats(loaded):
    with loaded() as connection:
        for table in tables.list_tables(connection):
            names = [column.name for column in table.columns]
            view = rows.View(table)
            as_csv = "".join(export.as_csv(names, rows.all_rows(connection, view)))
            read = json.loads("".join(export.as_json(names, rows.all_rows(connection, view))))

            assert len(list(csv.DictReader(io.StringIO(as_csv, newline="")))) == len(read)
            assert all(list(row) == names for row in read)
