-- publish_changes: apply to mart.crimes what differs by key, and write it to ops.crime_changes. From: staging.
-- What is live next among the keys that this load touched; all other rows of mart.crimes stay as they are.
create temporary table touched on commit drop as
select next_crimes.*
from staging.crimes_next as next_crimes
where
    next_crimes.incident_id in (select replaced.incident_id from staging.replaced_crimes as replaced)
    or next_crimes.incident_id in (select staged.incident_id from staging.crimes as staged);

analyze touched;

-- A report whose content is the same is written only for its new id and stamp, and not in a month that was rewritten.
create temporary table edited on commit drop as
with compared as (
    select
        touched.incident_id,
        touched.source_month,
        (
            (
                touched.crime_type,
                touched.ucr_code,
                touched.is_family_violence,
                touched.occurred_at,
                touched.occurred_date,
                touched.occurred_time,
                touched.occurred_month,
                touched.occurred_hour,
                touched.reported_at,
                touched.reported_date,
                touched.reported_time,
                touched.location_type,
                touched.council_district,
                touched.apd_sector,
                touched.apd_district,
                touched.clearance_status,
                touched.clearance_name,
                touched.clearance_date,
                touched.category_code,
                touched.category_name,
                touched.census_block_group_id,
                touched.source_month
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
            (touched.source_row_id, touched.source_updated_at)
            is distinct from (held.source_row_id, held.source_updated_at)
        ) as has_new_source
    from touched
    inner join mart.crimes as held using (incident_id)
)

select
    compared.incident_id,
    compared.has_new_content
from compared
where
    compared.has_new_content
    or (
        compared.has_new_source
        and not exists (
            select 1 from staging.months as month
            where
                month.is_mostly_new
                and month.source_month is not distinct from compared.source_month
        )
    );

insert into ops.crime_changes (load_id, incident_id, change, differences)
select
    loads.load_id,
    edited.incident_id,
    'edited' as change,
    (
        select
            jsonb_object_agg(
                new_values.key, jsonb_build_object('old', old_values.value, 'new', new_values.value)
            )
        from jsonb_each(to_jsonb(touched)) as new_values
        inner join jsonb_each(to_jsonb(held)) as old_values using (key)
        where
            new_values.value is distinct from old_values.value
            and new_values.key not in ('source_row_id', 'source_updated_at')
    ) as differences
from edited
inner join touched using (incident_id)
inner join mart.crimes as held using (incident_id)
cross join ops.loads as loads
where
    loads.status = 'running'
    and edited.has_new_content;

insert into ops.crime_changes (load_id, incident_id, change, differences)
select
    loads.load_id,
    touched.incident_id,
    'added' as change,
    null as differences
from touched
cross join ops.loads as loads
where
    loads.status = 'running'
    and not exists (select 1 from mart.crimes as held where held.incident_id = touched.incident_id);

insert into ops.crime_changes (load_id, incident_id, change, differences)
select
    loads.load_id,
    held.incident_id,
    'removed' as change,
    to_jsonb(held) as differences
from mart.crimes as held
inner join staging.replaced_crimes as replaced using (incident_id)
cross join ops.loads as loads
where
    loads.status = 'running'
    and not exists (select 1 from touched where touched.incident_id = held.incident_id);

delete from mart.crimes as held
using staging.replaced_crimes as replaced
where
    held.incident_id = replaced.incident_id
    and not exists (select 1 from touched where touched.incident_id = held.incident_id);

update mart.crimes as held set
    crime_type = touched.crime_type,
    ucr_code = touched.ucr_code,
    is_family_violence = touched.is_family_violence,
    occurred_at = touched.occurred_at,
    occurred_date = touched.occurred_date,
    occurred_time = touched.occurred_time,
    occurred_month = touched.occurred_month,
    occurred_hour = touched.occurred_hour,
    reported_at = touched.reported_at,
    reported_date = touched.reported_date,
    reported_time = touched.reported_time,
    location_type = touched.location_type,
    council_district = touched.council_district,
    apd_sector = touched.apd_sector,
    apd_district = touched.apd_district,
    clearance_status = touched.clearance_status,
    clearance_name = touched.clearance_name,
    clearance_date = touched.clearance_date,
    category_code = touched.category_code,
    category_name = touched.category_name,
    census_block_group_id = touched.census_block_group_id,
    source_month = touched.source_month,
    source_row_id = touched.source_row_id,
    source_updated_at = touched.source_updated_at
from touched
inner join edited using (incident_id)
where held.incident_id = touched.incident_id;

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
    touched.incident_id,
    touched.crime_type,
    touched.ucr_code,
    touched.is_family_violence,
    touched.occurred_at,
    touched.occurred_date,
    touched.occurred_time,
    touched.occurred_month,
    touched.occurred_hour,
    touched.reported_at,
    touched.reported_date,
    touched.reported_time,
    touched.location_type,
    touched.council_district,
    touched.apd_sector,
    touched.apd_district,
    touched.clearance_status,
    touched.clearance_name,
    touched.clearance_date,
    touched.category_code,
    touched.category_name,
    touched.census_block_group_id,
    touched.source_month,
    touched.source_row_id,
    touched.source_updated_at
from touched
where not exists (select 1 from mart.crimes as held where held.incident_id = touched.incident_id);

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
