"""The version is the same wherever it is stated."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
STATED = {
    "CHANGELOG.md": r"^## \[(\d\S+)\]",
    "deploy/kubernetes/airflow-values.yaml": r"^defaultAirflowTag: (\S+)",
    "deploy/kubernetes/project.yaml": r"austin-crime-\w+:(\S+)",
    "deploy/kubernetes/superset-values.yaml": r"^  tag: (\S+)",
    "docs/kubernetes.md": r"austin-crime-\w+:(\S+)",
    **{path.relative_to(ROOT).as_posix(): r"^ARG VERSION=(\S+)" for path in ROOT.glob("docker/*/Dockerfile")},
}


def test_the_version_is_stated_once_everywhere() -> None:
    stated = {
        path: re.findall(pattern, (ROOT / path).read_text(), re.MULTILINE) for path, pattern in STATED.items()
    }

    # Older versions follow the newest in the changelog.
    assert {path: set(found[:1] if path == "CHANGELOG.md" else found) for path, found in stated.items()} == {
        path: {VERSION} for path in STATED
    }
