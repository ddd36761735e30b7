-- crime_counts: one row per day or month, crime type and council district. From: staging.next_crimes_per_month, crimes_next.
truncate staging.crime_counts;

insert into staging.crime_counts (
    occurred_date, crime_type, crime_group, council_district, report_count, with_status_count, cleared_count
)
with counts as (
    select
        months.occurred_month as occurred_date,
        months.crime_type,
        months.council_district,
        sum(months.report_count)::bigint as report_count,
        sum(months.with_status_count)::bigint as with_status_count,
        sum(months.cleared_count)::bigint as cleared_count
    from staging.next_crimes_per_month as months
    where
        months.occurred_month is null
        or (months.occurred_month >= (select first_day.occurred_date from staging.first_day)) is not true
    group by months.occurred_month, months.crime_type, months.council_district
    having sum(months.report_count) <> 0
    union all
    select
        crimes.occurred_date,
        crimes.crime_type,
        crimes.council_district,
        count(*) as report_count,
        count(crimes.clearance_status) as with_status_count,
        count(*) filter (where crimes.clearance_status in ('C', 'O')) as cleared_count
    from staging.crimes_next as crimes
    where crimes.occurred_date >= (select first_day.occurred_date from staging.first_day)
    group by crimes.occurred_date, crimes.crime_type, crimes.council_district
)

select
    counts.occurred_date,
    counts.crime_type,
    coalesce(groups.crime_group, 'Not grouped yet') as crime_group,
    counts.council_district,
    counts.report_count,
    counts.with_status_count,
    counts.cleared_count
from counts
left join staging.crime_groups_next as groups using (crime_type);
