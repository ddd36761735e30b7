-- crimes_per_hour: one row per hour of the day of occurrence, one for an unknown hour. From: staging.crimes_next.
truncate staging.crimes_per_hour;

insert into staging.crimes_per_hour (occurred_hour, report_count, report_pct)
select
    crimes.occurred_hour,
    count(*) as report_count,
    round(100.0 * count(*) / sum(count(*)) over (), 2) as report_pct
from staging.crimes_next as crimes
group by crimes.occurred_hour;
