"""The public checks are those of .ci/run, and what they run is pinned."""

import json
import re
from pathlib import Path

import yaml

from local_stack.configuration import variables

ROOT = Path(__file__).parents[2]
WORKFLOW = (ROOT / ".github" / "workflows" / "check.yml").read_text()


def test_the_workflow_runs_the_make_targets_of_the_other_checks() -> None:
    ours = set(re.findall(r"\bmake (lint|test[a-z-]*)$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE))
    steps = [step for job in yaml.safe_load(WORKFLOW)["jobs"].values() for step in job["steps"]]

    assert ours == {"lint", "test", "test-compose"}
    assert {
        step["run"].removeprefix("make ") for step in steps if step.get("run", "").startswith("make ")
    } == ours


def test_actions_are_pinned_by_commit_with_their_version_beside_it() -> None:
    uses = re.findall(r"uses: (.+)", WORKFLOW)

    assert uses
    assert [line for line in uses if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+", line)] == []


def test_the_development_container_forwards_the_ports_of_the_stack() -> None:
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    ports = {
        int(value)
        for name, value in variables.with_defaults({}).items()
        if re.fullmatch(r"AUSTIN_CRIME_\w+_PORT", name)
    }

    assert set(container["forwardPorts"]) == ports
    assert container["postCreateCommand"] == "make demo"
