-- profile: how filled each column of what would be published is, from one scan. From: staging.
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

delete from ops.column_profiles
where load_id in (select loads.load_id from ops.loads as loads where loads.status = 'running');

insert into ops.column_profiles (load_id, column_name, report_count, filled_count, newest_date, outside_count)
select
    loads.load_id,
    filled.key as column_name,
    profile.report_count,
    filled.value::bigint as filled_count,
    case filled.key when 'reported_date' then newest.reported_date end as newest_date,
    case filled.key
        when 'occurred_date' then profile.occurred_outside_count
        when 'reported_date' then profile.reported_outside_count
    end as outside_count
from profile
cross join ops.loads as loads
cross join staging.newest_report as newest
cross join lateral jsonb_each_text(profile.filled_counts) as filled
where loads.status = 'running';
