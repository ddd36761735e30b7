-- crimes_per_report_lag: what the load adds to it. From: staging.count_changes, ops.loads.
insert into staging.crimes_per_report_lag (is_reference, report_lag_days, report_count)
with reference as materialized (
    select
        (date_trunc('month', loads.started_at at time zone 'America/Chicago') - interval '36 months')::date as first_month,
        (date_trunc('month', loads.started_at at time zone 'America/Chicago') - interval '12 months')::date as end_month
    from ops.loads as loads
    where loads.status = 'running'
),

changes as (
    select
        coalesce(
            all_changes.occurred_month >= (select reference.first_month from reference)
            and all_changes.occurred_month < (select reference.end_month from reference),
            false
        ) as is_reference,
        all_changes.report_lag_days,
        all_changes.report_count
    from staging.count_changes as all_changes
)

select
    changes.is_reference,
    case when changes.is_reference then changes.report_lag_days end as report_lag_days,
    sum(changes.report_count) as report_count
from changes
group by 1, 2
having sum(changes.report_count) <> 0;
