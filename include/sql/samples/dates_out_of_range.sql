-- dates_out_of_range: reports to publish whose {column} lies before 2003 or in the future. From: staging.crimes_next.
select
    incident_id,
    crime_type,
    occurred_date,
    reported_date,
    council_district
from staging.crimes_next
where {column} < '2003-01-01' or {column} > (now() at time zone 'America/Chicago')::date
order by incident_id desc
limit 5;
