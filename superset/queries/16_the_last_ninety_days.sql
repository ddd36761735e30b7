-- 16 The last ninety days, day by day
-- mart.crimes_per_day has days; months would hide a week. The newest days still fill up: see mart.recent_weeks.
select
    days.occurred_date,
    sum(days.report_count) as report_count
from mart.crimes_per_day as days
cross join mart.data_status as status
where
    days.occurred_date > status.newest_report_date - 90
    and days.occurred_date <= status.newest_report_date
group by days.occurred_date
order by days.occurred_date
