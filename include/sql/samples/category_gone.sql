-- category_gone: published reports of a crime type, the newest first. From: mart.crimes.
select
    incident_id,
    crime_type,
    occurred_date,
    reported_date,
    council_district
from mart.crimes
where coalesce(crime_type, 'without a crime type') = %(subject)s
order by reported_date desc nulls last, incident_id desc
limit 5;
