-- crimes_per_month_and_group: what the load adds to it. From: staging.count_changes, crime_groups_next, mart.crime_groups.
-- A type of which no report is left has the group that it had.
insert into staging.crimes_per_month_and_group (
    occurred_month, crime_group, council_district, report_count, with_status_count, cleared_count
)
with groups as materialized (
    select
        groups_next.crime_type,
        groups_next.crime_group
    from staging.crime_groups_next as groups_next
)

select
    changes.occurred_month,
    coalesce(groups.crime_group, groups_before.crime_group, 'Not grouped yet') as crime_group,
    changes.council_district,
    sum(changes.report_count) as report_count,
    sum(changes.with_status_count) as with_status_count,
    sum(changes.cleared_count) as cleared_count
from staging.count_changes as changes
left join groups using (crime_type)
left join mart.crime_groups as groups_before using (crime_type)
group by
    changes.occurred_month,
    coalesce(groups.crime_group, groups_before.crime_group, 'Not grouped yet'),
    changes.council_district
having (sum(changes.report_count), sum(changes.with_status_count), sum(changes.cleared_count)) <> (0, 0, 0);
