-- crimes_per_hour: one row per hour of the day of occurrence, one for an unknown hour. From: staging.crimes_next.
truncate staging.crimes_per_hour;

insert into staging.crimes_per_hour (occurred_hour, report_count, report_pct, default_time_count)
select
    crimes.occurred_hour,
    count(*) as report_count,
    round(100.0 * count(*) / sum(count(*)) over (), 2) as report_pct,
    count(*) filter (where crimes.occurred_time in ('00:00', '00:01', '12:00')) as default_time_count
from staging.crimes_next as crimes
group by crimes.occurred_hour;
