"""A landing in an object store, over HTTP: the same tables, and what was cut or broken off is not there."""

import tracemalloc
from itertools import count

import psycopg
import pytest

from austin_crime import config, errors, nightly, replay, steps
from austin_crime.landing import batches, files
from sample_portal.faults import Fault
from sample_portal.publisher import live

pytestmark = pytest.mark.slow

NUMBERS = count(1)
# What says when it was loaded, and not what.
LEFT_OUT = {"mart.data_status"}


@pytest.fixture
def store_url(bucket, monkeypatch):
    """Have the landing in the bucket."""
    url = f"s3://{bucket.name}/landing"
    monkeypatch.setenv("AUSTIN_CRIME_LANDING_URL", url)
    return url


def tables_of(url):
    """Return the rows of every table of mart."""
    with psycopg.connect(url) as connection:
        names = [
            f"mart.{name}"
            for (name,) in connection.execute("select tablename from pg_tables where schemaname = 'mart'")
        ]
        return {
            name: sorted(map(repr, connection.execute(f"select * from {name}").fetchall()))
            for name in set(names) - LEFT_OUT
        }


def names(bucket):
    return {object.key.removeprefix("landing/") for object in bucket.objects.all()}


def uploads(bucket):
    return list(bucket.multipart_uploads.all())


def test_loads_leave_the_same_tables_and_files_as_with_a_folder(
    sample_portal, warehouse, postgres, bucket, monkeypatch
):
    monkeypatch.setattr(config, "BATCH_ROWS", 1_000)
    in_store, _ = postgres.create_warehouse(f"warehouse_of_store_{next(NUMBERS)}")
    pairs = ((warehouse.owner_url, str(warehouse.landing)), (in_store, f"s3://{bucket.name}/landing"))

    def load(load_id):
        for url, landing_url in pairs:
            monkeypatch.setenv("AUSTIN_CRIME_WAREHOUSE_URL", url)
            monkeypatch.setenv("AUSTIN_CRIME_LANDING_URL", landing_url)
            nightly.run_nightly(load_id)

    load("first")
    live.pass_week(sample_portal.store, added=40, edited=60, removed=20)
    load("week")

    folder = warehouse.landing
    assert names(bucket) == {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    }
    assert len(tables_of(in_store)) > 5
    assert tables_of(in_store) == tables_of(warehouse.owner_url)
    assert uploads(bucket) == []


def test_a_replay_from_the_store_gives_the_tables_again(
    sample_portal, warehouse, postgres, store_url, monkeypatch
):
    nightly.run_nightly("first")
    live.pass_week(sample_portal.store, added=40, edited=60, removed=20)
    nightly.run_nightly("week")
    again, _ = postgres.create_warehouse(f"warehouse_of_store_{next(NUMBERS)}")
    monkeypatch.setenv("AUSTIN_CRIME_WAREHOUSE_URL", again)
    monkeypatch.setenv("AUSTIN_CRIME_SOURCE_URL", "http://127.0.0.1:9")

    assert replay.replay() == ["first", "week"]

    assert tables_of(again) == tables_of(warehouse.owner_url)


def test_a_damaged_object_is_named_before_anything_is_written(
    sample_portal, warehouse, bucket, store_url, postgres, monkeypatch
):
    nightly.run_nightly("first")
    damaged = bucket.Object("landing/first/1/batch-001.json.gz")
    damaged.put(Body=damaged.get()["Body"].read()[:-1] + b"!")
    again, _ = postgres.create_warehouse(f"warehouse_of_store_{next(NUMBERS)}")
    monkeypatch.setenv("AUSTIN_CRIME_WAREHOUSE_URL", again)

    with pytest.raises(errors.ReplayRefused, match=rf"{store_url}/first/1/batch-001\.json\.gz"):
        replay.replay()


@pytest.mark.parametrize("how", ["chunked", "length", "gzip"])
def test_a_body_that_was_cut_has_not_landed(sample_portal, warehouse, bucket, store_url, how, monkeypatch):
    monkeypatch.setattr(config, "PORTAL_TRIES", 1)
    load = steps.plan_load("cut")
    (item,) = steps.list_batches(load)
    before = names(bucket)
    sample_portal.store.faults.add(Fault("cut", path="$order=:id", how=how))

    with pytest.raises(errors.PortalBusy):
        steps.extract(**item)

    assert names(bucket) == before
    assert uploads(bucket) == []
    assert batches.landed(steps.folder_of(load), item["batch"]) is None


def test_the_next_attempt_begins_with_an_empty_folder(sample_portal, warehouse, bucket, store_url):
    steps.plan_load("again")
    folder = files.folder("again", 2)
    files.write_json(folder / "of an earlier life.json", {})

    load = steps.plan_load("again")
    steps.fail_load("again", "the test is over")

    assert load.attempt == 2
    assert "again/2/plan.json" in names(bucket)
    assert "again/2/of an earlier life.json" not in names(bucket)
    assert "again/1/plan.json" in names(bucket)


def test_a_large_upload_that_breaks_off_leaves_nothing(bucket, store_url):
    path = files.root() / "large"

    def write_half() -> None:
        with files.write_whole(path) as file:
            for _ in range(3):
                file.write(bytes(files.PART_BYTES))
            assert uploads(bucket) != []
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()

    assert names(bucket) == set()
    assert uploads(bucket) == []
    assert not path.exists()


def test_memory_stays_flat_however_large_the_file(bucket, store_url):
    path, parts = files.root() / "large", 12
    tracemalloc.start()
    with files.write_whole(path) as file:
        for _ in range(parts * files.PART_BYTES // files.CHUNK_BYTES):
            file.write(bytes(files.CHUNK_BYTES))
        assert names(bucket) == set()
    digest = files.sha256(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert bucket.Object("landing/large").content_length == parts * files.PART_BYTES
    assert len(digest) == 64
    assert peak < parts * files.PART_BYTES / 2


def test_what_another_process_wrote_is_seen_at_once(bucket, store_url):
    folder = files.folder("load", 1)
    assert list(folder.glob("*.json")) == []
    assert not (folder / "a.json").exists()

    bucket.Object("landing/load/1/a.json").put(Body=b"{}")

    assert [path.name for path in folder.glob("*.json")] == ["a.json"]
    assert files.read_json(folder / "a.json") == {}


def test_a_bucket_that_does_not_exist_is_told_and_not_made(sample_portal, warehouse, bucket, monkeypatch):
    monkeypatch.setenv("AUSTIN_CRIME_LANDING_URL", "s3://mistyped/landing")

    with pytest.raises(FileNotFoundError):
        nightly.run_nightly("first")

    assert bucket.meta.client.list_buckets()["Buckets"] != []
    assert "mistyped" not in [found["Name"] for found in bucket.meta.client.list_buckets()["Buckets"]]
