-- csv_copy: the exported texts as typed crimes, the newest row of each key. From: exported_crimes.
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
select distinct on (exported.incident_report_number::bigint)
    exported.incident_report_number::bigint as incident_id,
    exported.crime_type,
    exported.ucr_code::integer as ucr_code,
    exported.family_violence = 'Y' as is_family_violence,
    exported.occ_date_time::timestamp as occurred_at,
    exported.occ_date::timestamp::date as occurred_date,
    case
        when exported.occ_time::integer < 2400 and exported.occ_time::integer % 100 < 60
            then make_time(exported.occ_time::integer / 100, exported.occ_time::integer % 100, 0)
    end as occurred_time,
    date_trunc('month', exported.occ_date::timestamp)::date as occurred_month,
    case
        when exported.occ_time::integer < 2400 and exported.occ_time::integer % 100 < 60
            then exported.occ_time::integer / 100
    end as occurred_hour,
    exported.rep_date_time::timestamp as reported_at,
    exported.rep_date::timestamp::date as reported_date,
    case
        when exported.rep_time::integer < 2400 and exported.rep_time::integer % 100 < 60
            then make_time(exported.rep_time::integer / 100, exported.rep_time::integer % 100, 0)
    end as reported_time,
    exported.location_type,
    case when exported.council_district::integer between 1 and 10 then exported.council_district::integer end
        as council_district,
    exported.sector as apd_sector,
    exported.district as apd_district,
    exported.clearance_status,
    case exported.clearance_status
        when 'N' then 'Not cleared' when 'O' then 'Cleared by exception' when 'C' then 'Cleared by arrest'
    end as clearance_name,
    exported.clearance_date::timestamp::date as clearance_date,
    exported.ucr_category as category_code,
    exported.category_description as category_name,
    '48' || lpad(exported.census_block_group, 10, '0') as census_block_group_id,
    date_trunc('month', exported.rep_date::timestamp)::date as source_month,
    exported.row_id as source_row_id,
    exported.updated_at::timestamptz as source_updated_at
from exported_crimes as exported
where exported.incident_report_number is not null
order by
    exported.incident_report_number::bigint,
    exported.updated_at::timestamptz desc,
    exported.row_id collate "C" desc;
