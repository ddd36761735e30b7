-- null_rate: fetched reports in which {column} is empty and was not before, or is empty in a new report. From: mart, staging.
select
    staged.incident_id,
    staged.crime_type,
    staged.occurred_date,
    staged.reported_date,
    staged.council_district
from staging.crimes as staged
left join mart.crimes as held using (incident_id)
where staged.{column} is null and (held.incident_id is null or held.{column} is not null)
order by staged.reported_date desc nulls last, staged.incident_id desc
limit 5;
