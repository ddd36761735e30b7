-- profile_changes: how filled each column of what would be published is: the last load's counts with what changes.
-- {counts}: name and count of each profiled column, 'crime_type', count(crime_type). From: ops, staging, mart.
create temporary table profile on commit drop as
with today as (
    select
        (loads.started_at at time zone 'America/Chicago')::date as load_date,
        date_trunc('month', loads.started_at at time zone 'America/Chicago')::date as load_month
    from ops.loads as loads
    where loads.status = 'running'
),

last_profile as (
    select
        profile.column_name,
        profile.report_count,
        profile.filled_count
    from ops.loads as running
    inner join ops.column_profiles as profile on running.planned_against = profile.load_id
    where running.status = 'running'
),

come as (
    select
        count(*) as report_count,
        jsonb_build_object({counts}) as filled_counts
    from staging.changes as changed
    inner join staging.crimes as staged using (incident_id)
    where changed.change in ('added', 'edited')
),

gone as (
    select
        count(*) as report_count,
        jsonb_build_object({counts}) as filled_counts
    from staging.changes as changed
    inner join mart.crimes as held using (incident_id)
    where changed.change in ('edited', 'removed')
)

select
    max(last_profile.report_count) + max(come.report_count) - max(gone.report_count) as report_count,
    jsonb_object_agg(
        last_profile.column_name,
        last_profile.filled_count
        + (come.filled_counts ->> last_profile.column_name)::bigint
        - (gone.filled_counts ->> last_profile.column_name)::bigint
    ) as filled_counts,
    (
        select count(*) from staging.crimes_next as crimes
        where crimes.occurred_date < '2003-01-01' or crimes.occurred_date > (select today.load_date from today)
    ) as occurred_outside_count,
    -- The months are those of the index.
    (
        select count(*) from staging.crimes_next as crimes
        where
            (crimes.source_month < '2003-01-01' or crimes.source_month >= (select today.load_month from today))
            and (crimes.reported_date < '2003-01-01' or crimes.reported_date > (select today.load_date from today))
    ) as reported_outside_count
from last_profile
cross join come
cross join gone
where come.filled_counts ? last_profile.column_name;
