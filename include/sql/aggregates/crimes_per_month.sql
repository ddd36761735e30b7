-- crimes_per_month: one row per month of occurrence, crime type and council district. From: mart.crimes_per_month, staging.
-- What the load changes is added to the published counts. All is counted anew in the first load of a week, if most reports are
-- fetched, and if the sums do not add up or are not the portal's.
truncate staging.crimes_per_month, staging.count_changes, staging.counted_anew;

insert into staging.counted_anew (table_name)
select 'crimes_per_month' as table_name
from ops.loads as running
where
    running.status = 'running'
    and (
        not exists (
            select 1 from ops.loads as earlier
            where
                earlier.status = 'published'
                and earlier.finished_at >= date_trunc('week', running.started_at, 'America/Chicago')
        )
        or 5 * (select count(*) from staging.crimes)
        >= (select coalesce(sum(month.portal_count), 0) from staging.months as month)
    );

insert into staging.count_changes (
    occurred_month, occurred_date, occurred_hour, is_default_time, crime_type, council_district, report_count,
    with_status_count, cleared_count
)
with reports as (
    select
        staged.occurred_month,
        staged.occurred_date,
        staged.occurred_hour,
        staged.occurred_time,
        staged.crime_type,
        staged.council_district,
        staged.clearance_status,
        1 as change
    from staging.crimes as staged
    union all
    select
        held.occurred_month,
        held.occurred_date,
        held.occurred_hour,
        held.occurred_time,
        held.crime_type,
        held.council_district,
        held.clearance_status,
        -1 as change
    from staging.replaced_crimes as replaced
    inner join mart.crimes as held using (incident_id)
),

changes as (
    select
        reports.occurred_month,
        reports.occurred_date,
        reports.occurred_hour,
        coalesce(reports.occurred_time in ('00:00', '00:01', '12:00'), false) as is_default_time,
        reports.crime_type,
        reports.council_district,
        sum(reports.change) as report_count,
        coalesce(sum(reports.change) filter (where reports.clearance_status is not null), 0) as with_status_count,
        coalesce(sum(reports.change) filter (where reports.clearance_status in ('C', 'O')), 0) as cleared_count
    from reports
    where not exists (select 1 from staging.counted_anew)
    group by
        reports.occurred_month,
        reports.occurred_date,
        reports.occurred_hour,
        coalesce(reports.occurred_time in ('00:00', '00:01', '12:00'), false),
        reports.crime_type,
        reports.council_district
)

select changes.*
from changes
where (changes.report_count, changes.with_status_count, changes.cleared_count) <> (0, 0, 0);

analyze staging.count_changes;

insert into staging.crimes_per_month (
    occurred_month, crime_type, council_district, report_count, with_status_count, cleared_count
)
with counts as (
    select
        published.occurred_month,
        published.crime_type,
        published.council_district,
        published.report_count,
        published.with_status_count,
        published.cleared_count
    from mart.crimes_per_month as published
    union all
    select
        changes.occurred_month,
        changes.crime_type,
        changes.council_district,
        changes.report_count,
        changes.with_status_count,
        changes.cleared_count
    from staging.count_changes as changes
)

select
    counts.occurred_month,
    counts.crime_type,
    counts.council_district,
    sum(counts.report_count) as report_count,
    sum(counts.with_status_count) as with_status_count,
    sum(counts.cleared_count) as cleared_count
from counts
where not exists (select 1 from staging.counted_anew)
group by counts.occurred_month, counts.crime_type, counts.council_district
having (sum(counts.report_count), sum(counts.with_status_count), sum(counts.cleared_count)) <> (0, 0, 0);

insert into staging.counted_anew (table_name)
select 'crimes_per_month' as table_name
where
    (select coalesce(sum(months.report_count), 0) from staging.crimes_per_month as months)
    <> (select detail.report_count from staging.next_count as detail)
    or exists (
        select 1 from staging.crimes_per_month as months
        where
            months.report_count <= 0
            or months.with_status_count not between 0 and months.report_count
            or months.cleared_count not between 0 and months.with_status_count
    )
    or (
        exists (select 1 from staging.portal_counts)
        and exists (
            select 1 from staging.reconciliation as compared
            where compared.portal_count <> compared.published_count + compared.rejected_count
        )
    );

delete from staging.crimes_per_month
where exists (select 1 from staging.counted_anew);

insert into staging.crimes_per_month (
    occurred_month, crime_type, council_district, report_count, with_status_count, cleared_count
)
select
    crimes.occurred_month,
    crimes.crime_type,
    crimes.council_district,
    count(*) as report_count,
    count(crimes.clearance_status) as with_status_count,
    count(*) filter (where crimes.clearance_status in ('C', 'O')) as cleared_count
from staging.crimes_next as crimes
where exists (select 1 from staging.counted_anew)
group by crimes.occurred_month, crimes.crime_type, crimes.council_district;
