"""Austin's police reports, every night: the same load as the DAG of this name, in Prefect.

Asks the portal which months of report date changed, fetches just those, cleans them in pandas, compares what would be
published with the portal's own counts, and publishes it to PostgreSQL in one transaction. If nothing changed, it ends green.

**A failed run** leaves the published data as they were. The run's state says why, `ops.loads` too once a load began.
**A check that blocks** pauses a run on a Prefect server until shortly before the next night: *Resume* asks whether to publish. A run
from a shell fails, and its message says what to put into `accept`. To go on after a failure, start a new run.
"""

from typing import Any
from uuid import UUID

from prefect import flow, task
from prefect.task_runners import ThreadPoolTaskRunner

from austin_crime import config, steps
from austin_crime_prefect import artifacts, command, runs
from austin_crime_prefect.parameters import NO_OPTIONS, NightlyParameters
from austin_crime_prefect.tasks import step


@task(task_run_name="load_batch {item[batch].batch_id}")
def load_batch(item: dict[str, Any], progress: UUID) -> None:
    """Land a batch as received, then clean and stage it."""
    step(steps.extract, "extract {batch.batch_id}")(**item)
    step(steps.clean_and_stage, "clean_and_stage {batch.batch_id}")(**item)
    artifacts.note_progress(progress)


@flow(
    name=config.DAG_ID,
    description=__doc__,
    flow_run_name=runs.name,
    task_runner=ThreadPoolTaskRunner(max_workers=config.WORKERS),  # type: ignore[arg-type]  # its own generic
    on_failure=[runs.free_slot],
    on_crashed=[runs.free_slot],
    on_cancellation=[runs.free_slot],
)
def austin_crime_nightly(parameters: NightlyParameters = NO_OPTIONS) -> Any:
    """Run every step in order."""
    step(steps.source_is_up, retries=config.SOURCE_PATIENCE_S // 60, retry_delay_seconds=60)()
    load = step(steps.plan_load)(runs.load_id(), parameters.model_dump(), "prefect", runs.started_by())
    artifacts.show_plan(load)
    if step(steps.anything_new)(load):
        batches = step(steps.list_batches)(load)
        load_batch.map(batches, progress=artifacts.begin_progress(batches)).result()
        step(steps.settle_months)(load)
        build_aggregate = step(steps.build_aggregate, "build_{table}")
        build_aggregate(config.AGGREGATES[0])
        build_aggregate.map(config.AGGREGATES[1:]).result()
        step(steps.check_load)(load)
        artifacts.show_checks(load)
        runs.wait_for_decision(step(runs.gate, "gate")(load), load)
        step(steps.publish)(load)
        step(steps.refresh_dashboards)()
    return runs.end_well(load)


if __name__ == "__main__":
    command.run_once(austin_crime_nightly)
