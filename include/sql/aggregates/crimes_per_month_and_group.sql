-- crimes_per_month_and_group: one row per month, group and district. From: staging.next_crimes_per_month, crime_groups_next.
truncate staging.crimes_per_month_and_group;

insert into staging.crimes_per_month_and_group (
    occurred_month, crime_group, council_district, report_count, with_status_count, cleared_count
)
with groups as materialized (
    select
        crime_groups_next.crime_type,
        crime_groups_next.crime_group
    from staging.crime_groups_next
)

select
    crimes.occurred_month,
    coalesce(groups.crime_group, 'Not grouped yet') as crime_group,
    crimes.council_district,
    sum(crimes.report_count) as report_count,
    sum(crimes.with_status_count) as with_status_count,
    sum(crimes.cleared_count) as cleared_count
from staging.next_crimes_per_month as crimes
left join groups using (crime_type)
group by crimes.occurred_month, coalesce(groups.crime_group, 'Not grouped yet'), crimes.council_district
having sum(crimes.report_count) <> 0;
