"""What `make flow` and `make prefect` do."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from local_stack.clients import prefect as client
from local_stack.commands import deployment
from local_stack.commands.stack import bring_up, stopwatch
from local_stack.configuration import environments, settings
from local_stack.configuration.settings import ROOT, Settings, Source
from local_stack.processes import programs, start, supervisor
from local_stack.provisioning import warehouse


def serve(source: Source, reports: int | None) -> int:
    """Start Prefect's server and worker beside what already runs, and say where to look."""
    if supervisor.is_running(ROOT):
        source = settings.running().source
    current = bring_up(source, reports, "prefect", stopwatch())
    deployed = client.get_deployment(current)
    page = f"{current.address('prefect')}/deployments/deployment/{deployed['id']}"
    print(f"\nPrefect    {current.address('prefect')}")
    print(f"Start      {page}: Run, Quick run or Custom run")
    if client.is_scheduled(deployed):
        print("Nightly    on, at 03:30 Austin time")
    else:
        print("Nightly    off: the switch of the schedule on that page lets it run at 03:30 Austin time")
    print("\nIt runs in the background: `make status`, `make logs SERVICE=prefect-worker`, `make down`.")
    return 0


def flow(parameters: str, reports: int | None) -> int:
    """Run the flow once, in the foreground; what had to be started for it is ended with it."""
    tell = stopwatch()
    with _servers(reports, tell) as current:
        tell(f"Loading from {current.source_url}")
        return _run_flow(current, parameters or "{}")


@contextmanager
def _servers(reports: int | None, tell: Callable[[str], None]) -> Iterator[Settings]:
    """Have the local PostgreSQL and the sample portal while the context lasts, unless the environment names others."""
    if supervisor.is_running(ROOT):
        base = settings.running()
    else:
        base, done = settings.prepare("sample", reports)
        for sentence in done:
            tell(sentence)
    # A portal that the environment names goes into the database of the live source, never into that of the sample.
    current = replace(base, source="live") if os.environ.get("AUSTIN_CRIME_SOURCE_URL") else base
    names = [] if current.has_own_warehouse else ["postgres"]
    names += ["portal"] if current.source == "sample" else []
    is_ours = bool(names) and not supervisor.is_running(ROOT)
    try:
        if is_ours:
            start.check_machine(base, {"base"})
            settings.remember(base, start.fingerprint(base))
            supervisor.start(ROOT, [program.name for program in programs.of_source(base)])
        _start_servers(current, names, tell)
        yield current
    finally:
        # Somebody may have started the rest meanwhile: then it is theirs to end.
        if is_ours and programs.started_parts(base) <= {"base"}:
            supervisor.stop(ROOT)


def _start_servers(current: Settings, names: list[str], tell: Callable[[str], None]) -> None:
    """Start PostgreSQL with a warehouse, and the sample portal, as far as they are needed and do not run."""
    if "postgres" in names:
        start.start_postgres(current)
        note = warehouse.make(current)
        tell(f"PostgreSQL is up{f', the warehouse {note}' if note else ''}")
    if "portal" in names:
        start.start(current, "portal")
        tell(f"The sample portal is up, with {current.reports:,} reports")


def _run_flow(current: Settings, parameters: str) -> int:
    """Run the flow and return its exit code; its run is in Prefect's page if that is up."""
    is_served = programs.is_running(current, "prefect-server")
    environment = environments.prefect_served(current) if is_served else environments.prefect(current)
    if not (current.values["AUSTIN_CRIME_SUPERSET_URL"] or programs.is_running(current, "superset")):
        environment["AUSTIN_CRIME_SUPERSET_URL"] = ""
    deployment.make_home(current)
    process = subprocess.Popen(
        [environments.prefect_python(current), "flows/austin_crime_nightly.py", parameters],
        cwd=ROOT,
        env=environments.common(current) | environment,
    )
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # the run got it, too, frees its slot and ends
