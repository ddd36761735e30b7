-- profile_all: how filled each column of what would be published is, from one scan. From: staging.
-- {counts}: name and count of each profiled column, 'crime_type', count(crime_type).
create temporary table profile on commit drop as
with today as (
    select (started_at at time zone 'America/Chicago')::date as load_date
    from ops.loads
    where status = 'running'
)

select
    count(*) as report_count,
    jsonb_build_object({counts}) as filled_counts,
    count(*) filter (
        where occurred_date < '2003-01-01' or occurred_date > (select today.load_date from today)
    ) as occurred_outside_count,
    count(*) filter (
        where reported_date < '2003-01-01' or reported_date > (select today.load_date from today)
    ) as reported_outside_count
from staging.crimes_next;
