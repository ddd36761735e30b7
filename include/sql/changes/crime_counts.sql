-- crime_counts: what the load adds to it. From: staging.count_changes, newest_report, crime_groups_next, mart.
-- When a month begins, the days of the oldest month that has days move to the row of their month.
insert into staging.crime_counts (
    occurred_date, crime_type, crime_group, council_district, report_count, with_status_count, cleared_count
)
with first_day as (
    select (date_trunc('month', newest.reported_date::timestamp) - interval '24 months')::date as occurred_date
    from staging.newest_report as newest
),

groups as materialized (
    select
        groups_next.crime_type,
        groups_next.crime_group
    from staging.crime_groups_next as groups_next
),

moved as (
    select published.*
    from mart.crime_counts as published
    where
        published.occurred_date < (select first_day.occurred_date from first_day)
        and published.occurred_date >= (
            select date_trunc('month', status.newest_report_date::timestamp) - interval '24 months'
            from mart.data_status as status
        )
),

changes as (
    select
        case
            when all_changes.occurred_date >= (select first_day.occurred_date from first_day) then all_changes.occurred_date
            else all_changes.occurred_month
        end as occurred_date,
        all_changes.crime_type,
        all_changes.council_district,
        all_changes.report_count,
        all_changes.with_status_count,
        all_changes.cleared_count
    from staging.count_changes as all_changes
    union all
    select
        moved.occurred_date,
        moved.crime_type,
        moved.council_district,
        -moved.report_count as report_count,
        -moved.with_status_count as with_status_count,
        -moved.cleared_count as cleared_count
    from moved
    union all
    select
        date_trunc('month', moved.occurred_date::timestamp)::date as occurred_date,
        moved.crime_type,
        moved.council_district,
        moved.report_count,
        moved.with_status_count,
        moved.cleared_count
    from moved
)

select
    changes.occurred_date,
    changes.crime_type,
    coalesce(groups.crime_group, groups_before.crime_group, 'Not grouped yet') as crime_group,
    changes.council_district,
    sum(changes.report_count) as report_count,
    sum(changes.with_status_count) as with_status_count,
    sum(changes.cleared_count) as cleared_count
from changes
left join groups using (crime_type)
left join mart.crime_groups as groups_before using (crime_type)
group by
    changes.occurred_date,
    changes.crime_type,
    coalesce(groups.crime_group, groups_before.crime_group, 'Not grouped yet'),
    changes.council_district
having (sum(changes.report_count), sum(changes.with_status_count), sum(changes.cleared_count)) <> (0, 0, 0);
