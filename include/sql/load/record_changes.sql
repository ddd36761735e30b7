-- record_changes: write what find_changes found to ops.crime_changes. From: staging, mart.crimes.
insert into ops.crime_changes (load_id, incident_id, change, differences)
select
    loads.load_id,
    changed.incident_id,
    changed.change,
    (
        select
            jsonb_object_agg(
                new_values.key, jsonb_build_object('old', old_values.value, 'new', new_values.value)
            )
        from jsonb_each(to_jsonb(staged)) as new_values
        inner join jsonb_each(to_jsonb(held)) as old_values using (key)
        where
            new_values.value is distinct from old_values.value
            and new_values.key not in ('source_row_id', 'source_updated_at')
    ) as differences
from staging.changes as changed
inner join staging.crimes as staged using (incident_id)
inner join mart.crimes as held using (incident_id)
cross join ops.loads as loads
where
    loads.status = 'running'
    and changed.change = 'edited';

insert into ops.crime_changes (load_id, incident_id, change, differences)
select
    loads.load_id,
    changed.incident_id,
    changed.change,
    null as differences
from staging.changes as changed
cross join ops.loads as loads
where
    loads.status = 'running'
    and changed.change = 'added';

insert into ops.crime_changes (load_id, incident_id, change, differences)
select
    loads.load_id,
    held.incident_id,
    'removed' as change,
    to_jsonb(held) as differences
from staging.changes as changed
inner join mart.crimes as held using (incident_id)
cross join ops.loads as loads
where
    loads.status = 'running'
    and changed.change = 'removed';
