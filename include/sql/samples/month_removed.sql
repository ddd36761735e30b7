-- month_removed: published reports of a month, the newest first. From: mart.crimes.
select
    incident_id,
    crime_type,
    occurred_date,
    reported_date,
    council_district
from mart.crimes
where coalesce(to_char(source_month, 'YYYY-MM'), 'without a date') = %(subject)s
order by reported_date desc nulls last, incident_id desc
limit 5;
