-- crimes_per_report_lag: what the load adds to it. From: staging.count_changes, reference_months.
insert into staging.crimes_per_report_lag (is_reference, report_lag_days, report_count)
with changes as (
    select
        coalesce(
            every_change.occurred_month >= reference.first_month and every_change.occurred_month < reference.end_month, false
        ) as is_reference,
        every_change.report_lag_days,
        every_change.report_count
    from staging.count_changes as every_change
    cross join staging.reference_months as reference
)

select
    changes.is_reference,
    case when changes.is_reference then changes.report_lag_days end as report_lag_days,
    sum(changes.report_count) as report_count
from changes
group by 1, 2
having sum(changes.report_count) <> 0;
