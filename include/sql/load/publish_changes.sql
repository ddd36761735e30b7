-- publish_changes: apply to mart.crimes what differs by key, and write it to ops.crime_changes. From: staging.
-- What is staged is live next: a staged report that lost its key has left staging.crimes, and a held one is replaced.
create temporary table removed on commit drop as
select replaced.incident_id
from staging.replaced_crimes as replaced
where
    not exists (
        select 1 from staging.crimes as staged
        where staged.incident_id = replaced.incident_id
    );

create temporary table changed on commit drop as
with compared as (
    select
        staged.incident_id,
        staged.source_month,
        held.incident_id is null as is_added,
        (
            (
                staged.crime_type,
                staged.ucr_code,
                staged.is_family_violence,
                staged.occurred_at,
                staged.occurred_date,
                staged.occurred_time,
                staged.occurred_month,
                staged.occurred_hour,
                staged.reported_at,
                staged.reported_date,
                staged.reported_time,
                staged.location_type,
                staged.council_district,
                staged.apd_sector,
                staged.apd_district,
                staged.clearance_status,
                staged.clearance_name,
                staged.clearance_date,
                staged.category_code,
                staged.category_name,
                staged.census_block_group_id,
                staged.source_month
            ) is distinct from (
                held.crime_type,
                held.ucr_code,
                held.is_family_violence,
                held.occurred_at,
                held.occurred_date,
                held.occurred_time,
                held.occurred_month,
                held.occurred_hour,
                held.reported_at,
                held.reported_date,
                held.reported_time,
                held.location_type,
                held.council_district,
                held.apd_sector,
                held.apd_district,
                held.clearance_status,
                held.clearance_name,
                held.clearance_date,
                held.category_code,
                held.category_name,
                held.census_block_group_id,
                held.source_month
            )
        ) as has_new_content,
        (
            (staged.source_row_id, staged.source_updated_at)
            is distinct from (held.source_row_id, held.source_updated_at)
        ) as has_new_source
    from staging.crimes as staged
    left join mart.crimes as held using (incident_id)
)

-- A report whose content is the same is written only for its new id and stamp, and not in a month that was rewritten.
select
    compared.incident_id,
    case
        when compared.is_added then 'added'
        when compared.has_new_content then 'edited'
        else 'source edited'
    end as change
from compared
where
    compared.is_added
    or compared.has_new_content
    or (
        compared.has_new_source
        and not exists (
            select 1 from staging.months as month
            where
                month.is_mostly_new
                and month.source_month is not distinct from compared.source_month
        )
    );

analyze removed;
analyze changed;

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
from changed
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
from changed
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
from removed
inner join mart.crimes as held using (incident_id)
cross join ops.loads as loads
where loads.status = 'running';

delete from mart.crimes as held
using removed
where held.incident_id = removed.incident_id;

update mart.crimes as held set
    crime_type = staged.crime_type,
    ucr_code = staged.ucr_code,
    is_family_violence = staged.is_family_violence,
    occurred_at = staged.occurred_at,
    occurred_date = staged.occurred_date,
    occurred_time = staged.occurred_time,
    occurred_month = staged.occurred_month,
    occurred_hour = staged.occurred_hour,
    reported_at = staged.reported_at,
    reported_date = staged.reported_date,
    reported_time = staged.reported_time,
    location_type = staged.location_type,
    council_district = staged.council_district,
    apd_sector = staged.apd_sector,
    apd_district = staged.apd_district,
    clearance_status = staged.clearance_status,
    clearance_name = staged.clearance_name,
    clearance_date = staged.clearance_date,
    category_code = staged.category_code,
    category_name = staged.category_name,
    census_block_group_id = staged.census_block_group_id,
    source_month = staged.source_month,
    source_row_id = staged.source_row_id,
    source_updated_at = staged.source_updated_at
from staging.crimes as staged
inner join changed using (incident_id)
where
    held.incident_id = staged.incident_id
    and changed.change <> 'added';

insert into mart.crimes (
    incident_id,
    crime_type,
    ucr_code,
    is_family_violence,
    occurred_at,
    occurred_date,
    occurred_time,
    occurred_month,
    occurred_hour,
    reported_at,
    reported_date,
    reported_time,
    location_type,
    council_district,
    apd_sector,
    apd_district,
    clearance_status,
    clearance_name,
    clearance_date,
    category_code,
    category_name,
    census_block_group_id,
    source_month,
    source_row_id,
    source_updated_at
)
select
    staged.incident_id,
    staged.crime_type,
    staged.ucr_code,
    staged.is_family_violence,
    staged.occurred_at,
    staged.occurred_date,
    staged.occurred_time,
    staged.occurred_month,
    staged.occurred_hour,
    staged.reported_at,
    staged.reported_date,
    staged.reported_time,
    staged.location_type,
    staged.council_district,
    staged.apd_sector,
    staged.apd_district,
    staged.clearance_status,
    staged.clearance_name,
    staged.clearance_date,
    staged.category_code,
    staged.category_name,
    staged.census_block_group_id,
    staged.source_month,
    staged.source_row_id,
    staged.source_updated_at
from staging.crimes as staged
inner join changed using (incident_id)
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
