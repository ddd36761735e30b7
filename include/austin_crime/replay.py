"""Fill an empty warehouse from the landing, without the portal: ``python -m austin_crime.replay [--until <load>]``.

The same functions stage, resolve, build, check and publish as every night; only what the portal was asked for, and what
settling decided by its answers, is read from the landing.
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
from austin_crime.load import boundaries, check, publish, settle, stage
from austin_crime.load.decide import name_months
from austin_crime.models import Batch, Load, RunningLoad
from austin_crime.parameters import acceptable_checks
from austin_crime.portal import metadata
from austin_crime.warehouse import journal, migrations, slot
from austin_crime.warehouse.connection import Connection, connect

log = logging.getLogger(__name__)

# What a replayed load is expected to count as it did then.
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
        If the warehouse holds anything, or the landing lacks something or is damaged; nothing is written.
    ReplayDiffers
        If a load does not come out as it did.
    """
    refuse_used_warehouse()
    chosen = record.choose_loads(record.read_records(), until)
    record.refuse_damaged_files(chosen)
    migrations.migrate(config.warehouse_url())
    for number, known in enumerate(chosen, start=1):
        log.info("replaying load %s, %s of %s", known.load_id, number, len(chosen))
        replay_load(known, chosen[number - 2].load_id if number > 1 else None)
    log.info("%s", steps.refresh_dashboards())
    return [known.load_id for known in chosen]


def refuse_used_warehouse() -> None:
    """Raise ReplayRefused if the warehouse holds loads or reports; one without tables is as good as an empty one."""
    with connect() as connection:
        known = connection.execute("select to_regclass('ops.loads')::text as name").fetchall()[0]
        if known["name"] is None:
            return
        held = connection.execute(
            "select (select count(*) from ops.loads) as load_count, (select count(*) from mart.crimes) as report_count"
        ).fetchall()[0]
    if any(held.values()):
        raise ReplayRefused(
            f"The warehouse holds {held['report_count']} reports and {held['load_count']} loads: a replay begins with an"
            " empty one. Create a new database and name it in AUSTIN_CRIME_WAREHOUSE_URL."
        )


def replay_load(known: Record, planned_against: str | None) -> None:
    """Stage, build, check and publish a load as it was.

    Parameters
    ----------
    planned_against
        The load that was replayed before it.
    """
    load = Load(known.load_id, known.load["attempt"], has_work=True)
    begin(known, planned_against)
    try:
        stage_as_settled(known, load)
        build_and_check(load)
        with connect() as connection:
            publish.publish(connection, load)
            compare_counts(connection, known)
            put_times_back(connection, known)
    except Exception as error:
        steps.fail_load(known.load_id, f"{type(error).__name__}: {error}")
        raise


def build_and_check(load: Load) -> None:
    """Build the aggregates and check the load; what a person can accept does not block it, for it was published then."""
    for table in config.AGGREGATES:
        steps.build_aggregate(table)
    with connect() as connection:
        row = slot.running_load(connection, load)
        accepted = row.parameters | {"accept": acceptable_checks()}
        check.check_load(connection, replace(row, parameters=accepted))
    steps.pass_gate(load)


def begin(known: Record, planned_against: str | None) -> None:
    """Take the slot for a load, with what its plan had written."""
    if known.load["rules_version"] != contract.RULES_VERSION:
        log.warning(
            "the cleaning rules are newer than load %s: the next nightly load fetches everything",
            known.load_id,
        )
    row = known.load | {
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
        dataset = metadata.read_dataset(files.read_json(known.folder / "metadata.json"))
        load = RunningLoad(known.load_id, known.load["attempt"], planned_against, known.load["parameters"])
        journal.note_dataset(connection, load, dataset)
        journal.note_columns(connection, load, dataset)
        boundaries.insert_boundaries(
            connection, boundaries.read_districts(files.read_json(known.folder / "boundaries.json"))
        )
        settle.insert_counts(connection, files.read_json(known.folder / "portal_counts.json"))
        stage.register_batches(connection, [Batch.of(row["batch"]) for row in known.batches])
        put_months(connection, known)


def put_months(connection: Connection, known: Record) -> None:
    """Write the months to ``staging.months`` as they were when the load had settled."""
    connection.execute("delete from staging.months")
    connection.execute(
        "insert into staging.months select (jsonb_populate_recordset(null::staging.months, %s)).*",
        (Jsonb(known.months),),
    )


def stage_as_settled(known: Record, load: Load) -> None:
    """Stage batches round by round, in the order in which they were settled; ReplayDiffers if a month lacks reports."""
    batches = [Batch.of(row["batch"]) for row in known.batches]
    for prefix, vanished in rounds_of(known.folder):
        of_round = [batch for batch in batches if batch.batch_id.startswith(prefix)]
        with connect() as connection:
            stage.remove_months(connection, vanished)
            for batch in of_round:
                stage.supersede(connection, batch)
        stage_batches(of_round, load)
        with connect() as connection:
            settle.resolve_keys(connection)
    with connect() as connection:
        # Resolving an early round by the months of the last can have marked some.
        put_months(connection, known)
        unequal = settle.unequal_months(connection)
        if unequal:
            raise ReplayDiffers(
                f"Load {known.load_id}: months {name_months(unequal)} do not come out as settled."
            )
        settle.describe_duplicates(connection, known.folder)


def rounds_of(folder: UPath) -> Iterable[tuple[str, set[date | None]]]:
    """Yield for the plan and each round of settling how its batches' names begin, and which months had vanished."""
    yield "batch-", set()
    for number in range(1, len(list(folder.glob("plan-again-*.json"))) + 1):
        months = files.read_json(folder / f"plan-again-{number}.json")
        gone = [month["month"] for month in months if month["kind"] == "vanished"]
        yield f"settle-{number}-", {date.fromisoformat(month) if month else None for month in gone}


def stage_batches(batches: list[Batch], load: Load) -> None:
    """Clean and stage landed batches, some at a time."""
    with ThreadPoolExecutor(config.WORKERS) as pool:
        for _ in pool.map(lambda batch: steps.clean_and_stage(batch, load), batches):
            pass


def compare_counts(connection: Connection, known: Record) -> None:
    """Warn of a published load that counts otherwise than then.

    That is right where the first load replayed was not the first, a table was emptied by hand then, or the cleaning rules
    are others now; what is published equals the portal's counts in any case, or a check would have blocked it.
    """
    now = connection.execute("select * from ops.loads where load_id = %s", (known.load_id,)).fetchall()[0]
    then = known.published or now
    differences = [f"{name} {now[name]}, then {then[name]}" for name in COUNTS if now[name] != then[name]]
    if differences:
        log.warning("load %s: %s", known.load_id, ", ".join(differences))


def put_times_back(connection: Connection, known: Record) -> None:
    """Let the load have been published when it was, and say that it was replayed."""
    connection.execute(
        "update ops.loads set finished_at = %(then)s, last_seen_at = %(then)s,"
        " message = message || ' Replayed from the landing on ' || current_date || '.' where load_id = %(load_id)s",
        {"then": known.finished_at, "load_id": known.load_id},
    )
    connection.execute("update mart.data_status set published_at = %s", (known.finished_at,))


def main(arguments: list[str] | None = None) -> None:
    """Replay as the command line says; a sentence instead of a traceback if that cannot be."""
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
