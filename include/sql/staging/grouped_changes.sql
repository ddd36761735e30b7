-- grouped_changes: staging.count_changes with the group of each crime type. From: staging, mart.crime_groups.
-- A type of which no report is left has the group that it had.
create view staging.grouped_changes as
with groups as materialized (
    select
        groups_next.crime_type,
        groups_next.crime_group
    from staging.crime_groups_next as groups_next
)

select
    changes.*,
    coalesce(groups.crime_group, groups_before.crime_group, 'Not grouped yet') as crime_group
from staging.count_changes as changes
left join groups using (crime_type)
left join mart.crime_groups as groups_before using (crime_type);
comment on view staging.grouped_changes is 'staging.count_changes with the group of each crime type.';
