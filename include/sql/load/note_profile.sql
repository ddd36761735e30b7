-- note_profile: keep what profile_all or profile_changes found. From: the temporary table profile, staging, ops.loads.
delete from ops.column_profiles
where load_id in (select loads.load_id from ops.loads as loads where loads.status = 'running');

insert into ops.column_profiles (load_id, column_name, report_count, filled_count, newest_date, outside_count)
select
    loads.load_id,
    filled.key as column_name,
    profile.report_count,
    filled.value::bigint as filled_count,
    case filled.key when 'reported_date' then newest.reported_date end as newest_date,
    case filled.key
        when 'occurred_date' then profile.occurred_outside_count
        when 'reported_date' then profile.reported_outside_count
    end as outside_count
from profile
cross join ops.loads as loads
cross join staging.newest_report as newest
cross join lateral jsonb_each_text(profile.filled_counts) as filled
where loads.status = 'running';
