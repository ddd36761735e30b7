"""The code in the documents is code: SQL runs, shells and Python parse, and the sample portal does what it is asked to."""

import importlib.util
import json
import re
import shutil
import subprocess

import psycopg
import pytest
import requests
from tests.docs.test_paths import PAGES, by_page, code_of

from testing.documents import samples_of

SAMPLES = [(page, sample) for page in PAGES for sample in samples_of(page)]
PORTAL = re.compile(r"curl -X (POST|DELETE) '?http://127\.0\.0\.1:8099([^'\s]*)")
LANGUAGES = {"sh", "sql", "python", "json"}


def of(language: str) -> list[object]:
    """Return a page's samples of a language, or without one, as parameters named by the page."""
    return [pytest.param(sample, id=page.name) for page, sample in SAMPLES if sample.language == language]


def test_a_sample_has_a_known_language_or_is_indented():
    assert {sample.language for _, sample in SAMPLES} == LANGUAGES | {""}


@pytest.mark.parametrize("sample", of("sh"))
def test_a_command_is_one_for_a_shell(sample):
    assert subprocess.run([shutil.which("bash"), "-n"], input=sample.text, text=True).returncode == 0


@pytest.mark.parametrize("sample", [each for each in of("python") if not each.values[0].file])
def test_python_parses(sample):
    compile(sample.text, "sample", "exec")


@pytest.mark.parametrize("sample", of("json"))
def test_json_parses(sample):
    json.loads(sample.text)


def test_queries_run_with_the_reader_s_login(warehouse):
    queries = [
        sample.text for _, sample in SAMPLES if not sample.file and re.match(r"(select|with) ", sample.text)
    ]

    assert len(queries) > 5
    with psycopg.connect(warehouse.reader_url) as connection:
        for query in queries:
            connection.execute(query)


@pytest.mark.parametrize("page", [page for page in PAGES if PORTAL.search(page.read_text())], ids=by_page)
def test_the_sample_portal_does_what_a_page_asks_of_it(page, sample_portal):
    asked = [request for sample in samples_of(page) for request in PORTAL.findall(sample.text)]

    for method, path in asked:
        requests.delete(f"{sample_portal.url}/faults", timeout=60).raise_for_status()
        path = re.sub(r"removed=\d{3,}", "removed=30", path)  # this portal has fewer reports
        requests.request(method, sample_portal.url + path, timeout=60).raise_for_status()


def test_modules_that_are_run_exist():
    modules = {
        name for page in PAGES for code in code_of(page) for name in re.findall(r"python3? -m ([\w.]+)", code)
    }

    assert {name for name in modules if importlib.util.find_spec(name) is None} == set()
