-- newest_report: the one definition of the newest day of report. From: staging.crimes_next, ops.loads.
-- Days after that of the load do not count, nor do few reports far after all others: those dates are mistyped. Far is a week,
-- and more where reports are rare; few is one, or a thousandth of all.
create view staging.newest_report as
with days as (
    select
        next_crimes.reported_date,
        count(*) as report_count
    from staging.crimes_next as next_crimes
    cross join ops.loads as loads
    where
        loads.status = 'running'
        and next_crimes.reported_date <= (loads.started_at at time zone 'America/Chicago')::date
    group by next_crimes.reported_date
),

limits as (
    select
        greatest(7, 10 * (max(days.reported_date) - date '2003-01-01') / sum(days.report_count)) as far_days,
        greatest(2, sum(days.report_count) / 1000) as enough_count
    from days
),

gaps as (
    select
        days.*,
        days.reported_date - lag(days.reported_date) over (order by days.reported_date) as gap_days
    from days
),

runs as (
    select
        gaps.*,
        count(*) filter (where gaps.gap_days > limits.far_days) over (order by gaps.reported_date) as run_number
    from gaps
    cross join limits
),

ends as (
    select
        max(runs.reported_date) as reported_date,
        sum(runs.report_count) as report_count
    from runs
    group by runs.run_number
)

select
    coalesce(
        max(ends.reported_date) filter (where ends.report_count >= limits.enough_count), min(ends.reported_date)
    ) as reported_date
from ends
cross join limits;
comment on view staging.newest_report is 'The day of the newest report that mart.crimes will have; one row.';
