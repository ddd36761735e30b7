-- crimes_per_year: one row per year of occurrence, one for an unknown year. From: staging.next_crimes_per_month, newest_report.
truncate staging.crimes_per_year;

insert into staging.crimes_per_year (
    occurred_year, report_count, with_status_count, cleared_count, clearance_rate_pct, with_status_pct, is_complete
)
with counts as (
    select
        extract(year from crimes.occurred_month)::integer as occurred_year,
        sum(crimes.report_count)::bigint as report_count,
        sum(crimes.with_status_count)::bigint as with_status_count,
        sum(crimes.cleared_count)::bigint as cleared_count
    from staging.next_crimes_per_month as crimes
    group by extract(year from crimes.occurred_month)
    having sum(crimes.report_count) <> 0
)

select
    counts.occurred_year,
    counts.report_count,
    counts.with_status_count,
    counts.cleared_count,
    round(100.0 * counts.cleared_count / nullif(counts.with_status_count, 0), 2) as clearance_rate_pct,
    round(100.0 * counts.with_status_count / counts.report_count, 2) as with_status_pct,
    coalesce(counts.occurred_year < extract(year from newest.reported_date), false) as is_complete
from counts
cross join staging.newest_report as newest;
