"""Fill an empty warehouse from the landing, without the portal: ``python -m austin_crime.replay [--until <load>]``.

The same functions stage, resolve, build, check and publish as in a nightly load; the portal's answers, and what settling
decided from them, are read from the landing.
"""

import argparse
import logging
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime

from psycopg import errors
from psycopg.types.json import Jsonb
from upath import UPath

from austin_crime import config, contract, steps
from austin_crime.errors import AustinCrimeError, LoadRefused, ReplayDiffers, ReplayRefused
from austin_crime.landing import files, record
from austin_crime.landing.record import Record
from austin_crime.load import boundaries, check, plan, publish, settle, stage
from austin_crime.load.decide import name_months
from austin_crime.models import Batch, Load, RunningLoad
from austin_crime.parameters import ACCEPTABLE
from austin_crime.portal import metadata
from austin_crime.warehouse import journal, migrations, slot
from austin_crime.warehouse.connection import Connection, connect

log = logging.getLogger(__name__)

# Counts of a load that its replay is expected to repeat.
COUNTS = ("added_count", "edited_count", "removed_count", "rejected_count")


def replay(until: str | None = None) -> list[str]:
    """Replay the last load that fetched everything and those published after it, and return their ids.

    Parameters
    ----------
    until
        The last load to replay; by default the one published last.

    Raises
    ------
    ReplayRefused
        If the warehouse is not empty, or files of the landing are missing or damaged; nothing is written.
    ReplayDiffers
        If a replayed load differs from what it had settled.
    """
    _refuse_used_warehouse()
    past_loads = record.choose_loads(record.read_records(), until)
    record.refuse_damaged_files(past_loads)
    migrations.migrate(config.warehouse_url())
    for number, past_load in enumerate(past_loads, start=1):
        log.info("Replaying load %s (%s of %s).", past_load.load_id, number, len(past_loads))
        _replay_load(past_load, past_loads[number - 2].load_id if number > 1 else None)
    log.info("%s", steps.refresh_dashboards())
    return [past_load.load_id for past_load in past_loads]


def _refuse_used_warehouse() -> None:
    """Raise ReplayRefused if the warehouse holds loads or reports; one without tables counts as empty."""
    with connect() as connection:
        table = connection.execute("select to_regclass('ops.loads')::text as name").fetchall()[0]
        if table["name"] is None:
            return
        counts = connection.execute(
            "select (select count(*) from ops.loads) as load_count, (select count(*) from mart.crimes) as report_count"
        ).fetchall()[0]
    if any(counts.values()):
        raise ReplayRefused(
            f"The warehouse holds {counts['report_count']:,} reports and {counts['load_count']:,} loads: a replay needs an"
            " empty warehouse. Create a new database and set AUSTIN_CRIME_WAREHOUSE_URL to it."
        )


def _replay_load(past_load: Record, planned_against: str | None) -> None:
    """Stage, build, check and publish a load as it was.

    Parameters
    ----------
    planned_against
        The load that was replayed before it.
    """
    load = Load(past_load.load_id, past_load.load["attempt"], has_work=True)
    _begin(past_load, planned_against)
    try:
        _stage_as_settled(past_load, load)
        _build_and_check(load)
        with connect() as connection:
            publish.publish(connection, load)
            _compare_counts(connection, past_load)
            _put_times_back(connection, past_load)
    except Exception as error:
        steps.fail_load(past_load.load_id, f"{type(error).__name__}: {error}")
        raise


def _build_and_check(load: Load) -> None:
    """Build the aggregates and check the load; checks that a person can accept do not block it: it was published."""
    for table in config.AGGREGATES:
        steps.build_aggregate(table)
    with connect() as connection:
        row = slot.running_load(connection, load)
        accepted = row.parameters | {"accept": ACCEPTABLE}
        check.check_load(connection, replace(row, parameters=accepted))
    steps.pass_gate(load)


def _begin(past_load: Record, planned_against: str | None) -> None:
    """Claim the slot for a load, with the row that its plan wrote."""
    if past_load.load["rules_version"] != contract.RULES_VERSION:
        log.warning(
            "The cleaning rules have changed since load %s: the next nightly load fetches every month whole.",
            past_load.load_id,
        )
    row = past_load.load | {
        "status": "running",
        "planned_against": planned_against,
        "last_seen_at": datetime.now(UTC).isoformat(),
    }
    with connect() as connection:
        try:
            connection.execute(
                "insert into ops.loads select (jsonb_populate_record(null::ops.loads, %s)).*", (Jsonb(row),)
            )
        except errors.UniqueViolation:
            connection.rollback()
            raise LoadRefused(slot.refusal(connection)) from None
        slot.clear_staging(connection)
        plan.insert_held(connection, plan.read_held(connection).months)
        dataset = metadata.read_dataset(files.read_json(past_load.folder / "metadata.json"))
        load = RunningLoad(
            past_load.load_id, past_load.load["attempt"], planned_against, past_load.load["parameters"]
        )
        journal.note_dataset(connection, load, dataset)
        journal.note_columns(connection, load, dataset)
        boundaries.insert_boundaries(
            connection, boundaries.read_districts(files.read_json(past_load.folder / "boundaries.json"))
        )
        settle.insert_counts(connection, files.read_json(past_load.folder / "portal_counts.json"))
        stage.register_batches(connection, [Batch.of(row["batch"]) for row in past_load.batches])
        _put_months(connection, past_load)


def _put_months(connection: Connection, past_load: Record) -> None:
    """Write the months to ``staging.months`` as they were when the load settled."""
    connection.execute("delete from staging.months")
    connection.execute(
        "insert into staging.months select (jsonb_populate_recordset(null::staging.months, %s)).*",
        (Jsonb(past_load.months),),
    )


def _stage_as_settled(past_load: Record, load: Load) -> None:
    """Stage batches round by round, in the order in which they were settled; ReplayDiffers if a month differs."""
    batches = [Batch.of(row["batch"]) for row in past_load.batches]
    for prefix, vanished in _rounds_of(past_load.folder):
        batches_of_round = [batch for batch in batches if batch.batch_id.startswith(prefix)]
        with connect() as connection:
            stage.remove_months(connection, vanished)
            for batch in batches_of_round:
                stage.supersede(connection, batch)
        _stage_batches(batches_of_round, load)
        with connect() as connection:
            settle.resolve_keys(connection)
    with connect() as connection:
        # Resolving an early round with the months of the last round may have changed is_mostly_new.
        _put_months(connection, past_load)
        unequal = settle.unequal_months(connection)
        if unequal:
            raise ReplayDiffers(
                f"Load {past_load.load_id} was not replayed: months {name_months(unequal)} differ from what it had settled."
                " Drop this database, and replay into a new one."
            )
        settle.conclude(connection, past_load.folder)


def _rounds_of(folder: UPath) -> Iterable[tuple[str, set[date | None]]]:
    """Yield for the plan and each round of settling how its batches' names begin, and which months had vanished."""
    yield "batch-", set()
    for number in range(1, len(list(folder.glob("plan-again-*.json"))) + 1):
        months = files.read_json(folder / f"plan-again-{number}.json")
        vanished = [month["month"] for month in months if month["kind"] == "vanished"]
        yield f"settle-{number}-", {date.fromisoformat(month) if month else None for month in vanished}


def _stage_batches(batches: list[Batch], load: Load) -> None:
    """Clean and stage landed batches, some at a time."""
    with ThreadPoolExecutor(config.WORKERS) as pool:
        for _ in pool.map(lambda batch: steps.clean_and_stage(batch, load), batches):
            pass


def _compare_counts(connection: Connection, past_load: Record) -> None:
    """Warn if a replayed load added, edited, removed or rejected other numbers of reports than it did.

    That is expected if loads before the first replayed one are missing, a table had been emptied by hand, or the cleaning
    rules have changed since; what is published equals the portal's counts in any case, or a check would have blocked it.
    """
    now = connection.execute("select * from ops.loads where load_id = %s", (past_load.load_id,)).fetchall()[0]
    then = past_load.published or now
    differences = [
        f"{name} {now[name]} instead of {then[name]}" for name in COUNTS if now[name] != then[name]
    ]
    if differences:
        log.warning(
            "Replayed load %s has other counts than it had: %s.", past_load.load_id, ", ".join(differences)
        )


def _put_times_back(connection: Connection, past_load: Record) -> None:
    """Set the load's times to those of its publication, and add to its message that it was replayed."""
    connection.execute(
        "update ops.loads set finished_at = %(then)s, last_seen_at = %(then)s,"
        " message = message || ' Replayed from the landing on ' || current_date || '.' where load_id = %(load_id)s",
        {"then": past_load.finished_at, "load_id": past_load.load_id},
    )
    connection.execute("update mart.data_status set published_at = %s", (past_load.finished_at,))


def main(arguments: list[str] | None = None) -> None:
    """Replay as the command line says; end with a sentence instead of a traceback if a replay is refused."""
    parser = argparse.ArgumentParser(
        prog="python -m austin_crime.replay", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument(
        "--until", metavar="LOAD", help="the last load to replay; by default the one published last"
    )
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        config.check()
        replay(parser.parse_args(arguments).until or None)
    except AustinCrimeError as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
