"""Answers that say the same in another way, or less, or in another shape, as a client of HTTP sees them."""

import gzip
import json
import zlib

import pytest
import requests

from sample_portal.errors import PortalFault
from sample_portal.faults import Fault
from sample_portal.publisher import live

RESOURCE = "/resource/fdj4-gpfu.json"
BOUNDARIES = "/resource/w3v2-cj58.geojson"
METADATA = "/api/views/fdj4-gpfu.json"
TIMEOUT_S = 20
QUERY = {"select": ":id,:updated_at,ucr_code,rep_date,crime_type", "order": ":id", "limit": 4}
COUNTS = {"select": "date_trunc_ym(rep_date) as month,count(*)", "group": "month", "order": "month"}


def raw(portal, path: str = f"{RESOURCE}?$limit=50&$order=:id", accept: str = "gzip") -> requests.Response:
    """Ask for a path; the body is not unpacked."""
    response = requests.get(
        portal.address + path, headers={"Accept-Encoding": accept}, stream=True, timeout=TIMEOUT_S
    )
    response.packed = response.raw.read(decode_content=False)
    return response


@pytest.fixture
def meet(faulty):
    """Return a function that adds a fault and asks; it returns the portal's own answer and the one with the fault."""

    def ask(fault: Fault, get):
        own = get().json()
        faulty.store.faults.add(fault)
        return own, get()

    return ask


def test_an_answer_may_be_empty_or_half_and_nothing_says_so(faulty, meet):
    whole, empty = meet(Fault("silent"), lambda: faulty.ask(**QUERY))
    _, half = meet(Fault("silent", how="half"), lambda: faulty.ask(**QUERY))

    assert (empty.status_code, empty.json()) == (200, [])
    assert (half.status_code, half.json()) == (200, whole[:2])
    for answer in (empty, half):
        assert answer.headers["X-SODA2-Data-Out-Of-Date"] == "false"
        assert "Retry-After" not in answer.headers


def test_a_replica_may_have_the_rows_of_before_and_not_say_so(changing):
    queries = [QUERY, COUNTS, {"select": "count(*)", "where": ":updated_at > '2026-03-09T23:00:00.000Z'"}]
    before = [changing.rows(**query) for query in queries]
    changing.store.faults.add(Fault("silent", how="before", path="order=", times=1))
    changing.store.faults.add(Fault("silent", how="before", path="$group", times=1))
    changing.store.faults.add(Fault("silent", how="before", path="$where", times=1))

    live.rewrite_all(changing.store)
    live.pass_week(changing.store, added=20, edited=5, removed=9)
    old = [changing.ask(**query) for query in queries]
    new = [changing.rows(**query) for query in queries]

    assert [answer.json() for answer in old] == before
    assert {answer.headers["X-SODA2-Data-Out-Of-Date"] for answer in old} == {"false"}
    assert all(rows != others for rows, others in zip(new, before, strict=True))


def test_boundaries_and_metadata_may_come_half(faulty, meet):
    districts, half = meet(Fault("silent", how="half"), lambda: faulty.get(BOUNDARIES))
    columns, fewer = meet(Fault("silent", how="half"), lambda: faulty.get(METADATA))

    assert (len(districts["features"]), len(half.json()["features"])) == (10, 5)
    assert fewer.json()["columns"] == columns["columns"][:9]


@pytest.mark.parametrize(
    ("how", "becomes"),
    [
        ("decimal", lambda text: f"{text}.0"),
        ("cents", lambda text: f"{text}.00"),
        ("zeros", lambda text: f"0{text}"),
        ("exponent", lambda text: f"{text}e0"),
        ("plus", lambda text: f"+{text}"),
        ("json", int),
    ],
)
def test_numbers_may_be_written_in_other_ways_also_in_counts(faulty, meet, how, becomes):
    own, answer = meet(Fault("numbers", how=how), lambda: faulty.ask(**QUERY))
    counted, counts = meet(Fault("numbers", how=how), lambda: faulty.ask(**COUNTS))

    assert answer.json() == [row | {"ucr_code": becomes(row["ucr_code"])} for row in own]
    assert counts.json() == [row | {"count": becomes(row["count"])} for row in counted]


@pytest.mark.parametrize(
    ("how", "month", "stamp"),
    [
        ("z", "2003-01-01T00:00:00.000Z", ".412Z"),
        ("offset", "2003-01-01T00:00:00.000+00:00", ".412+00:00"),
        ("local", "2003-01-01T00:00:00.000-06:00", ".412Z"),
        ("short", "2003-01-01T00:00:00", ".412Z"),
        ("micro", "2003-01-01T00:00:00.000000", ".412000Z"),
        ("day", "2003-01-01", ".412Z"),
        ("blank", "2003-01-01 00:00:00.000", ".412Z"),
    ],
)
def test_dates_may_be_written_in_other_ways_also_as_keys_of_groups(changing, how, month, stamp):
    live.edit_reports(
        changing.store, "true", "sector = 'AD'", changing.store.newest_stamp().replace(microsecond=412_000)
    )
    changing.store.faults.add(Fault("dates", how=how, times=2))

    first, *_ = changing.rows(**COUNTS)
    (newest,) = changing.rows(select="max(:updated_at) as newest")

    assert first["month"] == month
    assert newest["newest"].endswith(stamp)


def test_a_stamp_on_the_second_may_come_without_a_fraction(changing):
    stamp = changing.store.newest_stamp().replace(microsecond=0)
    live.edit_reports(changing.store, "true", "sector = 'AD'", stamp)
    changing.store.faults.add(Fault("dates", how="short"))

    assert changing.rows(select=":updated_at", limit=1) == [{":updated_at": f"{stamp.isoformat()}Z"}]


def test_only_a_share_of_the_rows_and_one_column_may_be_written_in_another_way(faulty):
    faulty.store.faults.add(Fault("dates", how="z", share=0.1, column="rep_date", times=None))

    rows = faulty.rows(limit=500, order=":id", where="rep_date is not null")

    assert 20 < sum(row["rep_date"].endswith("Z") for row in rows) < 90
    assert not any(row["occ_date"].endswith("Z") for row in rows)


@pytest.mark.parametrize(
    ("how", "shape"),
    [
        ("error", {"error": True, "message": "Something went wrong; please try again later"}),
        ("null", None),
        ("text", "Please try again later"),
        ("number", 0),
    ],
)
@pytest.mark.parametrize("path", [RESOURCE, METADATA, BOUNDARIES])
def test_any_path_may_answer_other_json_with_a_good_status(faulty, meet, how, shape, path):
    _, answer = meet(Fault("shape", how=how), lambda: faulty.get(path))

    assert (answer.status_code, answer.json()) == (200, shape)
    assert answer.headers["Content-Type"].startswith("application/")


@pytest.mark.parametrize(
    ("how", "becomes"),
    [
        ("object", lambda rows: rows[0]),
        ("pairs", lambda rows: {str(place): row for place, row in enumerate(rows)}),
        ("null_rows", lambda rows: [rows[0], None, *rows[1:]]),
        ("lists", lambda rows: [list(row.values()) for row in rows]),
        ("renamed", lambda rows: [{"month": row["month"], "count_1": row["count"]} for row in rows]),
        ("missing", lambda rows: [{"month": row["month"]} for row in rows]),
        ("upper", lambda rows: [{"MONTH": row["month"], "COUNT": row["count"]} for row in rows]),
        ("nested", lambda rows: [{key: {"value": value} for key, value in row.items()} for row in rows]),
        ("arrays", lambda rows: [{key: [value] for key, value in row.items()} for row in rows]),
        ("nulls", lambda rows: [dict.fromkeys(row) for row in rows]),
        ("empty_text", lambda rows: [dict.fromkeys(row, "") for row in rows]),
    ],
)
def test_counts_may_have_another_shape(faulty, meet, how, becomes):
    query = COUNTS | {"where": "rep_date is not null"}

    own, answer = meet(Fault("rows", how=how), lambda: faulty.ask(**query))

    assert answer.json() == becomes(own)


@pytest.mark.parametrize(
    ("how", "geometry"),
    [
        ("null", lambda own: None),
        ("missing", lambda own: {"type": "MultiPolygon"}),
        ("polygon", lambda own: {"type": "Polygon", "coordinates": own["coordinates"][0]}),
        ("collection", lambda own: {"type": "GeometryCollection", "geometries": [own]}),
        ("point", lambda own: {"type": "Point", "coordinates": own["coordinates"][0][0][0]}),
        ("empty", lambda own: {"type": "MultiPolygon", "coordinates": []}),
    ],
)
def test_boundaries_may_have_other_geometries(faulty, how, geometry):
    query = {"$order": "district_number"}
    own = faulty.get(BOUNDARIES, **query).json()["features"]
    faulty.store.faults.add(Fault("geometry", how=how))

    features = faulty.get(BOUNDARIES, **query).json()["features"]

    assert features == [feature | {"geometry": geometry(feature["geometry"])} for feature in own]


def test_a_map_may_lack_its_features_or_what_they_are(faulty):
    for how in ("no_features", "null_features", "no_properties"):
        faulty.store.faults.add(Fault("map", how=how))

    without, null, bare = (faulty.get(BOUNDARIES).json() for _ in range(3))

    assert "features" not in without
    assert null["features"] is None
    assert {str(feature["properties"]) for feature in bare["features"]} == {"None"}


@pytest.mark.parametrize(
    ("how", "changes"),
    [
        ("null_columns", lambda own: {"columns": None}),
        ("no_column_left", lambda own: {"columns": []}),
        ("null_column", lambda own: {"columns": [None, *own["columns"]]}),
        ("text_times", lambda own: {"rowsUpdatedAt": str(own["rowsUpdatedAt"])}),
        ("null_values", lambda own: {"id": None, "name": None, "rowsUpdatedAt": None}),
    ],
)
def test_metadata_may_have_other_values(faulty, meet, how, changes):
    own, answer = meet(Fault("metadata", how=how), lambda: faulty.get(METADATA))

    assert answer.json() | changes(own) == answer.json() != own


def test_metadata_may_lack_the_columns_or_their_names(faulty, meet):
    _, without = meet(Fault("metadata", how="no_columns"), lambda: faulty.get(METADATA))
    _, nameless = meet(Fault("metadata", how="null_fields"), lambda: faulty.get(METADATA))

    assert "columns" not in without.json()
    assert {column["fieldName"] for column in nameless.json()["columns"]} == {None}


@pytest.mark.parametrize(
    ("how", "beginning"),
    [
        ("blanks", b'[{":id" : "row-'),
        ("tabs", b'[{":id"\t:\t"row-'),
        ("pretty", b'[\n  {\n    ":id": "row-'),
        ("ascii", b'[{":id":"row-'),
        ("order", b'[{"crime_type": '),
        ("bom", b'\xef\xbb\xbf[{":id": "row-'),
        ("escapes", b'[{"\\u003a\\u0069\\u0064":"row-'),
        ("twice", b'[{":id":null,":id":"row-'),
    ],
)
def test_json_may_be_spelled_in_other_ways_and_says_the_same(faulty, meet, how, beginning):
    own, answer = meet(Fault("spelling", how=how), lambda: faulty.ask(**QUERY))

    assert answer.content.startswith(beginning)
    assert json.loads(answer.content.decode("utf-8-sig")) == own


def unpack_deflate(body: bytes) -> bytes:
    """Unpack deflate without a zlib header."""
    return zlib.decompress(body, -zlib.MAX_WBITS)


@pytest.mark.parametrize(
    ("how", "coding", "unpack"),
    [
        ("members", "gzip", gzip.decompress),
        ("padded", "gzip", gzip.decompress),
        ("header", "gzip", gzip.decompress),
        ("x-gzip", "x-gzip", gzip.decompress),
        ("upper", "GZIP", gzip.decompress),
        ("deflate", "deflate", zlib.decompress),
        ("raw_deflate", "deflate", unpack_deflate),
        ("identity", "identity", bytes),
        ("plain", None, bytes),
        ("twice", "gzip, gzip", lambda body: gzip.decompress(gzip.decompress(body))),
    ],
)
def test_a_body_may_be_packed_in_any_way(faulty, how, coding, unpack):
    whole = raw(faulty, accept="identity").packed
    faulty.store.faults.add(Fault("transfer", how=how))

    answer = raw(faulty)

    assert answer.headers.get("Content-Encoding") == coding
    assert unpack(answer.packed) == whole


def test_a_body_of_several_members_and_one_with_padding_are_so(faulty):
    faulty.store.faults.add(Fault("transfer", how="members"))
    faulty.store.faults.add(Fault("transfer", how="padded"))

    members, padded = raw(faulty), raw(faulty)

    first = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    assert not json_is_whole(first.decompress(members.packed))
    assert first.unused_data.startswith(b"\x1f\x8b")
    assert padded.packed.endswith(bytes(512))


def json_is_whole(text: bytes) -> bool:
    """Whether a text is JSON."""
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def test_a_body_may_come_in_tiny_chunks(faulty):
    whole = raw(faulty, accept="identity").packed
    faulty.store.faults.add(Fault("transfer", how="tiny"))

    with requests.get(
        f"{faulty.address}{RESOURCE}?$limit=50&$order=:id",
        headers={"Accept-Encoding": "identity"},
        stream=True,
        timeout=TIMEOUT_S,
    ) as answer:
        chunks = list(answer.raw.read_chunked())

    assert b"".join(chunks) == whole
    assert max(map(len, chunks)) <= 13


def test_a_body_may_end_with_the_connection(faulty):
    whole = raw(faulty, accept="identity").packed
    faulty.store.faults.add(Fault("transfer", how="until_close"))

    answer = raw(faulty, accept="identity")

    assert answer.packed == whole
    assert not {"Content-Length", "Transfer-Encoding"} & answer.headers.keys()
    assert len(faulty.rows(limit=2)) == 2


def test_queries_may_refuse_a_column_that_the_metadata_name(faulty):
    faulty.store.faults.add(Fault("column", column="sector", times=None))

    refused, other = faulty.ask(select="sector", limit=1), faulty.ask(select="district", limit=1)

    assert (refused.status_code, refused.json()["errorCode"]) == (400, "query.soql.no-such-column")
    assert refused.json()["data"]["column"] == "sector"
    assert other.status_code == 200
    assert "sector" in {column["fieldName"] for column in faulty.get(METADATA).json()["columns"]}
    with pytest.raises(PortalFault, match="needs the name of a column"):
        Fault("column")


@pytest.mark.parametrize(
    ("how", "status", "code"),
    [
        ("permission_denied", 403, "permission_denied"),
        ("authentication_required", 403, "authentication_required"),
        ("401", 401, "authentication_required"),
    ],
)
def test_an_app_token_may_be_required(faulty, how, status, code):
    faulty.store.faults.add(Fault("token_required", how=how, times=None))

    without = faulty.ask(limit=1)
    with_token = faulty.get(RESOURCE, {"X-App-Token": "a-known-token"}, **{"$limit": 1})

    assert (without.status_code, without.json()["code"]) == (status, code)
    assert "token" in without.json()["message"]
    assert with_token.status_code == 200
