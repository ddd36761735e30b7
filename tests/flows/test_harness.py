"""The tests in Prefect's own harness, which run in Prefect's environment."""

import os
import re
import subprocess
from pathlib import Path

HARNESS = Path(__file__).parent / "harness"
TIMEOUT_S = 900


def test_what_prefects_own_harness_shows(prefect_python, tmp_path):
    # Options for this run, such as a report to write, are not for that one.
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}

    done = subprocess.run(
        # A folder of its own: pytest takes the right to enter the common one from others, PostgreSQL's account among them.
        [
            prefect_python,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            f"--basetemp={tmp_path / 'harness'}",
            HARNESS,
        ],
        cwd=HARNESS.parents[2],
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    # Nothing else than passed: a test that was skipped there would not be noticed here.
    assert re.search(r"=+ \d+ passed(, \d+ warnings?)? in ", done.stdout), done.stdout
