-- 04 Reports by hour of the day
-- Hours are Austin wall time. Midnight and noon stand out because they are also what is written down when
-- nobody knows the time; null is an hour of its own, so that the sum is all reports.
select
    hours.occurred_hour,
    hours.report_count,
    hours.report_pct,
    hours.occurred_hour in (0, 12) as may_be_a_default
from mart.crimes_per_hour as hours
order by hours.occurred_hour nulls last
