-- aggregates add up: whether each has as many reports as the last load published. From: mart, ops.loads.
-- Not as many as mart.crimes has now: of a month that was deleted there just that month is fetched again.
with totals as (
    select sum(report_count) as report_count from mart.crimes_per_year
    union all
    select sum(report_count) as report_count from mart.crimes_per_hour
    union all
    select sum(report_count) as report_count from mart.top_crimes
    union all
    select sum(report_count) as report_count from mart.crimes_per_area
    union all
    select sum(report_count) as report_count from mart.crimes_per_month
)

select bool_and(coalesce(totals.report_count, 0) = last_published.report_count) as add_up
from totals
cross join (
    select portal_report_count - rejected_count as report_count
    from ops.loads
    where status = 'published'
    order by finished_at desc
    limit 1
) as last_published;
