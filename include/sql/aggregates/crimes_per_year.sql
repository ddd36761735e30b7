-- crimes_per_year: one row per year of occurrence, one for an unknown year. From: staging.crimes_next.
truncate staging.crimes_per_year;

insert into staging.crimes_per_year (
    occurred_year, report_count, with_status_count, cleared_count, clearance_rate_pct, with_status_pct, is_complete
)
with newest as (
    select extract(year from max(reported_date)) as newest_year
    from staging.crimes_next
)

select
    extract(year from crimes.occurred_date)::integer as occurred_year,
    count(*) as report_count,
    count(crimes.clearance_status) as with_status_count,
    count(*) filter (where crimes.clearance_status in ('C', 'O')) as cleared_count,
    round(
        100.0 * count(*) filter (where crimes.clearance_status in ('C', 'O')) / nullif(count(crimes.clearance_status), 0),
        2
    ) as clearance_rate_pct,
    round(100.0 * count(crimes.clearance_status) / count(*), 2) as with_status_pct,
    coalesce(extract(year from crimes.occurred_date) < newest.newest_year, false) as is_complete
from staging.crimes_next as crimes
cross join newest
group by extract(year from crimes.occurred_date), newest.newest_year;
