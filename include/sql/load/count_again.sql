-- count again: staged reports and aggregates' totals, before they are published. From: staging.
with detail as (select count(*) as report_count from staging.crimes_next),

totals as (
    select sum(report_count) as report_count from staging.crimes_per_year
    union all
    select sum(report_count) as report_count from staging.crimes_per_hour
    union all
    select sum(report_count) as report_count from staging.top_crimes
    union all
    select sum(report_count) as report_count from staging.crimes_per_area
    union all
    select sum(report_count) as report_count from staging.crimes_per_month
)

select
    (select count(*) from staging.crimes)
    + (select count(*) from staging.duplicate_reports)
    + (select count(*) from staging.rejected_reports where batch_id is not null) as staged_count,
    (select coalesce(sum(staged_count), 0) from staging.batches) as expected_count,
    (
        select count(*) from totals
        cross join detail
        where coalesce(totals.report_count, 0) <> detail.report_count
    ) as wrong_aggregate_count;
