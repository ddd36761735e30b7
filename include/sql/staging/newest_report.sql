-- newest_report: the one definition of the day of the newest report. From: staging, ops.loads.
-- It is never after the day of the load. Up to ten reports, and one in a hundred, that lie more than three weeks after all
-- others are taken for mistyped and do not count. Looked for in the last months that have eleven reports before this one.
create view staging.newest_report as
with today as (
    select (loads.started_at at time zone 'America/Chicago')::date as load_date
    from ops.loads as loads
    where loads.status = 'running'
),

earlier_months as (
    select
        month.source_month,
        sum(month.portal_count) over (order by month.source_month desc) as report_count
    from staging.months as month
    cross join today
    where month.source_month < date_trunc('month', today.load_date)
),

newest as (
    select next_crimes.reported_date
    from staging.crimes_next as next_crimes
    where
        next_crimes.reported_date <= (select today.load_date from today)
        and (
            next_crimes.source_month is null
            or next_crimes.source_month >= (
                select coalesce(max(earlier_months.source_month), '-infinity') from earlier_months
                where earlier_months.report_count >= 11
            )
        )
    order by next_crimes.reported_date desc
    limit 11
),

places as (
    select
        newest.reported_date,
        row_number() over (order by newest.reported_date desc) as place,
        newest.reported_date - lead(newest.reported_date) over (order by newest.reported_date desc) as days_to_next
    from newest
)

select max(every.reported_date) as reported_date
from places as every
where
    every.place > (
        select coalesce(max(lone.place), 0)
        from places as lone
        where
            lone.place <= (
                select count(*) / 100
                from (
                    select every_crime.incident_id from staging.crimes_next as every_crime
                    limit 1000 -- noqa: AM09
                ) as up_to_1000
            )
            and lone.days_to_next > 21
    );
comment on view staging.newest_report is 'One row: the day of the newest report that mart.crimes will have.';
