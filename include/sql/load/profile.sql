-- profile: how filled each column of what would be live is, and its newest report. From: staging.crimes_next.
-- The newest report is never after the day of the load. Up to ten reports, and one in a hundred, that lie more than three weeks
-- after all others are taken for mistyped and do not count.
create temporary table newest_dates on commit drop as
with today as (
    select (started_at at time zone 'America/Chicago')::date as load_date
    from ops.loads
    where status = 'running'
),

newest as (
    select next_crimes.reported_date
    from staging.crimes_next as next_crimes
    where next_crimes.reported_date <= (select today.load_date from today)
    order by next_crimes.reported_date desc
    limit 11
)

select
    newest.reported_date,
    row_number() over (order by newest.reported_date desc) as place,
    newest.reported_date - lead(newest.reported_date) over (order by newest.reported_date desc) as days_to_next
from newest;

create temporary table profile on commit drop as
with today as (
    select (started_at at time zone 'America/Chicago')::date as load_date
    from ops.loads
    where status = 'running'
)

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
    count(census_block_group_id) as census_block_group_id,
    count(*) filter (
        where occurred_date < '2003-01-01' or occurred_date > (select today.load_date from today)
    ) as occurred_outside_count,
    count(*) filter (
        where reported_date < '2003-01-01' or reported_date > (select today.load_date from today)
    ) as reported_outside_count
from staging.crimes_next;

delete from ops.column_profiles
where load_id in (select loads.load_id from ops.loads as loads where loads.status = 'running');

insert into ops.column_profiles (load_id, column_name, report_count, filled_count, newest_date, outside_count)
select
    loads.load_id,
    columns.column_name,
    profile.report_count,
    columns.filled_count,
    columns.newest_date,
    columns.outside_count
from profile
cross join ops.loads as loads
cross join
    lateral (
        select max(every.reported_date) as reported_date
        from newest_dates as every
        where every.place > (
            select coalesce(max(lone.place), 0) from newest_dates as lone
            where lone.place <= least(10, profile.report_count / 100) and lone.days_to_next > 21
        )
    ) as newest
cross join
    lateral (
        values
        ('crime_type', profile.crime_type, null::date, null::bigint),
        ('ucr_code', profile.ucr_code, null, null),
        ('is_family_violence', profile.is_family_violence, null, null),
        ('occurred_at', profile.occurred_at, null, null),
        ('occurred_date', profile.occurred_date, null, profile.occurred_outside_count),
        ('occurred_time', profile.occurred_time, null, null),
        ('occurred_hour', profile.occurred_hour, null, null),
        ('reported_at', profile.reported_at, null, null),
        ('reported_date', profile.reported_date, newest.reported_date, profile.reported_outside_count),
        ('reported_time', profile.reported_time, null, null),
        ('location_type', profile.location_type, null, null),
        ('council_district', profile.council_district, null, null),
        ('apd_sector', profile.apd_sector, null, null),
        ('apd_district', profile.apd_district, null, null),
        ('clearance_status', profile.clearance_status, null, null),
        ('clearance_date', profile.clearance_date, null, null),
        ('category_code', profile.category_code, null, null),
        ('category_name', profile.category_name, null, null),
        ('census_block_group_id', profile.census_block_group_id, null, null)
    ) as columns (column_name, filled_count, newest_date, outside_count)
where loads.status = 'running';
