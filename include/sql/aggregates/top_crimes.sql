-- top_crimes: one row per crime type, the most frequent first. From: staging.next_crimes_per_month.
truncate staging.top_crimes;

insert into staging.top_crimes (
    crime_rank, crime_type, report_count, report_pct, with_status_count, cleared_count, clearance_rate_pct
)
with counts as (
    select
        crimes.crime_type,
        sum(crimes.report_count)::bigint as report_count,
        sum(crimes.with_status_count)::bigint as with_status_count,
        sum(crimes.cleared_count)::bigint as cleared_count
    from staging.next_crimes_per_month as crimes
    group by crimes.crime_type
    having sum(crimes.report_count) <> 0
)

select
    row_number() over (order by counts.report_count desc, counts.crime_type collate "C" asc)::integer as crime_rank,
    counts.crime_type,
    counts.report_count,
    round(100.0 * counts.report_count / sum(counts.report_count) over (), 2) as report_pct,
    counts.with_status_count,
    counts.cleared_count,
    round(100.0 * counts.cleared_count / nullif(counts.with_status_count, 0), 2) as clearance_rate_pct
from counts;
