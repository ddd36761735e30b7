"""The tables to take away: files that say what they are, and hold what the warehouse holds."""

import hashlib
from collections import Counter
from decimal import Decimal

from pyarrow import csv, parquet

from austin_crime import nightly
from austin_crime.edition import tables
from sample_portal.publisher import live

FORMULA = "=HYPERLINK(1)"

INTEGERS = {"int16", "int32", "int64"}
KINDS = {
    "integer": INTEGERS,
    "number": {"double"},
    "boolean": {"bool"},
    "string": {"string"},
    "date": {"date32[day]"},
    "datetime": {"timestamp[us, tz=UTC]"},
}


def test_the_descriptor_describes_every_file_as_it_is(current, read_json):
    package = read_json("datapackage.json")
    named = [resource["path"] for resource in package["resources"]]

    assert {*named, "index.html", "datapackage.json", "receipt.json"} == {
        path.name for path in current.iterdir()
    }
    assert len(set(named)) == len({resource["name"] for resource in package["resources"]}) == len(named)
    for resource in package["resources"]:
        content = (current / resource["path"]).read_bytes()
        assert resource["bytes"] == len(content)
        assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        assert resource["description"]
        assert all(field["description"] for field in resource["schema"]["fields"]), resource["path"]


def test_the_columns_of_the_files_are_those_of_the_descriptor(current, read_json):
    for resource in read_json("datapackage.json")["resources"]:
        path, fields = current / resource["path"], resource["schema"]["fields"]
        if resource["format"] == "csv":
            header = path.read_text(encoding="utf-8").splitlines()[0].split(",")
            assert header == [field["name"] for field in fields]
        else:
            schema = parquet.read_schema(path)
            assert schema.names == [field["name"] for field in fields]
            assert all(str(schema.field(field["name"]).type) in KINDS[field["type"]] for field in fields)


def test_the_parquet_files_hold_the_rows_of_the_tables(current, ask):
    for name in tables.NAMES:
        table = parquet.read_table(current / f"{name}.parquet")
        rows = ask(f"select {', '.join(table.column_names)} from mart.{name}")

        held = Counter(tuple(map(plain, row)) for row in rows)
        assert Counter(tuple(row.values()) for row in table.to_pylist()) == held, name


def test_the_csv_files_hold_the_same_as_the_parquet_files(current):
    for name in tables.NAMES:
        table = parquet.read_table(current / f"{name}.parquet")
        options = csv.ConvertOptions(column_types=table.schema, null_values=[""], strings_can_be_null=True)

        assert csv.read_csv(current / f"{name}.csv", convert_options=options).equals(table), name


def test_boundaries_are_not_in_the_files(current):
    assert "boundary_geojson" not in parquet.read_schema(current / "crimes_per_area.parquet").names


def test_a_text_that_a_spreadsheet_would_run_is_harmless_in_csv_and_whole_in_parquet(folder, sample_portal):
    live.edit_reports(
        sample_portal.store, sample_portal.where(sample_portal.some_keys(9)), f"crime_type = '{FORMULA}'"
    )
    nightly.run_nightly("first")

    types = parquet.read_table(folder / "current" / "top_crimes.parquet")["crime_type"].to_pylist()
    lines = (folder / "current" / "top_crimes.csv").read_text()
    assert FORMULA in types
    assert f",'{FORMULA}," in lines
    assert f",{FORMULA}," not in lines


def test_the_receipt_has_the_citys_counts_and_the_files_received(read_json, ask):
    receipt = read_json("receipt.json")
    groups = {name: len(rows) for name, rows in receipt["dimensions"].items()}

    assert receipt["load_id"] == "first"
    assert groups == dict(ask("select dimension, count(*) from ops.reconciliations group by dimension"))
    assert receipt["group_count"] == receipt["equal_count"] == sum(groups.values())
    assert [file["sha256"] for file in receipt["files"]] == [
        row[0] for row in ask("select sha256 from ops.received_files order by batch_id")
    ]


def test_every_table_of_the_edition_is_there_and_small(current, ask):
    for name in tables.NAMES:
        assert 0 < ask(f"select count(*) from mart.{name}")[0][0] < 100_000, name


def plain(value):
    """Return a value as Parquet has it."""
    return float(value) if isinstance(value, Decimal) else value
