-- dates_out_of_range: percent of reports dated before 2003 or after the day of the load. From: staging.crimes_next.
with today as (
    select (started_at at time zone 'America/Chicago')::date as load_date
    from ops.loads
    where status = 'running'
),

counts as (
    select
        count(*) as report_count,
        count(*) filter (
            where occurred_date < '2003-01-01' or occurred_date > (select today.load_date from today)
        ) as occurred_count,
        count(*) filter (
            where reported_date < '2003-01-01' or reported_date > (select today.load_date from today)
        ) as reported_count
    from staging.crimes_next
)

select
    dates.subject,
    coalesce(round(100.0 * dates.outside_count / nullif(counts.report_count, 0), 4), 0) as observed
from counts
cross join lateral (
    values
    ('occurred_date', counts.occurred_count),
    ('reported_date', counts.reported_count)
) as dates (subject, outside_count);
