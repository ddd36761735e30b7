"""The landing as the pages show it: the first reports of a file however it is written, and nothing outside of the landing."""

import gzip
import json
import os

import pytest

from austin_crime import nightly
from austin_crime.errors import LandingDamaged, ParameterError, PortalAnswer
from austin_crime.landing import files
from austin_crime.pages import received

REPORTS = [
    {"incident_report_number": str(number), "crime_type": f'["THEFT", {number}]', ":id": f"row-{number}"}
    for number in range(1, 8)
]
LINES = "[" + "\n,".join(map(json.dumps, REPORTS)) + "\n]\n"
FORMS = {
    "as the portal": LINES.encode(),
    "one line": json.dumps(REPORTS, separators=(",", ":")).encode(),
    "pretty-printed": json.dumps(REPORTS, indent=4).replace("\n", "\r\n").encode(),
    "with a BOM": b"\xef\xbb\xbf" + LINES.encode(),
    "numbers unquoted": LINES.replace(
        '"incident_report_number": "1"', '"incident_report_number": 1'
    ).encode(),
    "escaped keys": LINES.replace("incident_report", "\\u0069ncident_report").encode(),
    "blanks before": b" \n\t" + LINES.encode(),
}


@pytest.fixture
def land(warehouse):
    """Return a function that puts bytes into the landing as a batch, and returns its name."""

    def put(content, name="first/1/batch-001.json.gz"):
        path = warehouse.landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return name

    return put


def shown(name, limit=5):
    return [report["raw"] for report in received.first_reports(name, limit)]


@pytest.mark.parametrize("body", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize("piece_bytes", [1, 7, 1 << 16])
def test_the_first_reports_are_shown_however_the_file_is_written(
    land, monkeypatch, body, members, piece_bytes
):
    monkeypatch.setattr(received, "PIECE_BYTES", piece_bytes)
    size = len(body) // members + 1
    content = b"".join(gzip.compress(body[at : at + size]) for at in range(0, len(body), size))

    reports = received.first_reports(land(content))

    assert [report["raw"] for report in reports] == REPORTS[:5]
    assert {row["name"]: row["value"] for row in reports[0]["cleaned"]}["incident_id"] == "1"


@pytest.mark.parametrize(("body", "count"), [(b"[]", 0), (b"\n[\n]\n", 0), (b"[{}]", 1), (LINES.encode(), 7)])
def test_a_file_with_fewer_reports_shows_all_of_them(land, body, count):
    assert len(shown(land(gzip.compress(body)), 50)) == count


def test_a_file_is_read_no_further_than_its_first_reports_go(land):
    filler = [{"crime_type": os.urandom(500_000).hex()} for _ in range(5)]
    whole = gzip.compress(json.dumps(REPORTS + filler).encode(), 1)

    assert shown(land(whole[: len(whole) // 2])) == REPORTS[:5]


DAMAGED = {
    "empty": b"",
    "no gzip": LINES.encode(),
    "truncated gzip": gzip.compress(LINES.encode())[:40],
    "truncated JSON": gzip.compress(LINES.encode()[:200]),
    "no end": gzip.compress(b"["),
    "no JSON": gzip.compress(b"<html>"),
    "an object": gzip.compress(b'{"error": true, "message": "no"}'),
    "nothing": gzip.compress(b""),
    "garbage between": gzip.compress(LINES.replace("\n,", "\n~").encode()),
    "a deep nest": gzip.compress(b"[" * 100_000),
    "a changed byte": gzip.compress(LINES.encode(), mtime=0)[:30]
    + b"\xff"
    + gzip.compress(LINES.encode(), mtime=0)[31:],
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_named_in_a_sentence(land, content):
    name = land(content)

    with pytest.raises(LandingDamaged, match=f"{name} cannot be read"):
        received.first_reports(name)


@pytest.mark.parametrize("body", [b"[null]", b"[1, 2]", b'["x"]', b"[[]]"])
def test_a_file_with_something_else_than_reports_is_named_in_a_sentence(land, body):
    with pytest.raises(PortalAnswer, match="expected objects"):
        received.first_reports(land(gzip.compress(body)))


def test_a_report_that_never_ends_is_not_read_to_its_end(land, monkeypatch):
    monkeypatch.setattr(received, "LONGEST_REPORT", 1_000)
    name = land(gzip.compress(b'[{"a": "' + b"x" * 10_000_000 + b'"}]'))

    with pytest.raises(LandingDamaged):
        received.first_reports(name)


def test_what_an_answer_cannot_hold_is_replaced_or_a_text(land):
    [raw] = shown(
        land(
            gzip.compress(
                b'[{"a\\ud800": "b\\udfffc\\u0000", "n": NaN, "i": -Infinity, "f": 1e999, "o": {"x": [1]}}]'
            )
        )
    )

    assert raw == {"a\ufffd": "b\ufffdc\0", "n": "NaN", "i": "-Infinity", "f": "1e999", "o": {"x": ["1"]}}
    json.dumps(raw, allow_nan=False, ensure_ascii=False).encode()


ESCAPES = [
    "",
    ".",
    "..",
    "/",
    "/etc/passwd",
    "../beside",
    "first/..",
    "first/../..",
    "first/1/..",
    "first/1/../../../beside",
    "first//1",
    "first/1/",
    "first/1/batch-001.json.gz/x",
    "%2e%2e",
    "first/%2e%2e/beside",
    "..\\beside",
    "first\0",
    "first\n",
    "link",
    "link/beside.json.gz",
    "first/1/link.json.gz",
    "~",
    "s3://bucket/key",
    "file:///etc/passwd",
    "*",
    "x" * 5_000,
    "first/1/" + "x" * 300,
]


@pytest.mark.parametrize("name", ESCAPES, ids=lambda name: name[:40].replace("\0", "NUL") or "empty")
def test_nothing_outside_of_the_landing_is_shown(land, warehouse, tmp_path, name):
    land(gzip.compress(LINES.encode()))
    beside = tmp_path / "beside.json.gz"
    beside.write_bytes(gzip.compress(LINES.encode()))
    (warehouse.landing / "link").symlink_to(tmp_path)
    (warehouse.landing / "first/1/link.json.gz").symlink_to(beside)

    for ask in (received.list_files, received.first_reports, received.open_file):
        with pytest.raises(ParameterError, match="The landing has no"):
            ask(name)


def test_files_are_named_so_that_they_are_found_again(land, warehouse):
    content = gzip.compress(LINES.encode())
    name = land(content)
    land(b"{", "first/1/batch-001.manifest.json")
    land(b"{}", "first/1/plan.json")

    for folder in ("first", "first/1"):
        assert [file["name"] for file in received.list_files(folder)] == [
            name,
            "first/1/batch-001.manifest.json",
            "first/1/plan.json",
        ]
    path, byte_count = received.open_file(name)
    assert b"".join(received.pieces(path)) == content
    assert byte_count == len(content)
    with pytest.raises(ParameterError, match="is a folder"):
        received.open_file("first/1")
    with pytest.raises(ParameterError, match="is not a batch"):
        received.first_reports("first/1/plan.json")


@pytest.mark.parametrize("place", ["folder", "object store"])
def test_a_loads_files_are_shown_with_what_was_recorded_of_them(loaded_into, warehouse, ask, place):
    with loaded_into(place)() as connection:
        landing = received.list_loads(connection)
        [load] = landing["loads"]
        listed = received.list_files(load["folder"])

    batches = [file for file in listed if file["is_batch"]]
    recorded = ask(
        "select count(*), sum(report_count)::int, sum(byte_count)::int, min(sha256) from ops.received_files"
    )
    assert recorded == [
        (
            len(batches),
            sum(file["report_count"] for file in batches),
            sum(file["byte_count"] for file in batches),
            min(file["sha256"] for file in batches),
        )
    ]
    assert load["file_count"] == len(batches)
    assert all(file["changed_at"] for file in listed)
    assert len(received.first_reports(batches[0]["name"])) == 5
    path, byte_count = received.open_file(batches[0]["name"])
    assert sum(map(len, received.pieces(path))) == byte_count
    for name in ("first/../..", "nothing", "first/1/nothing.json.gz"):
        with pytest.raises(ParameterError):
            received.list_files(name)


@pytest.fixture
def loaded_into(reader, sample_portal, request, monkeypatch):
    """Return a function that runs a first load with its landing in a folder or an object store."""

    def load(place):
        if place == "object store":
            bucket = request.getfixturevalue("bucket")
            monkeypatch.setenv("AUSTIN_CRIME_LANDING_URL", f"s3://{bucket.name}/landing")
        nightly.run_nightly("first")
        return reader

    return load


def test_folders_that_no_load_recorded_and_an_absent_landing_are_shown(reader, warehouse):
    with reader() as connection:
        assert received.list_loads(connection)["load_count"] == 0
        (warehouse.landing / "lost+found").mkdir(parents=True)
        (warehouse.landing / "manual__2024-01-01T00_00_00_00_00").mkdir()
        landing = received.list_loads(connection)

    assert landing["load_count"] == 2
    assert [load["folder"] for load in landing["loads"]] == [
        "lost+found",
        "manual__2024-01-01T00_00_00_00_00",
    ]
    assert files.folder_name("manual__2024-01-01T00:00:00+00:00") == "manual__2024-01-01T00_00_00_00_00"
