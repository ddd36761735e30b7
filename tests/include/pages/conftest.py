"""A loaded warehouse, read as the pages read it: with the reader's login."""

import pytest

from austin_crime.pages import session


@pytest.fixture
def reader(warehouse, monkeypatch):
    """Have the pages read this warehouse."""
    monkeypatch.setenv("AUSTIN_CRIME_READER_URL", warehouse.reader_url)
    return session.reading


@pytest.fixture
def loaded(reader, sample_portal, first_load):
    """Return a session that reads a first load."""
    return reader
