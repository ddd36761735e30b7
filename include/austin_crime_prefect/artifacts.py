"""What a run shows on Prefect's pages: the plan, the progress of batches, check results, the portal's counts beside ours."""

from typing import Any
from uuid import UUID

from prefect.artifacts import create_progress_artifact, create_table_artifact, update_progress_artifact

from austin_crime.models import Load
from austin_crime.warehouse.connection import connect

CHECKS = """
    select check_name, severity, status, observed::float8, threshold::float8, message from ops.check_results
    where load_id = %s order by status = 'passed', check_name"""
RECONCILIATION = """
    select dimension, count(*) as groups, count(*) filter (where not is_equal) as groups_that_differ,
        sum(portal_count)::bigint as portal, sum(published_count)::bigint as published,
        sum(rejected_count)::bigint as rejected
    from ops.reconciliations where load_id = %s group by dimension order by dimension"""
STAGED = (
    "select count(*) filter (where staged_count is not null) as done, count(*) as total from staging.batches"
)


def show_plan(load: Load) -> None:
    """Show how many months of each kind the plan has; show nothing if the metadata alone showed that nothing changed."""
    lines = load.plan
    if lines:
        create_table_artifact(
            key="plan",
            table=[
                {
                    "months": line.kind,
                    "number": line.month_count,
                    "reports to fetch": line.report_count,
                }
                for line in lines
            ],
            description="What the portal has, compared with what the warehouse holds, by month of report.",
        )


def begin_progress(batches: list[Any]) -> UUID:
    """Show that no batch is staged yet, and return what note_progress updates."""
    # A load in which months only vanished has no batches.
    progress: Any = create_progress_artifact(
        key="batches",
        progress=0.0 if batches else 100.0,
        description=f"0 of {len(batches)} batches staged",
    )
    return UUID(str(progress))


def note_progress(progress: UUID) -> None:
    """Show how many batches are staged, as recorded in the warehouse."""
    with connect() as connection:
        row = connection.execute(STAGED).fetchall()[0]
    update_progress_artifact(
        progress, 100.0 * row["done"] / row["total"], f"{row['done']} of {row['total']} batches staged"
    )


def show_checks(load: Load) -> None:
    """Show the check results, those that did not pass first, and the portal's counts beside ours."""
    with connect() as connection:
        checks = connection.execute(CHECKS, (load.load_id,)).fetchall()
        counts = connection.execute(RECONCILIATION, (load.load_id,)).fetchall()
    create_table_artifact(
        key="checks",
        table=checks,
        description="Each check, the observed value and the largest value that passes.",
    )
    create_table_artifact(
        key="reconciliation",
        table=counts,
        description="The portal's own counts: in every group, what is published plus what is rejected equals them.",
    )
