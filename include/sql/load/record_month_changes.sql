-- record_month_changes: what the load changes in the monthly counts. From: crimes_per_month of staging and mart, ops.loads.
-- Staging holds either only that, or all counts, which are compared with the published ones. Run before those are published. If
-- they are not what the last load published, the history starts anew.
update ops.loads set
    starts_history = not coalesce(
        exists (
            select 1 from ops.loads as start
            where start.status = 'published' and start.starts_history
        )
        and (
            select sum(held.report_count) from mart.crimes_per_month as held
        ) = (
            select last_published.portal_report_count - last_published.rejected_count
            from ops.loads as last_published
            where last_published.status = 'published'
            order by last_published.finished_at desc
            limit 1
        ),
        false
    )
where status = 'running';

insert into ops.month_changes (
    load_id, occurred_month, crime_type, council_district, report_count_change, with_status_count_change,
    cleared_count_change
)
with sides as (
    select
        staged.occurred_month,
        staged.crime_type,
        staged.council_district,
        staged.report_count,
        staged.with_status_count,
        staged.cleared_count
    from staging.crimes_per_month as staged
    union all
    select
        held.occurred_month,
        held.crime_type,
        held.council_district,
        -held.report_count as report_count,
        -held.with_status_count as with_status_count,
        -held.cleared_count as cleared_count
    from mart.crimes_per_month as held
    where not exists (select 1 from staging.added_to where added_to.table_name = 'crimes_per_month')
),

changes as (
    select
        sides.occurred_month,
        sides.crime_type,
        sides.council_district,
        sum(sides.report_count) as report_count_change,
        sum(sides.with_status_count) as with_status_count_change,
        sum(sides.cleared_count) as cleared_count_change
    from sides
    where
        exists (
            select 1 from ops.loads as running
            where running.status = 'running' and not running.starts_history
        )
    group by sides.occurred_month, sides.crime_type, sides.council_district
    having sum(sides.report_count) <> 0 or sum(sides.with_status_count) <> 0 or sum(sides.cleared_count) <> 0
)

select
    loads.load_id,
    changes.occurred_month,
    changes.crime_type,
    changes.council_district,
    changes.report_count_change,
    changes.with_status_count_change,
    changes.cleared_count_change
from changes
cross join ops.loads as loads
where loads.status = 'running';
