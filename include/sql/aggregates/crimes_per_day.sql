-- crimes_per_day: one row per day of occurrence, crime group and council district. From: staging.crimes_next, crime_groups_next.
-- It has three quarters of a million rows. Days on which no report is counted otherwise stay as published; all are counted
-- anew if a crime type has another group, if nothing is held, or if the sum is not that of crimes_per_month.
truncate staging.crimes_per_day, staging.touched_days;

insert into staging.touched_days (occurred_date)
with counted_otherwise as (
    select
        staged.occurred_date as day_now,
        held.occurred_date as day_before
    from staging.crimes as staged
    left join mart.crimes as held using (incident_id)
    where
        (staged.occurred_date, staged.crime_type, staged.council_district, staged.clearance_status)
        is distinct from (held.occurred_date, held.crime_type, held.council_district, held.clearance_status)
)

select counted_otherwise.day_now from counted_otherwise
union
select counted_otherwise.day_before from counted_otherwise
union
select held.occurred_date
from staging.replaced_crimes as replaced
inner join mart.crimes as held using (incident_id)
where
    not exists (
        select 1 from staging.crimes as staged
        where staged.incident_id = replaced.incident_id
    );

analyze staging.touched_days;

insert into staging.crimes_per_day (
    occurred_date, crime_group, council_district, report_count, with_status_count, cleared_count
)
with groups as materialized (
    select
        crime_groups_next.crime_type,
        crime_groups_next.crime_group
    from staging.crime_groups_next
),

may_keep_days as materialized (
    select
        exists (select 1 from mart.crimes)
        and (select sum(month.portal_count) from staging.months as month)
        > 5 * (select count(*) from staging.crimes)
        and not exists (
            select 1
            from groups
            inner join mart.crime_groups as published on groups.crime_type is not distinct from published.crime_type
            where groups.crime_group <> published.crime_group
        ) as is_allowed
)

select
    published.occurred_date,
    published.crime_group,
    published.council_district,
    published.report_count,
    published.with_status_count,
    published.cleared_count
from mart.crimes_per_day as published
where
    (select may_keep_days.is_allowed from may_keep_days)
    and published.occurred_date is not null
    and published.occurred_date not in (
        select touched_days.occurred_date from staging.touched_days
        where touched_days.occurred_date is not null
    )
union all
select
    crimes.occurred_date,
    coalesce(groups.crime_group, 'Not grouped yet') as crime_group,
    crimes.council_district,
    count(*) as report_count,
    count(crimes.clearance_status) as with_status_count,
    count(*) filter (where crimes.clearance_status in ('C', 'O')) as cleared_count
from staging.crimes_next as crimes
left join groups using (crime_type)
where
    (select may_keep_days.is_allowed from may_keep_days)
    and (
        crimes.occurred_date is null
        or crimes.occurred_date in (
            select touched_days.occurred_date from staging.touched_days
            where touched_days.occurred_date is not null
        )
    )
group by crimes.occurred_date, coalesce(groups.crime_group, 'Not grouped yet'), crimes.council_district;

delete from staging.crimes_per_day
where
    (select sum(days.report_count) from staging.crimes_per_day as days)
    <> (select sum(months.report_count) from staging.crimes_per_month as months);

-- 'infinity' stands for all days.
insert into staging.touched_days (occurred_date)
select 'infinity' as occurred_date
where not exists (select 1 from staging.crimes_per_day);

insert into staging.crimes_per_day (
    occurred_date, crime_group, council_district, report_count, with_status_count, cleared_count
)
with groups as materialized (
    select
        crime_groups_next.crime_type,
        crime_groups_next.crime_group
    from staging.crime_groups_next
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
where exists (select 1 from staging.touched_days where touched_days.occurred_date = 'infinity')
group by crimes.occurred_date, coalesce(groups.crime_group, 'Not grouped yet'), crimes.council_district;
