-- unreadable_values: fetched reports in which {column} is empty, as an unreadable value becomes. From: staging.crimes.
select
    incident_id,
    crime_type,
    occurred_date,
    reported_date,
    council_district
from staging.crimes
where {column} is null
order by reported_date desc nulls last, incident_id desc
limit 5;
