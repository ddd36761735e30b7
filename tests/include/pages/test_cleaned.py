"""What the page says a report becomes is what a load makes of it."""

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from austin_crime import contract
from austin_crime.landing import reading
from austin_crime.load import clean
from austin_crime.pages import cleaned, example

NAMES = [":id", ":updated_at", *(column.source_name for column in contract.COLUMNS)]
ODD = [
    "",
    " ",
    "5",
    "05.0",
    "1e3",
    "-1",
    "2400",
    "1270",
    "Y",
    "no",
    "N",
    "C",
    "X",
    "9",
    "11",
    "\0",
    "\ud800",
    "x" * 501,
]
DATES = [
    "2024-02-29",
    "2023-02-29",
    "2024-05-01T09:05:00.000",
    "2024-05-01T09:05:00+02:00",
    "10000-01-01",
    "0000-01-01",
    "soon",
]
VALUES = (
    st.sampled_from(ODD + DATES) | st.text(max_size=8) | st.none() | st.booleans() | st.integers(0, 10**20)
)
REPORTS = st.dictionaries(st.sampled_from(NAMES), VALUES)


def by_load(report):
    """Return what cleaning makes of a report by column, and the rules that it applied; None if it is rejected."""
    body = json.dumps([report], separators=(",", ":")).encode()
    made = clean.clean_crimes(reading.read_reports(io.BytesIO(body)))
    row = {name: made.crimes[name].array.__arrow_array__().to_pylist() for name in made.crimes.columns}
    return {name: column[0] for name, column in row.items() if column}, set(made.rule_counts)


@pytest.mark.slow
@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(REPORTS)
def test_every_column_reads_as_in_a_load(report):
    number = {"incident_report_number": "20241230415"}
    expected, rules = by_load(report | number)
    rows = {row["name"]: row for row in cleaned.compare(report | number)}

    assert rows.keys() == expected.keys()
    for name, value in expected.items():
        if name == "source_row_id" and value.startswith("without id"):
            value = None
        assert rows[name]["value"] == cleaned._shown(value), name
    assert {row["rule"] for row in rows.values()} - {None} == {
        contract.RULES[rule.partition(":")[0]] for rule in rules
    }


@pytest.mark.parametrize("key", [None, "", "12x", "1" * 19, 5])
def test_the_rule_by_which_a_report_is_rejected_is_shown(key):
    report = {":id": "row", ":updated_at": "2024-05-02T10:31:07.512Z", "incident_report_number": key}
    _, rules = by_load(report)
    [row] = [row for row in cleaned.compare(report) if row["name"] == "incident_id"]

    assert (row["rule"] is None) == (key == 5)
    assert {rule.partition(":")[0] for rule in rules} == (
        {name for name, text in contract.RULES.items() if text == row["rule"]}
    )


def test_the_invented_example_has_a_value_in_every_column_and_breaks_no_rule():
    rows = cleaned.compare(example.SAMPLE)

    assert [row["name"] for row in rows if row["value"] is None or row["rule"]] == []
    assert {row["name"]: row["value"] for row in rows}["occurred_time"] == "09:05:00"
