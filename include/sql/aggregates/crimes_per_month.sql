-- crimes_per_month: one row per month of occurrence, crime type and council district. From: staging.crimes_next.
truncate staging.crimes_per_month;

insert into staging.crimes_per_month (
    occurred_month, crime_type, council_district, report_count, with_status_count, cleared_count
)
select
    crimes.occurred_month,
    crimes.crime_type,
    crimes.council_district,
    count(*) as report_count,
    count(crimes.clearance_status) as with_status_count,
    count(*) filter (where crimes.clearance_status in ('C', 'O')) as cleared_count
from staging.crimes_next as crimes
group by crimes.occurred_month, crimes.crime_type, crimes.council_district;
