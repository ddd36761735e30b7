from dataclasses import replace

import pytest

from austin_crime.config import ROOT
from local_stack.commands import deployment, stack
from local_stack.configuration.settings import Settings
from local_stack.processes import steps


@pytest.mark.parametrize("source", ["sample", "live"])
def test_every_step_of_a_start_can_run(settings: Settings, source: str) -> None:
    names: list[str] = []
    plan = stack.plan(replace(settings, source=source), {"base", "stack", "prefect"})

    steps.run_all([replace(step, run=lambda: None) for step in plan], names.append)

    assert len(names) == len(plan)


def test_what_the_deployment_is_made_from_is_there() -> None:
    assert [name for name in deployment._SOURCES if not (ROOT / name).is_file()] == []
