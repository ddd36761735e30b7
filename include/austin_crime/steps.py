"""The steps that orchestrators call, in this order. Arguments and results are small; rows never pass through here.

Each step owns its transactions. Heavy libraries are imported inside the functions, so that a DAG file that imports this module
parses without pandas.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from austin_crime import config
from austin_crime.models import Batch, Load, Manifest

if TYPE_CHECKING:
    import requests
    from upath import UPath

    from austin_crime.models import Answer, Question, RunningLoad
    from austin_crime.portal.client import Portal

log = logging.getLogger(__name__)


def source_is_up(session: requests.Session | None = None) -> None:
    """Ask whether the city's portal is up and has the dataset.

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
    """Ask the portal which months have news, and record what to fetch.

    Before that, the warehouse is migrated and the slot for one load at a time is claimed.

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
    """Whether there is anything to fetch or to remove; if not, the load ends here."""
    return load.has_work


def list_batches(load: Load) -> list[dict[str, Any]]:
    """Divide what is to be fetched into requests.

    Returns
    -------
    list of dict
        The arguments of each mapped batch task, ``{"batch": ..., "load": ...}``.
    """
    from austin_crime.load import stage
    from austin_crime.warehouse import slot
    from austin_crime.warehouse.connection import connect

    with connect() as connection:
        slot.running_load(connection, load)
        batches = [staged.batch for staged in stage.registered_batches(connection)]
    report_count = sum(batch.expected_count for batch in batches)
    log.info("Divided %s reports into %s requests.", f"{report_count:,}", len(batches))
    return [{"batch": batch, "load": load} for batch in batches]


def extract(batch: Batch, load: Load, session: requests.Session | None = None) -> Manifest:
    """Fetch reports from the portal, and keep each answer exactly as it came.

    A batch that has landed already is not fetched again.
    """
    from austin_crime.load import extract as extracting

    return extracting.fetch_batch(_portal_for(load, session), batch, folder_of(load))


def clean_and_stage(batch: Batch, load: Load) -> int:
    """Clean the reports by defined rules, and set aside those without a readable number.

    Returns
    -------
    int
        Reports in the batch.
    """
    from austin_crime.load import stage

    return stage.stage_batch(load, batch, folder_of(load))


def load_batch(batch: Batch, load: Load) -> int:
    """Land a batch, clean and stage it, and return its number of reports."""
    extract(batch, load)
    return clean_and_stage(batch, load)


def settle_months(load: Load) -> int:
    """Count again at the portal, and fetch differences until both match.

    Returns
    -------
    int
        How many rounds that took.
    """
    from austin_crime.landing import record
    from austin_crime.load import settle
    from austin_crime.warehouse.connection import connect

    rounds = settle.settle_months(_portal_for(load), load, folder_of(load))
    with connect() as connection:
        record.write_settled(connection, load.load_id, folder_of(load))
    log.info("Settled in round %s: every month has as many reports as the portal.", rounds)
    return rounds


def build_aggregate(table: str) -> None:
    """Build one of the tables that charts read: add what the load changes to its counts, or count all reports."""
    from austin_crime.load import build
    from austin_crime.warehouse.connection import connect

    began_at = time.monotonic()
    with connect() as connection:
        row_count = build.build(connection, table)
    log.info("Built %s: %s rows in %.1f s.", table, f"{row_count:,}", time.monotonic() - began_at)


def check_load(load: Load) -> dict[str, int]:
    """Check what would be published: keys, dates, gaps, and the city's own counts.

    Returns
    -------
    dict
        How many checks passed, failed or were accepted; the results are in ``ops.check_results``.
    """
    from collections import Counter

    from austin_crime.load import check
    from austin_crime.warehouse import slot
    from austin_crime.warehouse.connection import connect

    with connect() as connection:
        row = slot.running_load(connection, load)
        counts = Counter(result["status"] for result in check.check_load(connection, row))
    log.info("Checked: %s.", ", ".join(f"{number} {status}" for status, number in counts.items()))
    return dict(counts)


def pass_gate(load: Load) -> None:
    """Stop the load if a check blocks it; readers then keep the last good data.

    Raises
    ------
    CheckBlocked
        With the messages of the blocking checks.
    """
    from austin_crime.load import check
    from austin_crime.warehouse import slot
    from austin_crime.warehouse.connection import connect

    with connect() as connection:
        slot.running_load(connection, load)
        check.pass_gate(connection)


def ask_at_gate(load: Load) -> Question | None:
    """Stop the load if a check blocks it, until a person decides; readers keep the last good data.

    Returns
    -------
    Question or None
        What a person has to decide; None if no check blocks the load.

    Raises
    ------
    CheckBlocked
        If a check blocks it that nobody may accept.
    """
    from datetime import UTC, datetime

    from austin_crime.load import decision
    from austin_crime.warehouse import slot
    from austin_crime.warehouse.connection import connect

    with connect() as connection:
        return decision.ask(connection, slot.running_load(connection, load), datetime.now(UTC))


def decide(load: Load, answer: Answer | None) -> None:
    """Go on with a load that waits, or end it; None is no answer in time.

    Raises
    ------
    CheckBlocked
        If the load is not to be published.
    LoadRefused
        If the answer is older than the question.
    """
    from austin_crime.load import decision
    from austin_crime.warehouse import slot
    from austin_crime.warehouse.connection import connect

    with connect() as connection:
        decision.decide(connection, slot.running_load(connection, load), answer)


def publish(load: Load) -> str:
    """Publish everything at once: readers see the old data or the new data.

    Returns
    -------
    str
        What was done, in a sentence.
    """
    from austin_crime import reset
    from austin_crime.landing import record
    from austin_crime.load import publish as publishing
    from austin_crime.warehouse.connection import connect

    with connect() as connection:
        outcome = publishing.publish(connection, load)
        record.write_published(connection, load.load_id, folder_of(load))
        reset.compare(connection, load.load_id)
    return outcome


def refresh_dashboards() -> str:
    """Refresh the dashboards with the new data, and write the public edition.

    Returns
    -------
    str
        What was done, in a sentence. A failure only warns: the data are published.
    """
    from austin_crime.edition import write
    from austin_crime.load import refresh

    return f"{write.write_edition()} {refresh.refresh_dashboards()}".lstrip()


def delete_data(reset_id: str, parameters: Mapping[str, Any], started_by: str | None = None) -> str:
    """Delete what a person named and confirmed, and return what was done in a sentence.

    Raises
    ------
    ParameterError
        If there is no such target, or it was not typed twice.
    LoadRefused
        If a load is running.
    """
    from austin_crime import reset

    config.check()
    return reset.delete(str(reset_id), reset.read_target(parameters), str(started_by or "someone"))


def replay_loads(until: str = "") -> str:
    """Replay past loads from the landing into an empty warehouse, and return what was done in a sentence.

    Parameters
    ----------
    until
        The last load to replay; if it is empty, the one published last.

    Raises
    ------
    ReplayRefused
        If the warehouse is not empty, there is no such load, or files are missing or damaged.
    ReplayDiffers
        If a replayed load differs from what it had settled.
    """
    from austin_crime import replay

    config.check()
    replayed = replay.replay(until or None)
    return f"Replayed {len(replayed)} loads, up to {replayed[-1]}."


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
    """Return a portal client that gives a heartbeat of the load with each answer; LoadEnded if the load has ended."""
    from austin_crime.portal import client
    from austin_crime.warehouse import slot

    return client.Portal(
        lambda: slot.give_sign_of_life(load), is_token_rejected=load.is_token_rejected, session=session
    )


def folder_of(load: Load | RunningLoad) -> UPath:
    """Return the landing folder of a load's attempt."""
    from austin_crime.landing import files

    return files.folder(load.load_id, load.attempt)
