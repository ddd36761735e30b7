-- crimes_per_weekday_hour: one row per month, weekday, hour and whether the time is a default one. From: staging.crimes_next.
truncate staging.crimes_per_weekday_hour;

-- Weekday and hour are counted as one number, which is compared sooner than two. 0001-01-01 was a Monday.
insert into staging.crimes_per_weekday_hour (
    occurred_month, occurred_weekday, occurred_hour, is_default_time, report_count
)
with counts as (
    select
        crimes.occurred_month,
        coalesce((crimes.occurred_date - date '0001-01-01') % 7, 8) * 100 + coalesce(crimes.occurred_hour, 99) as weekday_hour,
        crimes.occurred_time in ('00:00', '00:01', '12:00') as is_default_time,
        count(*) as report_count
    from staging.crimes_next as crimes
    group by
        crimes.occurred_month,
        coalesce((crimes.occurred_date - date '0001-01-01') % 7, 8) * 100 + coalesce(crimes.occurred_hour, 99),
        crimes.occurred_time in ('00:00', '00:01', '12:00')
)

select
    counts.occurred_month,
    nullif(counts.weekday_hour / 100, 8) + 1 as occurred_weekday,
    nullif(counts.weekday_hour % 100, 99) as occurred_hour,
    coalesce(counts.is_default_time, false) as is_default_time,
    sum(counts.report_count) as report_count
from counts
group by
    counts.occurred_month,
    nullif(counts.weekday_hour / 100, 8) + 1,
    nullif(counts.weekday_hour % 100, 99),
    coalesce(counts.is_default_time, false);
