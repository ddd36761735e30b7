-- column_profiles: how filled each column is, kept with every load: what the next load is compared with.
create table ops.column_profiles (
    load_id text not null references ops.loads (load_id),
    column_name text not null,
    report_count bigint not null,
    filled_count bigint not null,
    newest_date date,
    outside_count bigint,
    primary key (load_id, column_name)
);
comment on table ops.column_profiles is
'One row per load and column of mart.crimes: how filled it is, or would have been had a check not blocked the load.';
comment on column ops.column_profiles.load_id is 'The load.';
comment on column ops.column_profiles.column_name is 'Column of mart.crimes.';
comment on column ops.column_profiles.report_count is 'Reports.';
comment on column ops.column_profiles.filled_count is 'Reports in which the column is not null.';
comment on column ops.column_profiles.newest_date is 'Of the report date: the newest.';
comment on column ops.column_profiles.outside_count is
'Of the dates of occurrence and report: those before 2003 or after the day of the load.';

insert into ops.column_profiles (load_id, column_name, report_count, filled_count)
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
)

select
    status.load_id,
    columns.column_name,
    held.report_count,
    columns.filled_count
from held
cross join mart.data_status as status
cross join
    lateral (
        values
        ('crime_type', held.crime_type),
        ('ucr_code', held.ucr_code),
        ('is_family_violence', held.is_family_violence),
        ('occurred_at', held.occurred_at),
        ('occurred_date', held.occurred_date),
        ('occurred_time', held.occurred_time),
        ('occurred_hour', held.occurred_hour),
        ('reported_at', held.reported_at),
        ('reported_date', held.reported_date),
        ('reported_time', held.reported_time),
        ('location_type', held.location_type),
        ('council_district', held.council_district),
        ('apd_sector', held.apd_sector),
        ('apd_district', held.apd_district),
        ('clearance_status', held.clearance_status),
        ('clearance_date', held.clearance_date),
        ('category_code', held.category_code),
        ('category_name', held.category_name),
        ('census_block_group_id', held.census_block_group_id)
    ) as columns (column_name, filled_count)
where status.load_id is not null;
