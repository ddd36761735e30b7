-- count_changes: what the load changes in counts, and the aggregates to which that is added. From: mart, staging, ops.loads.
-- None in the first load of a week, if all is fetched or if much changes: all is counted anew then. Nor to counts by group if a
-- crime type has another group, to those by day if the newest report is older than before, or to those by lag if another month
-- has begun. {tables}: the aggregates that have a file in changes.
truncate staging.count_changes, staging.added_to;

-- The first of them is built in this transaction; the groups of its crime types are compared below.
insert into staging.added_to (table_name, is_built)
select
    every_table.table_name,
    every_table.table_name = 'crimes_per_month' as is_built
from unnest({tables}::text[]) as every_table (table_name)
cross join ops.loads as running
where
    running.status = 'running'
    and exists (
        select 1 from ops.loads as earlier
        where
            earlier.status = 'published'
            and earlier.started_at >= date_trunc('week', running.started_at, 'America/Chicago')
    )
    and exists (select 1 from mart.crimes)
    and exists (
        select 1 from staging.months as month
        where month.kind in ('skipped', 'topped up')
    )
    and 5 * (select count(*) from staging.changes)
    < (select coalesce(sum(month.portal_count), 0) from staging.months as month);

delete from staging.added_to
where
    added_to.table_name in ('crimes_per_day', 'crimes_per_month_and_group', 'crime_counts')
    and exists (
        select 1
        from staging.crime_groups_next as groups
        inner join mart.crime_groups as groups_before on groups.crime_type is not distinct from groups_before.crime_type
        where groups.crime_group <> groups_before.crime_group
    );

delete from staging.added_to
where
    added_to.table_name = 'crime_counts'
    and (
        select first_day.occurred_date >= first_day.occurred_date_before from staging.first_day
    ) is not true;

delete from staging.added_to
where
    added_to.table_name = 'crimes_per_report_lag'
    and not exists (
        select 1
        from ops.loads as running
        inner join ops.loads as last_load on running.planned_against = last_load.load_id
        where
            running.status = 'running'
            and date_trunc('month', running.started_at, 'America/Chicago')
            = date_trunc('month', last_load.started_at, 'America/Chicago')
    );

insert into staging.count_changes (
    occurred_month, occurred_date, occurred_hour, report_lag_days, is_default_time, crime_type, council_district,
    report_count, with_status_count, cleared_count
)
with reports as (
    select
        staged.occurred_month,
        staged.occurred_date,
        staged.occurred_hour,
        staged.reported_date,
        staged.occurred_time,
        staged.crime_type,
        staged.council_district,
        staged.clearance_status,
        1 as change
    from staging.changes as changed
    inner join staging.crimes as staged using (incident_id)
    where changed.change in ('added', 'edited')
    union all
    select
        held.occurred_month,
        held.occurred_date,
        held.occurred_hour,
        held.reported_date,
        held.occurred_time,
        held.crime_type,
        held.council_district,
        held.clearance_status,
        -1 as change
    from staging.changes as changed
    inner join mart.crimes as held using (incident_id)
    where changed.change in ('edited', 'removed')
),

counted as (
    select
        reports.*,
        case
            when reports.reported_date >= reports.occurred_date then least(reports.reported_date - reports.occurred_date, 366)
        end as report_lag_days,
        coalesce(reports.occurred_time in ('00:00', '00:01', '12:00'), false) as is_default_time
    from reports
    where exists (select 1 from staging.added_to)
),

changes as (
    select
        counted.occurred_month,
        counted.occurred_date,
        counted.occurred_hour,
        counted.report_lag_days,
        counted.is_default_time,
        counted.crime_type,
        counted.council_district,
        sum(counted.change) as report_count,
        coalesce(sum(counted.change) filter (where counted.clearance_status is not null), 0) as with_status_count,
        coalesce(sum(counted.change) filter (where counted.clearance_status in ('C', 'O')), 0) as cleared_count
    from counted
    group by
        counted.occurred_month,
        counted.occurred_date,
        counted.occurred_hour,
        counted.report_lag_days,
        counted.is_default_time,
        counted.crime_type,
        counted.council_district
)

select changes.*
from changes
where (changes.report_count, changes.with_status_count, changes.cleared_count) <> (0, 0, 0);

analyze staging.count_changes;
