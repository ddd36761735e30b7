-- aggregate_totals: how far each aggregate's total is from the detail's. From: staging.
with detail as (select count(*) as report_count from staging.crimes_next),

totals as (
    select
        'crimes_per_year' as subject,
        coalesce(sum(report_count), 0) as report_count
    from staging.crimes_per_year
    union all
    select
        'crimes_per_hour' as subject,
        coalesce(sum(report_count), 0) as report_count
    from staging.crimes_per_hour
    union all
    select
        'top_crimes' as subject,
        coalesce(sum(report_count), 0) as report_count
    from staging.top_crimes
    union all
    select
        'crimes_per_area' as subject,
        coalesce(sum(report_count), 0) as report_count
    from staging.crimes_per_area
    union all
    select
        'crimes_per_month' as subject,
        coalesce(sum(report_count), 0) as report_count
    from staging.crimes_per_month
)

select
    totals.subject,
    abs(totals.report_count - detail.report_count) as observed
from totals
cross join detail;
