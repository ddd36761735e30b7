-- crimes_per_day: one row per day of occurrence, crime group and council district. From: mart, staging.
-- It has three quarters of a million rows. It is counted anew, too, if a crime type has another group.
truncate staging.crimes_per_day;

insert into staging.crimes_per_day (
    occurred_date, crime_group, council_district, report_count, with_status_count, cleared_count
)
with groups as materialized (
    select
        groups_next.crime_type,
        groups_next.crime_group
    from staging.crime_groups_next as groups_next
),

counts as (
    select
        published.occurred_date,
        published.crime_group,
        published.council_district,
        published.report_count,
        published.with_status_count,
        published.cleared_count
    from mart.crimes_per_day as published
    union all
    select
        changes.occurred_date,
        -- A type of which no report is left has the group that it had.
        coalesce(groups.crime_group, groups_before.crime_group, 'Not grouped yet') as crime_group,
        changes.council_district,
        changes.report_count,
        changes.with_status_count,
        changes.cleared_count
    from staging.count_changes as changes
    left join groups using (crime_type)
    left join mart.crime_groups as groups_before using (crime_type)
)

select
    counts.occurred_date,
    counts.crime_group,
    counts.council_district,
    sum(counts.report_count) as report_count,
    sum(counts.with_status_count) as with_status_count,
    sum(counts.cleared_count) as cleared_count
from counts
where
    not exists (select 1 from staging.counted_anew as anew where anew.table_name = 'crimes_per_month')
    and not exists (
        select 1
        from groups
        inner join mart.crime_groups as groups_before on groups.crime_type is not distinct from groups_before.crime_type
        where groups.crime_group <> groups_before.crime_group
    )
group by counts.occurred_date, counts.crime_group, counts.council_district
having (sum(counts.report_count), sum(counts.with_status_count), sum(counts.cleared_count)) <> (0, 0, 0);

insert into staging.counted_anew (table_name)
select 'crimes_per_day' as table_name
where
    (select coalesce(sum(counts.report_count), 0) from staging.crimes_per_day as counts)
    <> (select coalesce(sum(months.report_count), 0) from staging.crimes_per_month as months)
    or exists (
        select 1 from staging.crimes_per_day as counts
        where
            counts.report_count <= 0
            or counts.with_status_count not between 0 and counts.report_count
            or counts.cleared_count not between 0 and counts.with_status_count
    );

delete from staging.crimes_per_day
where exists (select 1 from staging.counted_anew as anew where anew.table_name = 'crimes_per_day');

insert into staging.crimes_per_day (
    occurred_date, crime_group, council_district, report_count, with_status_count, cleared_count
)
with groups as materialized (
    select
        groups_next.crime_type,
        groups_next.crime_group
    from staging.crime_groups_next as groups_next
)

select
    crimes.occurred_date,
    coalesce(groups.crime_group, 'Not grouped yet') as crime_group,
    crimes.council_district,
    count(*) as report_count,
    count(crimes.clearance_status) as with_status_count,
    count(*) filter (where crimes.clearance_status in ('C', 'O')) as cleared_count
from staging.crimes_next as crimes
left join groups using (crime_type)
where exists (select 1 from staging.counted_anew as anew where anew.table_name = 'crimes_per_day')
group by crimes.occurred_date, coalesce(groups.crime_group, 'Not grouped yet'), crimes.council_district;
