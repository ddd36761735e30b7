"""A run of the flow from a shell."""

import signal
import subprocess
import time

import psycopg

from local_stack.configuration.settings import ROOT
from sample_portal.faults import Fault

PATIENCE_S = 120


def last_load(warehouse) -> tuple[str, str] | None:
    with psycopg.connect(warehouse.owner_url) as connection:
        return connection.execute(
            "select status, message from ops.loads order by started_at desc limit 1"
        ).fetchone()


def test_an_interrupted_run_frees_the_slot_at_once_and_publishes_nothing(
    begin_flow, run_flow, warehouse, sample_portal
):
    held = sample_portal.store.faults.add(Fault("hold", path="$order=:id"))
    run = begin_flow(warehouse, sample_portal.url)
    assert held.reached.wait(PATIENCE_S), "the load asked for no batch"

    run.process.send_signal(signal.SIGINT)

    deadline = time.monotonic() + PATIENCE_S
    while last_load(warehouse)[0] == "running":
        assert time.monotonic() < deadline, "the slot was not freed while a batch was under way"
        time.sleep(0.1)
    held.release.set()
    ended = run.end()
    assert last_load(warehouse) == ("failed", "Interrupted by a person.")
    assert ended.code == 1
    assert "Interrupted. Readers keep the version published last." in ended.log
    assert run_flow(warehouse, sample_portal.url).said.startswith("Published: ")


def test_parameters_that_are_no_json_are_told_in_a_sentence_before_anything_starts(
    prefect_python, prefect_settings
):
    done = subprocess.run(
        [prefect_python, ROOT / "flows" / "austin_crime_nightly.py", "{dry_run}"],
        env=prefect_settings,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1
    assert done.stderr.startswith("The parameters are '{dry_run}': expected JSON, such as")
