-- dates_out_of_range: percent of reports dated before 2003 or after the day of the load, beyond ten. From: ops.column_profiles.
select
    profile.column_name as subject,
    coalesce(
        round(100.0 * greatest(profile.outside_count - 10, 0) / nullif(profile.report_count, 0), 4), 0
    ) as observed
from ops.loads as loads
inner join ops.column_profiles as profile using (load_id)
where
    loads.status = 'running'
    and profile.outside_count is not null;
