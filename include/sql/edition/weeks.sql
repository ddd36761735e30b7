-- weeks: the last 26 weeks, the newest last, beside the same weekdays of the year before. From: mart.recent_weeks.
select
    weeks.first_date,
    weeks.last_date,
    weeks.report_count,
    weeks.arrived_pct,
    weeks.expected_count,
    weeks.notice,
    weeks.first_date - 364 as year_before_first_date,
    weeks.last_date - 364 as year_before_last_date,
    earlier.report_count as year_before_count,
    -- Beside what had come of the earlier week at this age: counts of independent events vary by about their square root.
    abs(2 * (sqrt(weeks.report_count) - sqrt(earlier.report_count * weeks.arrived_pct / 100))) >= 3 as is_more_than_chance
from mart.recent_weeks as weeks
cross join
    lateral (
        select coalesce(sum(days.report_count), 0)::bigint as report_count
        from mart.crimes_per_day as days
        where days.occurred_date between weeks.first_date - 364 and weeks.last_date - 364
    ) as earlier
order by weeks.last_date;
