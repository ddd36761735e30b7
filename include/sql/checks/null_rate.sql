-- null_rate: by how many percentage points a column has more nulls than published. From: mart.crimes, staging.crimes_next.
with held as (
    select
        count(*) as report_count,
        count(crime_type) as crime_type,
        count(ucr_code) as ucr_code,
        count(is_family_violence) as is_family_violence,
        count(occurred_at) as occurred_at,
        count(occurred_date) as occurred_date,
        count(occurred_time) as occurred_time,
        count(occurred_hour) as occurred_hour,
        count(reported_at) as reported_at,
        count(reported_date) as reported_date,
        count(reported_time) as reported_time,
        count(location_type) as location_type,
        count(council_district) as council_district,
        count(apd_sector) as apd_sector,
        count(apd_district) as apd_district,
        count(clearance_status) as clearance_status,
        count(clearance_date) as clearance_date,
        count(category_code) as category_code,
        count(category_name) as category_name,
        count(census_block_group_id) as census_block_group_id
    from mart.crimes
),

next_reports as (
    select
        count(*) as report_count,
        count(crime_type) as crime_type,
        count(ucr_code) as ucr_code,
        count(is_family_violence) as is_family_violence,
        count(occurred_at) as occurred_at,
        count(occurred_date) as occurred_date,
        count(occurred_time) as occurred_time,
        count(occurred_hour) as occurred_hour,
        count(reported_at) as reported_at,
        count(reported_date) as reported_date,
        count(reported_time) as reported_time,
        count(location_type) as location_type,
        count(council_district) as council_district,
        count(apd_sector) as apd_sector,
        count(apd_district) as apd_district,
        count(clearance_status) as clearance_status,
        count(clearance_date) as clearance_date,
        count(category_code) as category_code,
        count(category_name) as category_name,
        count(census_block_group_id) as census_block_group_id
    from staging.crimes_next
)

select
    columns.subject,
    coalesce(
        round(
            100.0 * columns.held_count / nullif(held.report_count, 0)
            - 100.0 * columns.next_count / nullif(next_reports.report_count, 0),
            2
        ),
        0
    ) as observed
from held
cross join next_reports
cross join lateral (
    values
    ('crime_type', held.crime_type, next_reports.crime_type),
    ('ucr_code', held.ucr_code, next_reports.ucr_code),
    ('is_family_violence', held.is_family_violence, next_reports.is_family_violence),
    ('occurred_at', held.occurred_at, next_reports.occurred_at),
    ('occurred_date', held.occurred_date, next_reports.occurred_date),
    ('occurred_time', held.occurred_time, next_reports.occurred_time),
    ('occurred_hour', held.occurred_hour, next_reports.occurred_hour),
    ('reported_at', held.reported_at, next_reports.reported_at),
    ('reported_date', held.reported_date, next_reports.reported_date),
    ('reported_time', held.reported_time, next_reports.reported_time),
    ('location_type', held.location_type, next_reports.location_type),
    ('council_district', held.council_district, next_reports.council_district),
    ('apd_sector', held.apd_sector, next_reports.apd_sector),
    ('apd_district', held.apd_district, next_reports.apd_district),
    ('clearance_status', held.clearance_status, next_reports.clearance_status),
    ('clearance_date', held.clearance_date, next_reports.clearance_date),
    ('category_code', held.category_code, next_reports.category_code),
    ('category_name', held.category_name, next_reports.category_name),
    ('census_block_group_id', held.census_block_group_id, next_reports.census_block_group_id)
) as columns (subject, held_count, next_count);
