-- as_of: monthly counts as they stood on a past day, and what was changed in them after the fact. From: ops.month_changes.
create function mart.crimes_per_month_as_of_time(as_of_at timestamp with time zone)
returns table (
    occurred_month date,
    crime_type text,
    council_district smallint,
    report_count bigint,
    with_status_count bigint,
    cleared_count bigint
)
language sql stable
as $$
    select
        sides.occurred_month,
        sides.crime_type,
        sides.council_district,
        sum(sides.report_count)::bigint as report_count,
        sum(sides.with_status_count)::bigint as with_status_count,
        sum(sides.cleared_count)::bigint as cleared_count
    from (
        select
            live.occurred_month,
            live.crime_type,
            live.council_district,
            live.report_count,
            live.with_status_count,
            live.cleared_count
        from mart.crimes_per_month as live
        union all
        select
            later.occurred_month,
            later.crime_type,
            later.council_district,
            -later.report_count_change,
            -later.with_status_count_change,
            -later.cleared_count_change
        from ops.month_changes as later
        inner join ops.loads as loads using (load_id)
        where loads.status = 'published' and loads.finished_at > as_of_at
    ) as sides
    where
        as_of_at >= (
            select max(start.finished_at) from ops.loads as start
            where start.status = 'published' and start.starts_history
        )
    group by sides.occurred_month, sides.crime_type, sides.council_district
    having sum(sides.report_count) <> 0
$$;
comment on function mart.crimes_per_month_as_of_time is
'mart.crimes_per_month as it stood at a moment: today''s counts less what later loads changed. No rows, rather than zeros, before mart.completeness.history_starts_at.';

create function mart.crimes_per_month_as_of(as_of_date date)
returns table (
    occurred_month date,
    crime_type text,
    council_district smallint,
    report_count bigint,
    with_status_count bigint,
    cleared_count bigint
)
language sql stable
as $$
    select
        counts.occurred_month,
        counts.crime_type,
        counts.council_district,
        counts.report_count,
        counts.with_status_count,
        counts.cleared_count
    from mart.crimes_per_month_as_of_time(
        ((as_of_date + 1)::timestamp at time zone 'America/Chicago') - interval '1 microsecond'
    ) as counts
$$;
comment on function mart.crimes_per_month_as_of is
'mart.crimes_per_month as it stood at the end of a day, Austin. No rows, rather than zeros, before mart.completeness.history_starts_at.';

create view mart.month_revisions as
with changes as (
    select
        changes.occurred_month,
        loads.finished_at,
        sum(changes.report_count_change)::bigint as report_count_change,
        sum(changes.cleared_count_change)::bigint as cleared_count_change
    from ops.month_changes as changes
    inner join ops.loads as loads using (load_id)
    where
        loads.status = 'published'
        and loads.finished_at > (
            select max(start.finished_at) from ops.loads as start
            where start.status = 'published' and start.starts_history
        )
    group by changes.occurred_month, loads.finished_at
),

moments as (
    select
        months.occurred_month,
        months.report_count,
        months.cleared_count,
        steps.days_since,
        (
            ((months.occurred_month + interval '1 month')::date + steps.days_since)::timestamp
            at time zone 'America/Chicago'
        ) as as_of_at
    from (
        select
            counts.occurred_month,
            sum(counts.report_count)::bigint as report_count,
            sum(counts.cleared_count)::bigint as cleared_count
        from mart.crimes_per_month_and_group as counts
        where counts.occurred_month is not null
        group by counts.occurred_month
    ) as months
    cross join (values (0), (7), (14), (30), (60), (90), (180), (365), (730)) as steps (days_since)
),

known as (
    select moments.*
    from moments
    cross join mart.completeness
    cross join mart.data_status as status
    where moments.as_of_at >= completeness.history_starts_at and moments.as_of_at <= status.published_at
),

states as (
    select
        known.occurred_month,
        known.days_since,
        known.as_of_at,
        known.report_count - coalesce(sum(changes.report_count_change), 0)::bigint as report_count,
        known.cleared_count - coalesce(sum(changes.cleared_count_change), 0)::bigint as cleared_count,
        known.report_count as report_count_now,
        known.cleared_count as cleared_count_now
    from known
    left join changes on known.occurred_month = changes.occurred_month and known.as_of_at < changes.finished_at
    group by known.occurred_month, known.days_since, known.as_of_at, known.report_count, known.cleared_count
)

select
    states.occurred_month,
    states.days_since,
    states.as_of_at,
    states.report_count,
    states.report_count_now - states.report_count as report_count_change,
    states.cleared_count,
    states.cleared_count_now - states.cleared_count as cleared_count_change
from states;
comment on view mart.month_revisions is
'One row per month of occurrence and number of days since its end, as far as the history reaches: how many reports and clearances were published then, and how many have come or gone since, by late reports and by changes of the police. From ops.month_changes.';
comment on column mart.month_revisions.occurred_month is 'First day of the month of occurrence.';
comment on column mart.month_revisions.days_since is 'Days since the end of the month: 0, 7, 14, 30, 60, 90, 180, 365 or 730.';
comment on column mart.month_revisions.as_of_at is 'The end of that day in Austin, UTC.';
comment on column mart.month_revisions.report_count is 'Incident reports as published then.';
comment on column mart.month_revisions.report_count_change is 'Incident reports that have come since, less those that have gone.';
comment on column mart.month_revisions.cleared_count is 'Cleared incident reports as published then.';
comment on column mart.month_revisions.cleared_count_change is 'Cleared incident reports that have come since, less those that have gone.';
