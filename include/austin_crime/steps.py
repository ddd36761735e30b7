"""What orchestrators call, in this order: small arguments in, small values out; rows never pass through here.

Heavy libraries are imported inside the functions: a DAG file that imports this module parses without pandas.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

from austin_crime import config

if TYPE_CHECKING:
    import requests
    from upath import UPath

    from austin_crime.extract import Batch, Manifest
    from austin_crime.loads import Row
    from austin_crime.months import PlanLine

log = logging.getLogger(__name__)


class Load(TypedDict):
    """What the steps of one load hand to each other."""

    load_id: str
    # 0 in a dry run, which makes no load.
    attempt: int
    has_work: bool
    # Whether the portal refused the app token when it was asked for the plan; later steps leave it out.
    is_token_rejected: NotRequired[bool]
    # What the plan found, for people; empty if the metadata alone showed that nothing is new.
    plan: NotRequired[list[PlanLine]]


def source_is_up() -> None:
    """Return if the portal has the dataset; PortalBusy if it may have it later, PortalAnswer if not."""
    from austin_crime import metadata

    metadata.ask_dataset()


def plan_load(
    load_id: str,
    parameters: Mapping[str, Any] | None = None,
    orchestrator: str = "python",
    started_by: str | None = None,
) -> Load:
    """Bring the schema up to date, take the slot, ask the portal what changed and write down what to fetch.

    Parameters
    ----------
    load_id
        The orchestrator's run id; the same id again is the next attempt of the same load.
    parameters
        What a person asked for, as ``austin_crime.parameters`` says.
    orchestrator, started_by
        What runs the load, and who started it; kept in ``ops.loads``.

    Returns
    -------
    Load
        ``has_work`` is false when nothing is new, or in a dry run; nothing more is to be done then.

    Raises
    ------
    LoadRefused
        If another load is running or the warehouse belongs to another portal.
    ContractBroken
        If the portal's columns changed.
    """
    from austin_crime import loads, metadata, migrate, plan, portal
    from austin_crime import months as planning
    from austin_crime import parameters as asking

    migrate.migrate(config.warehouse_url())
    asked = asking.read_parameters(parameters or {})
    # Airflow renders templates to Python values: a run id or a user of digits would be a number.
    load_id = str(load_id)
    if asked.get("dry_run"):
        with loads.warehouse() as connection:
            loads.refuse_other_portal(connection)
            connection.commit()
            months = plan.compare(connection, metadata.ask_dataset(), asked).months
        plan.show(months)
        return Load(load_id=load_id, attempt=0, has_work=False, plan=planning.summarise(months))
    row = loads.claim_slot(load_id, orchestrator, asked | {"started_by": str(started_by or orchestrator)})
    with loads.warehouse() as connection, on_behalf_of(row):
        months = plan.write_plan(connection, row, folder_of(row), asked)
    return Load(
        load_id=load_id,
        attempt=row["attempt"],
        has_work=planning.has_work(months),
        is_token_rejected=portal.is_token_rejected(),
        plan=planning.summarise(months),
    )


def anything_new(load: Load) -> bool:
    """Whether the plan found anything to do."""
    return load["has_work"]


def list_batches(load: Load) -> list[dict[str, Any]]:
    """Return what each mapped batch task is called with, ``{"batch": ..., "load": ...}``."""
    from austin_crime import loads, stage

    with loads.warehouse() as connection:
        loads.running_load(connection, load)
        return [{"batch": known["batch"], "load": load} for known in stage.known_batches(connection)]


def batch_query(batch: Batch) -> dict[str, str]:
    """Return what to ask the portal for a batch."""
    from austin_crime import extract as extracting

    return extracting.batch_query(batch)


def landed(batch: Batch, load: Load) -> Manifest | None:
    """Return the manifest of a batch that has landed whole, else None."""
    from austin_crime import extract as extracting

    return extracting.landed(folder_of(load), batch)


def land_response(response: requests.Response, batch: Batch, load: Load) -> Manifest:
    """Judge the portal's answer to a batch and land its body."""
    from austin_crime import extract as extracting
    from austin_crime import loads

    loads.give_sign_of_life(load)
    return extracting.land_response(response, batch, folder_of(load))


def extract(batch: Batch, load: Load) -> Manifest:
    """Ask for a batch, unless it has landed, and land it."""
    from austin_crime import extract as extracting

    with on_behalf_of(load):
        return extracting.fetch_batch(batch, folder_of(load))


def clean_and_stage(batch: Batch, load: Load) -> int:
    """Clean a landed batch with pandas, stage it, and return its number of reports."""
    from austin_crime import loads, stage

    with loads.warehouse() as connection:
        return stage.stage_batch(connection, load, batch, folder_of(load))


def load_batch(batch: Batch, load: Load) -> int:
    """Land a batch, clean and stage it, and return its number of reports."""
    extract(batch, load)
    return clean_and_stage(batch, load)


def settle_months(load: Load) -> int:
    """Make what is staged equal to the portal, and return how many rounds that took."""
    from austin_crime import loads, record, settle

    with loads.warehouse() as connection, on_behalf_of(load):
        rounds = settle.settle_months(connection, load, folder_of(load))
        record.note_settled(connection, load["load_id"], folder_of(load))
    return rounds


def build_aggregate(table: str) -> None:
    """Run the SQL file that fills an aggregate's staging twin."""
    from austin_crime import loads

    with loads.warehouse() as connection:
        connection.execute((config.SQL_DIR / "aggregates" / f"{table}.sql").read_bytes())


def check_load(load: Load) -> dict[str, int]:
    """Run every check, keep the findings in ops, and return how many passed, failed or were accepted."""
    from collections import Counter

    from austin_crime import check, loads

    with loads.warehouse() as connection:
        row = loads.running_load(connection, load)
        return dict(Counter(result["status"] for result in check.check_load(connection, row)))


def pass_gate(load: Load) -> None:
    """Raise CheckBlocked if a check keeps the load from publishing."""
    from austin_crime import check, loads

    with loads.warehouse() as connection:
        loads.running_load(connection, load)
        check.pass_gate(connection)


def publish(load: Load) -> str:
    """Publish the load in one transaction, and return what was done in a sentence."""
    from austin_crime import loads, record
    from austin_crime import publish as publishing

    with loads.warehouse() as connection:
        said = publishing.publish(connection, load)
        record.note_published(connection, load["load_id"], folder_of(load))
    return said


def refresh_dashboards() -> str:
    """Drop and warm Superset's cache, and return what was done in a sentence; a failure only warns."""
    from austin_crime import refresh

    return refresh.refresh_dashboards()


def outcome(load: Load) -> str:
    """Return what came of a load in a sentence."""
    from austin_crime import loads

    if load["attempt"] == 0:
        lines = [
            f"{line['month_count']} months {line['kind']}"
            + (f" ({line['report_count']:,} reports)" if line["report_count"] else "")
            for line in load.get("plan", [])
        ]
        return f"Dry run, nothing was changed. A load would find {', '.join(lines)}."
    return loads.message(load["load_id"])


def fail_load(load_id: str, message: str) -> None:
    """Free the slot of a load that failed."""
    from austin_crime import loads

    loads.fail_load(load_id, message)


def on_behalf_of(load: Mapping[str, Any]) -> AbstractContextManager[None]:
    """Ask the portal for a load while the context lasts, without an app token that it refused to the load's plan.

    Each answer is a sign of life; LoadEnded there if the load is no longer the running one.
    """
    from austin_crime import loads, portal

    if load.get("is_token_rejected"):
        portal.leave_token_out()
    return portal.on_every_answer(lambda: loads.give_sign_of_life(load))


def folder_of(load: Mapping[str, Any] | Row) -> UPath:
    """Return the landing folder of a load's attempt."""
    from austin_crime import landing

    return landing.folder(load["load_id"], load["attempt"])
