"""How the edition is written: whole or not at all, and never at the cost of a load."""

import os
import time

import pytest

from austin_crime import config, nightly, reset, steps
from austin_crime.edition import page, write
from austin_crime.errors import SettingError


def test_a_reader_sees_the_edition_before_until_the_new_one_is_whole(current, monkeypatch):
    before = (current.resolve(), (current / "index.html").read_text())
    seen = []

    def look(*arguments):
        seen.append((current.resolve(), (current / "index.html").read_text()))
        return "<h1>New</h1>"

    monkeypatch.setattr(page, "render", look)
    write.write_edition()

    assert seen == [before]
    assert current.resolve() != before[0]
    assert (current / "index.html").read_text() == "<h1>New</h1>"
    assert (before[0] / "index.html").read_text() == before[1]


def test_a_failure_warns_and_the_load_stays_published_with_the_edition_before(
    current, folder, ask, monkeypatch, caplog
):
    before = current.resolve()

    def fail(*arguments):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(page, "render", fail)
    said = steps.refresh_dashboards()

    assert said.startswith("The public edition was not written: the disk is full")
    assert "The public edition was not written, and the one before stays: the disk is full" in caplog.text
    assert current.resolve() == before
    assert sorted(path.name for path in folder.iterdir()) == sorted(["current", before.name])
    assert ask("select status from ops.loads") == [("published",)]


def test_a_folder_that_cannot_be_written_warns_and_the_load_is_published(
    warehouse, sample_portal, tmp_path, ask, monkeypatch, caplog
):
    (tmp_path / "file").touch()
    monkeypatch.setenv("AUSTIN_CRIME_EDITION_DIR", str(tmp_path / "file"))

    nightly.run_nightly("first")

    assert ask("select status from ops.loads") == [("published",)]
    assert "The public edition was not written" in caplog.text


def test_a_night_without_news_writes_nothing(current):
    before = current.resolve()

    nightly.run_nightly("quiet")

    assert current.resolve() == before


def test_without_a_folder_no_edition_is_written(warehouse, monkeypatch):
    monkeypatch.delenv("AUSTIN_CRIME_EDITION_DIR", raising=False)

    assert steps.refresh_dashboards() == "No Superset to refresh."


def test_old_editions_go_and_what_may_still_be_read_stays(current, folder):
    first = current.resolve()
    write.write_edition()
    second = current.resolve()
    an_hour_ago = time.time() - write.KEPT_S - 1
    os.utime(first, (an_hour_ago, an_hour_ago))

    write.write_edition()

    assert sorted(folder.iterdir()) == sorted([current, second, current.resolve()])


def test_an_emptied_warehouse_says_that_there_is_no_data_and_how_to_get_it(current):
    reset.delete("reset", reset.read_target({"target": "all tables", "confirm": "all tables"}), "a person")

    steps.refresh_dashboards()

    assert [path.name for path in current.iterdir()] == ["index.html"]
    text = (current / "index.html").read_text()
    assert "There is no data yet" in text
    assert "make load" in text


@pytest.mark.parametrize(
    ("value", "folder"),
    [("", None), ("edition", config.ROOT / "edition"), ("/srv/../srv/edition", config.Path("/srv/edition"))],
)
def test_the_folder_may_be_relative_to_the_project(value, folder):
    assert config.edition_dir({"AUSTIN_CRIME_EDITION_DIR": value}) == folder


@pytest.mark.parametrize("value", ["s3://bucket/edition", " edition", "~nobody-here/edition"])
def test_what_is_no_folder_is_refused(value):
    with pytest.raises(SettingError, match="AUSTIN_CRIME_EDITION_DIR"):
        config.edition_dir({"AUSTIN_CRIME_EDITION_DIR": value})
