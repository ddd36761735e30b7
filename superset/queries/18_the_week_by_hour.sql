-- 18 The week by hour, without default times
-- Midnight, one past midnight and noon are often written when the time is not known: is_default_time tells them apart.
select
    hours.occurred_weekday,
    hours.occurred_hour,
    sum(hours.report_count) filter (where not hours.is_default_time) as report_count,
    sum(hours.report_count) filter (where hours.is_default_time) as default_time_count
from mart.crimes_per_weekday_hour as hours
where hours.occurred_hour is not null
group by hours.occurred_weekday, hours.occurred_hour
order by hours.occurred_weekday, hours.occurred_hour
