-- 22 Months as they stood on an earlier day
-- mart.crimes_per_month_as_of gives the monthly counts as they were published on any day since the first load. Change the day:
-- what differs from now is what the police added, edited or removed since.
with earlier as (
    select
        then_counts.occurred_month,
        sum(then_counts.report_count) as report_count_then
    from mart.crimes_per_month_as_of(current_date - 7) as then_counts
    group by then_counts.occurred_month
),

present as (
    select
        now_counts.occurred_month,
        sum(now_counts.report_count) as report_count_now
    from mart.crimes_per_month as now_counts
    group by now_counts.occurred_month
)

select
    occurred_month,
    earlier.report_count_then,
    present.report_count_now,
    present.report_count_now - earlier.report_count_then as report_count_change
from present
left join earlier using (occurred_month)
order by occurred_month desc nulls last
limit 36
