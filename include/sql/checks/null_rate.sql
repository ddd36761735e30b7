-- null_rate: percentage points by which a column has more nulls than in the last published load. From: ops.column_profiles.
select
    next_profile.column_name as subject,
    coalesce(
        round(
            100.0 * last_profile.filled_count / nullif(last_profile.report_count, 0)
            - 100.0 * next_profile.filled_count / nullif(next_profile.report_count, 0),
            2
        ),
        0
    ) as observed
from ops.loads as loads
inner join ops.column_profiles as next_profile using (load_id)
left join ops.column_profiles as last_profile
    on
        loads.planned_against = last_profile.load_id
        and next_profile.column_name = last_profile.column_name
where loads.status = 'running';
