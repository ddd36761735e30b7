-- crimes_per_day: what the load adds to it. From: staging.grouped_changes.
insert into staging.crimes_per_day (
    occurred_date, crime_group, council_district, report_count, with_status_count, cleared_count
)
select
    changes.occurred_date,
    changes.crime_group,
    changes.council_district,
    sum(changes.report_count) as report_count,
    sum(changes.with_status_count) as with_status_count,
    sum(changes.cleared_count) as cleared_count
from staging.grouped_changes as changes
group by changes.occurred_date, changes.crime_group, changes.council_district
having (sum(changes.report_count), sum(changes.with_status_count), sum(changes.cleared_count)) <> (0, 0, 0);
