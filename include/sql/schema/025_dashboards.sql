-- dashboards: the forms in which charts read counts. Further views are in 025_views_of_dashboards.sql.
drop index mart.crimes_occurred_month;
create index crimes_occurred_date on mart.crimes (occurred_date);

create table mart.crime_counts (
    occurred_date date,
    crime_type text,
    crime_group text not null,
    council_district smallint,
    report_count bigint not null,
    with_status_count bigint not null,
    cleared_count bigint not null,
    unique nulls not distinct (occurred_date, crime_type, council_district)
);
comment on table mart.crime_counts is
'One row per day or month of occurrence, crime type and council district with reports: by day in the month of the newest report and the 24 months before it, by month before. What filtered charts read. From mart.crimes.';
comment on column mart.crime_counts.occurred_date is
'Day of occurrence in the month of the newest report and the 24 months before it, first day of the month before; null if unknown.';
comment on column mart.crime_counts.crime_type is 'Highest offense; null if unknown.';
comment on column mart.crime_counts.crime_group is 'Group of the crime type, see mart.crime_groups.';
comment on column mart.crime_counts.council_district is 'City council district, 1 to 10; null if unknown.';
comment on column mart.crime_counts.report_count is 'Incident reports.';
comment on column mart.crime_counts.with_status_count is 'Incident reports that have a clearance status.';
comment on column mart.crime_counts.cleared_count is 'Incident reports cleared by arrest (C) or by exception (O).';

create view mart.month_ranges as
with windows as (
    select
        (completeness.running_month - make_interval(months => months.months_ago))::date as occurred_month,
        months.months_ago = 0 as is_running
    from mart.completeness
    cross join generate_series(0, 36) as months (months_ago)
)

select
    windows.occurred_month,
    case when windows.is_running then 'still running' else 'over' end as month_status,
    years.years_ago,
    counts.crime_group,
    counts.council_district,
    counts.report_count
from windows
cross join generate_series(0, 5) as years (years_ago)
inner join mart.crimes_per_month_and_group as counts
    on counts.occurred_month = (windows.occurred_month - make_interval(years => years.years_ago))::date;
comment on view mart.month_ranges is
'One row per month of the last three years, number of years before it (0 to 5), crime group and council district: a month beside the same month of the five years before. From mart.crimes_per_month_and_group.';
comment on column mart.month_ranges.occurred_month is 'First day of the month that is compared.';
comment on column mart.month_ranges.month_status is 'over, or still running: the month of the newest report.';
comment on column mart.month_ranges.years_ago is 'Years before that month in which the reports were counted, 0 for the month itself.';
comment on column mart.month_ranges.crime_group is 'Group of crime types, see mart.crime_groups.';
comment on column mart.month_ranges.council_district is 'City council district, 1 to 10; null if unknown.';
comment on column mart.month_ranges.report_count is 'Incident reports.';
