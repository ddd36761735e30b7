-- crime_counts: what the load adds to it. From: staging.grouped_changes, first_day, mart.crime_counts.
-- When a month begins, the days of the oldest month that has days move to the row of their month.
insert into staging.crime_counts (
    occurred_date, crime_type, crime_group, council_district, report_count, with_status_count, cleared_count
)
with moved as (
    select published.*
    from mart.crime_counts as published
    cross join staging.first_day
    where
        published.occurred_date >= first_day.occurred_date_before
        and published.occurred_date < first_day.occurred_date
),

changes as (
    select
        case
            when grouped.occurred_date >= first_day.occurred_date then grouped.occurred_date
            else grouped.occurred_month
        end as occurred_date,
        grouped.crime_type,
        grouped.crime_group,
        grouped.council_district,
        grouped.report_count,
        grouped.with_status_count,
        grouped.cleared_count
    from staging.grouped_changes as grouped
    cross join staging.first_day
    union all
    select
        moved.occurred_date,
        moved.crime_type,
        moved.crime_group,
        moved.council_district,
        -moved.report_count as report_count,
        -moved.with_status_count as with_status_count,
        -moved.cleared_count as cleared_count
    from moved
    union all
    select
        date_trunc('month', moved.occurred_date::timestamp)::date as occurred_date,
        moved.crime_type,
        moved.crime_group,
        moved.council_district,
        moved.report_count,
        moved.with_status_count,
        moved.cleared_count
    from moved
)

select
    changes.occurred_date,
    changes.crime_type,
    min(changes.crime_group) as crime_group,
    changes.council_district,
    sum(changes.report_count) as report_count,
    sum(changes.with_status_count) as with_status_count,
    sum(changes.cleared_count) as cleared_count
from changes
group by changes.occurred_date, changes.crime_type, changes.council_district
having (sum(changes.report_count), sum(changes.with_status_count), sum(changes.cleared_count)) <> (0, 0, 0);
