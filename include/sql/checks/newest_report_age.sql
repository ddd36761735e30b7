-- newest_report_age: days between the newest report and the portal's last update. From: ops.column_profiles, ops.loads.
select
    null as subject,
    coalesce((loads.portal_updated_at at time zone 'America/Chicago')::date - profile.newest_date, 0) as observed
from ops.loads as loads
inner join ops.column_profiles as profile using (load_id)
where
    loads.status = 'running'
    and profile.column_name = 'reported_date';
