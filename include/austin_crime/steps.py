"""The steps that orchestrators call, in this order. Arguments and results are small; rows never pass through here.

Each step owns its transactions. Heavy libraries are imported inside the functions, so that a DAG file that imports this module
parses without pandas.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from austin_crime import config
from austin_crime.models import Batch, Load, Manifest

if TYPE_CHECKING:
    import requests
    from upath import UPath

    from austin_crime.models import RunningLoad
    from austin_crime.portal.client import Portal

log = logging.getLogger(__name__)


def source_is_up(session: requests.Session | None = None) -> None:
    """Return if the portal has the dataset.

    Parameters
    ----------
    session
        A session prepared from an orchestrator's connection, here and below.

    Raises
    ------
    PortalBusy
        If the portal is busy or down.
    PortalAnswer
        If it does not have the dataset.
    """
    from austin_crime.portal import client, metadata

    config.check()
    metadata.ask_dataset(client.Portal(session=session))


def plan_load(
    load_id: str,
    parameters: Mapping[str, Any] | None = None,
    orchestrator: str = "python",
    started_by: str | None = None,
) -> Load:
    """Migrate the warehouse, claim the slot, ask the portal what changed and record what to fetch.

    Parameters
    ----------
    load_id
        The orchestrator's run id; a repeated id is the next attempt of the same load.
    parameters
        What a person started the load with, as in ``austin_crime.parameters``.
    orchestrator, started_by
        What runs the load, and who started it; kept in ``ops.loads``.

    Returns
    -------
    Load
        ``has_work`` is false if nothing changed, or in a dry run; no further step is needed then.

    Raises
    ------
    LoadRefused
        If another load is running or the warehouse belongs to another portal.
    ContractBroken
        If the portal's columns changed.
    """
    from austin_crime.load import decide, plan
    from austin_crime.parameters import read_parameters
    from austin_crime.portal import client
    from austin_crime.warehouse import migrations, slot

    requested = read_parameters(parameters or {})
    config.check()
    migrations.migrate(config.warehouse_url())
    # Airflow renders templates to Python values: a run id or a user of digits would be a number.
    load_id = str(load_id)
    if requested.get("dry_run"):
        lines = tuple(decide.summarize(plan.plan_dry(client.Portal(), requested)))
        return Load(load_id, attempt=0, has_work=False, is_dry_run=True, plan=lines)
    row = slot.claim_slot(load_id, orchestrator, requested | {"started_by": str(started_by or orchestrator)})
    portal = client.Portal(lambda: slot.give_sign_of_life(row))
    months = plan.plan_months(portal, row, folder_of(row), requested)
    return Load(
        load_id=load_id,
        attempt=row.attempt,
        has_work=decide.has_work(months),
        is_token_rejected=portal.is_token_rejected,
        plan=tuple(decide.summarize(months)),
    )


def anything_new(load: Load) -> bool:
    """Whether the plan has anything to fetch or to remove."""
    return load.has_work


def list_batches(load: Load) -> list[dict[str, Any]]:
    """Return the arguments of each mapped batch task, ``{"batch": ..., "load": ...}``."""
    from austin_crime.load import stage
    from austin_crime.warehouse import slot
    from austin_crime.warehouse.connection import connect

    with connect() as connection:
        slot.running_load(connection, load)
        return [{"batch": staged.batch, "load": load} for staged in stage.registered_batches(connection)]


def extract(batch: Batch, load: Load, session: requests.Session | None = None) -> Manifest:
    """Fetch a batch, unless it has landed already, and land it as received."""
    from austin_crime.load import extract as extracting

    return extracting.fetch_batch(_portal_for(load, session), batch, folder_of(load))


def clean_and_stage(batch: Batch, load: Load) -> int:
    """Clean a landed batch, stage it, and return its number of reports."""
    from austin_crime.load import stage

    return stage.stage_batch(load, batch, folder_of(load))


def load_batch(batch: Batch, load: Load) -> int:
    """Land a batch, clean and stage it, and return its number of reports."""
    extract(batch, load)
    return clean_and_stage(batch, load)


def settle_months(load: Load) -> int:
    """Make what is staged equal to the portal, and return how many rounds that took."""
    from austin_crime.landing import record
    from austin_crime.load import settle
    from austin_crime.warehouse.connection import connect

    rounds = settle.settle_months(_portal_for(load), load, folder_of(load))
    with connect() as connection:
        record.write_settled(connection, load.load_id, folder_of(load))
    return rounds


def build_aggregate(table: str) -> None:
    """Run the SQL file that fills an aggregate's table in staging."""
    from austin_crime.warehouse import statements
    from austin_crime.warehouse.connection import connect

    with connect() as connection:
        connection.execute(statements.read(f"aggregates/{table}.sql"))


def check_load(load: Load) -> dict[str, int]:
    """Run every check, keep the check results in ops, and return how many passed, failed or were accepted."""
    from collections import Counter

    from austin_crime.load import check
    from austin_crime.warehouse import slot
    from austin_crime.warehouse.connection import connect

    with connect() as connection:
        row = slot.running_load(connection, load)
        return dict(Counter(result["status"] for result in check.check_load(connection, row)))


def pass_gate(load: Load) -> None:
    """Raise CheckBlocked if a check blocks the load."""
    from austin_crime.load import check
    from austin_crime.warehouse import slot
    from austin_crime.warehouse.connection import connect

    with connect() as connection:
        slot.running_load(connection, load)
        check.pass_gate(connection)


def publish(load: Load) -> str:
    """Publish the load in one transaction, and return what was done in a sentence."""
    from austin_crime.landing import record
    from austin_crime.load import publish as publishing
    from austin_crime.warehouse.connection import connect

    with connect() as connection:
        outcome = publishing.publish(connection, load)
        record.write_published(connection, load.load_id, folder_of(load))
    return outcome


def refresh_dashboards() -> str:
    """Drop and warm Superset's cache, and return what was done in a sentence; a failure only warns."""
    from austin_crime.load import refresh

    return refresh.refresh_dashboards()


def outcome(load: Load) -> str:
    """Return the outcome of a load in a sentence."""
    from austin_crime.warehouse import slot

    if not load.is_dry_run:
        return slot.message(load.load_id)
    lines = [
        f"{line.month_count} months {line.kind}"
        + (f" ({line.report_count:,} reports)" if line.report_count else "")
        for line in load.plan
    ]
    return f"Dry run, nothing was changed. A load would find {', '.join(lines)}."


def fail_load(load_id: str, message: str) -> None:
    """Free the slot of a load that failed."""
    from austin_crime.warehouse import slot

    slot.fail_load(load_id, message)


def _portal_for(load: Load, session: requests.Session | None = None) -> Portal:
    """Return a portal client that gives a sign of life of the load with each answer; LoadEnded if the load has ended."""
    from austin_crime.portal import client
    from austin_crime.warehouse import slot

    return client.Portal(
        lambda: slot.give_sign_of_life(load), is_token_rejected=load.is_token_rejected, session=session
    )


def folder_of(load: Load | RunningLoad) -> UPath:
    """Return the landing folder of a load's attempt."""
    from austin_crime.landing import files

    return files.folder(load.load_id, load.attempt)
