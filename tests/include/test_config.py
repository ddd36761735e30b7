"""What the pipeline reads of its settings, and what it refuses."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from austin_crime import config, errors
from austin_crime.config import ROOT
from austin_crime.errors import SettingError

WAREHOUSE = "postgresql://owner:secret@db/crime"


def read(reader, **variables):
    return reader(variables)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("", "https://data.austintexas.gov"),
        ("https://data.austintexas.gov/", "https://data.austintexas.gov"),
        ("http://127.0.0.1:8099", "http://127.0.0.1:8099"),
        ("http://[::1]:8099", "http://[::1]:8099"),
        ("http://sample-portal:8099", "http://sample-portal:8099"),
    ],
)
def test_a_portals_address_is_a_scheme_a_host_and_perhaps_a_port(url, address):
    assert read(config.source_url, AUSTIN_CRIME_SOURCE_URL=url) == address


@pytest.mark.parametrize(
    "url",
    [
        "data.austintexas.gov",
        "localhost:8099",
        "htp://data.austintexas.gov",
        "https:/data.austintexas.gov",
        "https://",
        "https://data..gov",
        "https://data.austintexas.gov:",
        "https://data.austintexas.gov:0",
        "https://data.austintexas.gov:99999",
        "https://data.austintexas.gov:port",
        "https://data austintexas.gov",
        " https://data.austintexas.gov",
        "https://data.austintexas.gov\n",
        "https://data.austintexas.gov/resource",
        "https://data.austintexas.gov?$$app_token=se-cret",
        "https://data.austintexas.gov#x",
        "https://me:se-cret@data.austintexas.gov",
        "https://me:se-c@ret@data.austintexas.gov",
    ],
)
def test_an_address_that_is_none_is_refused_in_a_sentence_without_secrets(url):
    with pytest.raises(SettingError) as refusal:
        read(config.source_url, AUSTIN_CRIME_SOURCE_URL=url)

    assert str(refusal.value).startswith("AUSTIN_CRIME_SOURCE_URL is '")
    assert ": expected http:// or https:// and a host, without path, query or login" in str(refusal.value)
    assert "se-c" not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "seconds"), [("", 1), ("0", 0), ("20", 20), ("0.5", 0.5), (".5", 0.5), ("600", 600)]
)
def test_a_wait_is_a_number_of_seconds(text, seconds):
    assert read(config.portal_wait_s, AUSTIN_CRIME_PORTAL_WAIT_S=text) == seconds


@pytest.mark.parametrize(
    "text", ["abc", "-1", "inf", "nan", "1e3", "601", "1_0", "٣", " 5", "5s", "0x5", "1,5"]
)
def test_a_wait_that_is_none_is_refused(text):
    with pytest.raises(
        SettingError, match=r"^AUSTIN_CRIME_PORTAL_WAIT_S is .*: expected seconds, a number from 0 to 600"
    ):
        read(config.portal_wait_s, AUSTIN_CRIME_PORTAL_WAIT_S=text)


@pytest.mark.parametrize(
    "url",
    [
        WAREHOUSE,
        "postgresql://owner:%40%2F%3A%25%23@db:5432/crime?sslmode=require",
        "postgresql://owner:pw@db1:5432,db2:5433/crime",
        "postgresql:///crime?host=/var/run/postgresql",
        "postgresql://owner@[::1]:5432/crime",
    ],
)
def test_a_warehouses_address_is_taken_as_postgresql_writes_it(url):
    assert read(config.warehouse_url, AUSTIN_CRIME_WAREHOUSE_URL=url) == url


@pytest.mark.parametrize(
    "url",
    [
        "mysql://owner:se-cret@db/crime",
        "postgresql+psycopg2://owner:se-cret@db/crime",
        "postgresql://owner:se-cret@db",
        "postgresql://owner:se-cret@db/",
        "postgresql://owner:se-cret@db:port/crime",
        "postgresql://owner:se-cret#@db/crime",
        "postgresql://owner:se-cret/@db/crime",
        "postgresql://owner:se-cret%@db/crime",
        "postgresql://owner:se-cret",
        "owner:se-cret@db/crime",
        "host=db password=se-cret dbname=crime",
        "host=db password = 'se-cret' dbname=crime",
        "postgresql://db?password=se-cret",
    ],
)
def test_a_warehouses_address_that_is_none_is_refused_without_its_password(url):
    with pytest.raises(
        SettingError, match=r"^AUSTIN_CRIME_WAREHOUSE_URL is .*expected postgresql://user"
    ) as refusal:
        read(config.warehouse_url, AUSTIN_CRIME_WAREHOUSE_URL=url)

    assert "cret" not in str(refusal.value)


def test_a_warehouse_that_is_not_named_is_asked_for():
    with pytest.raises(
        SettingError, match=r"^AUSTIN_CRIME_WAREHOUSE_URL is not set: expected postgresql://user"
    ):
        config.warehouse_url({})


@pytest.mark.parametrize(
    ("url", "landing"),
    [
        ("", str(ROOT / "data" / "landing")),
        ("landing", str(ROOT / "landing")),
        ("./a/../landing/", str(ROOT / "landing")),
        ("~/landing", str(Path.home() / "landing")),
        ("/abs/landing/", "/abs/landing"),
        ("file:///abs/landing", "/abs/landing"),
        ("s3://bucket/prefix/", "s3://bucket/prefix"),
    ],
)
def test_a_landing_means_one_place_wherever_one_is(url, landing, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    assert read(config.landing_url, AUSTIN_CRIME_LANDING_URL=url) == landing


@pytest.mark.parametrize(
    "url",
    [
        "file://relative",
        "file:landing",
        "file://",
        "gs://bucket/x",
        "http://x/y",
        "s3://",
        "s3:/b",
        "~nobody-here/x",
        " /x",
    ],
)
def test_a_landing_that_is_none_is_refused(url):
    with pytest.raises(
        SettingError, match=r"^AUSTIN_CRIME_LANDING_URL is .*expected a folder, file:///folder or s3://"
    ):
        read(config.landing_url, AUSTIN_CRIME_LANDING_URL=url)


def test_an_app_token_that_cannot_be_sent_is_refused_and_not_shown():
    with pytest.raises(SettingError, match=r"^AUSTIN_CRIME_APP_TOKEN is one with blanks") as refusal:
        read(config.app_token, AUSTIN_CRIME_APP_TOKEN="se-cret\n")

    assert "cret" not in str(refusal.value)


def test_a_superset_without_a_login_is_refused(tmp_path):
    variables = {"AUSTIN_CRIME_WAREHOUSE_URL": WAREHOUSE, "AUSTIN_CRIME_LANDING_URL": str(tmp_path)}
    config.check(variables)

    with pytest.raises(SettingError, match=r"^AUSTIN_CRIME_SUPERSET_REFRESH_USER is not set"):
        config.check(variables | {"AUSTIN_CRIME_SUPERSET_URL": "http://127.0.0.1:8088"})


def test_a_landing_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(SettingError, match="expected a writable folder"):
        config.check_landing(str(tmp_path / "file" / "landing"))


def test_a_landing_that_a_link_names_and_nobody_has_made_is_refused(tmp_path):
    (tmp_path / "landing").symlink_to(tmp_path / "gone")

    with pytest.raises(SettingError, match="expected a writable folder"):
        config.check_landing(str(tmp_path / "landing"))


def test_a_wrong_setting_is_not_tried_again():
    assert not errors.can_retry(SettingError("wrong"))


@pytest.mark.parametrize("module", ["austin_crime.nightly", "austin_crime.replay"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AUSTIN_CRIME_SOURCE_URL", "data.austintexas.gov"),
        ("AUSTIN_CRIME_PORTAL_WAIT_S", "abc"),
        ("AUSTIN_CRIME_WAREHOUSE_URL", "mysql://x/y"),
        ("AUSTIN_CRIME_LANDING_URL", "file://relative"),
        ("AUSTIN_CRIME_SUPERSET_URL", "superset"),
    ],
)
def test_a_run_by_hand_ends_with_one_sentence_and_no_traceback(module, name, value):
    variables = {"AUSTIN_CRIME_WAREHOUSE_URL": WAREHOUSE, "AUSTIN_CRIME_APP_TOKEN": "se-cret", name: value}

    done = subprocess.run(
        [sys.executable, "-m", module],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "include"), **variables},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1
    assert done.stderr.startswith(f"{name} is '{value}': expected ")
    assert len(done.stderr.splitlines()) == 1
    assert "se-cret" not in done.stderr


@pytest.mark.parametrize(
    "parameters",
    [
        "dry_run",
        '["dry_run"]',
        "null",
        '{"full": true}',
        '{"full_reload": "no"}',
        '{"accept": "x"}',
        '{"accept": [1]}',
    ],
)
def test_wrong_parameters_of_a_run_by_hand_end_it_with_one_sentence(parameters):
    done = subprocess.run(
        [sys.executable, "-m", "austin_crime.nightly", "by_hand", parameters],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT / "include"),
            "AUSTIN_CRIME_WAREHOUSE_URL": WAREHOUSE,
        },
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1
    assert ": expected " in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
