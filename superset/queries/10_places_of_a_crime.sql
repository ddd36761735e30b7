-- 10 Where a crime happens: kinds of places
-- Change the condition to another crime type; "like" with % finds a word inside. Locations are labels as sent,
-- null where there is none.
select
    coalesce(crimes.location_type, 'unknown') as location_type,
    count(*) as report_count,
    round(100.0 * count(*) / sum(count(*)) over (), 1) as report_pct
from mart.crimes as crimes
where crimes.crime_type like '%THEFT%'
group by coalesce(crimes.location_type, 'unknown')
order by report_count desc
