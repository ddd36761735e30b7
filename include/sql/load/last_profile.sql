-- last_profile: whether the last load's profile can be added to: it has all columns, and was of as many reports as are held.
-- %(columns)s: the profiled columns.
select
    exists (select 1 from staging.added_to where added_to.table_name = 'crimes_per_month')
    and (
        select count(*)
        from ops.loads as running
        inner join ops.column_profiles as profile on running.planned_against = profile.load_id
        where
            running.status = 'running'
            and profile.column_name = any(%(columns)s)
            and profile.report_count = (select sum(held.report_count) from staging.held_months as held)
    ) = cardinality(%(columns)s) as is_added_to;
