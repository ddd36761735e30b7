-- top_crimes: one row per crime type, the most frequent first. From: staging.crimes_next.
truncate staging.top_crimes;

insert into staging.top_crimes (
    crime_rank, crime_type, report_count, report_pct, with_status_count, cleared_count, clearance_rate_pct
)
select
    row_number() over (order by count(*) desc, crimes.crime_type collate "C" asc)::integer as crime_rank,
    crimes.crime_type,
    count(*) as report_count,
    round(100.0 * count(*) / sum(count(*)) over (), 2) as report_pct,
    count(crimes.clearance_status) as with_status_count,
    count(*) filter (where crimes.clearance_status in ('C', 'O')) as cleared_count,
    round(
        100.0 * count(*) filter (where crimes.clearance_status in ('C', 'O')) / nullif(count(crimes.clearance_status), 0),
        2
    ) as clearance_rate_pct
from staging.crimes_next as crimes
group by crimes.crime_type;
