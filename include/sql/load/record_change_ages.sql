-- record_change_ages: how old the reports are that a load adds, edits, removes, clears. From: staging, mart.
-- Run before apply_changes.
insert into ops.change_ages (load_id, change, age_weeks, report_count)
with ages as (
    select
        changed.change,
        staged.occurred_date
    from staging.changes as changed
    inner join staging.crimes as staged using (incident_id)
    where changed.change in ('added', 'edited')
    union all
    select
        'cleared' as change,
        staged.occurred_date
    from staging.changes as changed
    inner join staging.crimes as staged using (incident_id)
    left join mart.crimes as held using (incident_id)
    where
        changed.change in ('added', 'edited')
        and staged.clearance_status in ('C', 'O')
        and coalesce(held.clearance_status, 'N') not in ('C', 'O')
    union all
    select
        'removed' as change,
        held.occurred_date
    from staging.changes as changed
    inner join mart.crimes as held using (incident_id)
    where changed.change = 'removed'
)

select
    loads.load_id,
    ages.change,
    case
        when ages.occurred_date <= profile.newest_date then least((profile.newest_date - ages.occurred_date) / 7, 53)
        when ages.occurred_date > profile.newest_date then 0
    end as age_weeks,
    count(*) as report_count
from ages
cross join ops.loads as loads
left join ops.column_profiles as profile
    on loads.load_id = profile.load_id and profile.column_name = 'reported_date'
where loads.status = 'running'
group by 1, 2, 3;
