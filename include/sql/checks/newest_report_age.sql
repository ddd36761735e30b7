-- newest_report_age: days between the newest report and the portal's last update. From: staging.crimes_next, ops.loads.
select
    null as subject,
    coalesce((loads.portal_updated_at at time zone 'America/Chicago')::date - newest.reported_date, 0) as observed
from ops.loads as loads
cross join (select max(reported_date) as reported_date from staging.crimes_next) as newest
where loads.status = 'running';
