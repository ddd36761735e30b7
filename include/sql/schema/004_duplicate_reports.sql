-- Losers of a key leave staging.crimes: crimes_next then takes staged rows as they lie, without a condition on each.
create unlogged table staging.duplicate_reports (like staging.crimes including comments);
comment on table staging.duplicate_reports is
'Fetched reports whose key a newer one has; they return to staging.crimes whenever keys are settled anew.';

create or replace view staging.crimes_next as
select
    held.incident_id,
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
    held.source_month,
    held.source_row_id,
    held.source_updated_at
from mart.crimes as held
where
    not exists (
        select 1 from staging.replaced_crimes as replaced
        where replaced.incident_id = held.incident_id
    )
union all
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
from staging.crimes as staged;
