-- reports_removed: published reports that would disappear, the newest first. From: mart.crimes, staging.
select
    held.incident_id,
    held.crime_type,
    held.occurred_date,
    held.reported_date,
    held.council_district
from mart.crimes as held
inner join staging.replaced_crimes as replaced using (incident_id)
where
    not exists (
        select 1 from staging.crimes as staged
        where staged.incident_id = held.incident_id
    )
order by held.reported_date desc nulls last, held.incident_id desc
limit 5;
