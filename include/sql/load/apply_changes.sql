-- apply_changes: apply to mart.crimes what find_changes found. From: staging.crimes.
-- {columns}: all of them; {staged_columns}: those of staging.crimes; {assignments}: name = staged.name, of all but the key.
delete from mart.crimes as held
using staging.changes as changed
where
    held.incident_id = changed.incident_id
    and changed.change = 'removed';

update mart.crimes as held set
    {assignments}
from staging.crimes as staged
inner join staging.changes as changed using (incident_id)
where
    held.incident_id = staged.incident_id
    and changed.change in ('edited', 'source edited');

insert into mart.crimes ({columns})
select {staged_columns}
from staging.crimes as staged
inner join staging.changes as changed using (incident_id)
where changed.change = 'added';

update ops.loads set
    added_count = changes.added_count,
    edited_count = changes.edited_count,
    removed_count = changes.removed_count
from (
    select
        count(*) filter (where crime_changes.change = 'added') as added_count,
        count(*) filter (where crime_changes.change = 'edited') as edited_count,
        count(*) filter (where crime_changes.change = 'removed') as removed_count
    from ops.crime_changes
    inner join ops.loads as running using (load_id)
    where running.status = 'running'
) as changes
where loads.status = 'running';
