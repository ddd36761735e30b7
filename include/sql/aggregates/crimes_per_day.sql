-- crimes_per_day: one row per day of occurrence, crime group and council district. From: staging.crimes_next, crime_groups_next.
truncate staging.crimes_per_day;

insert into staging.crimes_per_day (
    occurred_date, crime_group, council_district, report_count, with_status_count, cleared_count
)
with groups as materialized (
    select
        groups_next.crime_type,
        groups_next.crime_group
    from staging.crime_groups_next as groups_next
)

select
    crimes.occurred_date,
    coalesce(groups.crime_group, 'Not grouped yet') as crime_group,
    crimes.council_district,
    count(*) as report_count,
    count(crimes.clearance_status) as with_status_count,
    count(*) filter (where crimes.clearance_status in ('C', 'O')) as cleared_count
from staging.crimes_next as crimes
left join groups using (crime_type)
group by crimes.occurred_date, coalesce(groups.crime_group, 'Not grouped yet'), crimes.council_district;
