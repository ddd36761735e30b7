-- types: the ten most common crime types of the last twelve months. From: mart.crimes, mart.completeness.
select
    crimes.crime_type,
    count(*) as report_count,
    (100.0 * count(*) / sum(count(*)) over ())::float as report_pct
from mart.crimes
cross join (
    select
        (completeness.newest_complete_date - interval '1 year')::date + 1 as first_date,
        completeness.newest_complete_date as last_date
    from mart.completeness
) as period
where
    crimes.occurred_month between date_trunc('month', period.first_date) and period.last_date
    and crimes.occurred_date between period.first_date and period.last_date
group by crimes.crime_type
order by count(*) desc, crimes.crime_type
limit 10;
