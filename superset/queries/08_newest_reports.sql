-- 08 The newest reports, one row each
-- mart.crimes has one row per incident report. Times are Austin wall time, without a zone; a time that the
-- source writes unreadably is null, while the date stays.
select
    crimes.incident_id,
    crimes.reported_at,
    crimes.occurred_at,
    crimes.crime_type,
    crimes.location_type,
    crimes.council_district,
    crimes.clearance_name
from mart.crimes as crimes
where crimes.reported_at is not null
order by crimes.reported_at desc
limit 100
