-- aggregates add up: whether each has as many reports as mart.crimes. From: mart.
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

select bool_and(coalesce(totals.report_count, 0) = detail.report_count) as add_up
from totals
cross join (select count(*) as report_count from mart.crimes) as detail;
