-- crime_groups: one row per crime type. From: staging.crime_groups_next.
truncate staging.crime_groups;

insert into staging.crime_groups (crime_type, crime_group, crime_class, rule_rank, report_count)
select
    groups.crime_type,
    groups.crime_group,
    groups.crime_class,
    groups.rule_rank,
    groups.report_count
from staging.crime_groups_next as groups;
