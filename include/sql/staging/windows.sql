-- windows: the parts of the data that move on when a month begins. From: ops.loads, staging.newest_report, mart.data_status.
create view staging.reference_months as
select
    (date_trunc('month', loads.started_at at time zone 'America/Chicago') - interval '36 months')::date as first_month,
    (date_trunc('month', loads.started_at at time zone 'America/Chicago') - interval '12 months')::date as end_month
from ops.loads as loads
where loads.status = 'running';
comment on view staging.reference_months is
'One row: the months whose reports have had time to come, from the first to before the end; the lag of reports is theirs.';

create view staging.first_day as
select
    (date_trunc('month', newest.reported_date::timestamp) - interval '24 months')::date as occurred_date,
    (
        select (date_trunc('month', status.newest_report_date::timestamp) - interval '24 months')::date
        from mart.data_status as status
    ) as occurred_date_before
from staging.newest_report as newest;
comment on view staging.first_day is
'One row: the first day that mart.crime_counts will have as a day, and the first one that it has; before, it has months.';
