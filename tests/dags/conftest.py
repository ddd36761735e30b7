"""Airflow with a home and a metadata database of its own, in processes of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def airflow_home(tmp_path_factory) -> Path:
    """Return the home of an Airflow whose metadata database (SQLite) is migrated."""
    home = tmp_path_factory.mktemp("airflow")
    run_airflow(home, "from airflow.utils.db import initdb; initdb()", {})
    return home


@pytest.fixture(scope="session")
def in_airflow(airflow_home) -> Callable[..., Any]:
    """Return a function that runs code beside the DAG and returns what it puts into ``result``, as JSON."""

    def run(code: str, **variables: str) -> Any:
        return json.loads(run_airflow(airflow_home, code, variables).splitlines()[-1])

    return run


def run_airflow(home: Path, code: str, variables: dict[str, str]) -> str:
    """Run code in a Python of its own; ``dag`` is the DAG, what ``result`` holds is printed last."""
    before = "import json, os\nresult = None\n"
    after = "\nprint()\nprint(json.dumps(result, default=str))"
    environment = os.environ | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "PYTHONPATH": str(ROOT / "include"),
        **variables,
    }
    done = subprocess.run(
        [sys.executable, "-c", before + code + after],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-5000:]
    return done.stdout
