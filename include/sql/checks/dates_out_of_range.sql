-- dates_out_of_range: percent of reports dated before 2003 or after the day of the load. From: staging.crimes_next.
select
    dates.subject,
    coalesce(round(100.0 * dates.outside_count / nullif(dates.report_count, 0), 4), 0) as observed
from (
    select
        'occurred_date' as subject,
        count(*) as report_count,
        count(*) filter (
            where occurred_date < '2003-01-01' or occurred_date > (loads.started_at at time zone 'America/Chicago')::date
        ) as outside_count
    from staging.crimes_next
    cross join ops.loads as loads
    where loads.status = 'running'
    union all
    select
        'reported_date' as subject,
        count(*) as report_count,
        count(*) filter (
            where reported_date < '2003-01-01' or reported_date > (loads.started_at at time zone 'America/Chicago')::date
        ) as outside_count
    from staging.crimes_next
    cross join ops.loads as loads
    where loads.status = 'running'
) as dates;
