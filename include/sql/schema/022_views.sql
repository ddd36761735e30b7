-- views: what is complete, comparisons, rates, and counts as they stood. All of them read aggregates only.
create view mart.arrivals as
with ages as (
    select series.age_weeks
    from generate_series(0, 52) as series (age_weeks)
),

lag_weeks as (
    select
        (lags.report_lag_days + 3) / 7 as age_weeks,
        sum(lags.report_count) as report_count
    from mart.crimes_per_report_lag as lags
    where lags.report_lag_days is not null
    group by (lags.report_lag_days + 3) / 7
),

lags as (
    select
        ages.age_weeks,
        100.0 * sum(lag_weeks.report_count) over (order by ages.age_weeks)
        / (select sum(every_week.report_count) from lag_weeks as every_week) as arrived_pct
    from ages
    left join lag_weeks using (age_weeks)
),

history as (
    select (max(profile.newest_date) - min(profile.newest_date)) / 7 as week_count
    from ops.column_profiles as profile
    inner join ops.loads as loads using (load_id)
    where
        profile.column_name = 'reported_date'
        and loads.status = 'published'
        and (
            loads.starts_history
            or exists (
                select 1 from ops.change_ages as change_ages
                where change_ages.load_id = loads.load_id
            )
        )
),

change_weeks as (
    select
        changes.age_weeks,
        sum(changes.report_count) filter (where changes.change = 'added') as added_count,
        sum(changes.report_count) filter (where changes.change = 'cleared') as cleared_count
    from ops.change_ages as changes
    inner join ops.loads as loads using (load_id)
    where loads.status = 'published' and changes.age_weeks is not null
    group by changes.age_weeks
),

changes as (
    select
        ages.age_weeks,
        100.0 * sum(change_weeks.added_count) over (order by ages.age_weeks)
        / nullif((select sum(every_week.added_count) from change_weeks as every_week), 0) as arrived_pct,
        100.0 * sum(change_weeks.cleared_count) over (order by ages.age_weeks)
        / nullif((select sum(every_week.cleared_count) from change_weeks as every_week), 0) as cleared_pct
    from ages
    left join change_weeks using (age_weeks)
)

select
    ages.age_weeks,
    round(lags.arrived_pct, 1) as reported_pct,
    case when history.week_count >= 26 then round(changes.arrived_pct, 1) end as published_pct,
    round(
        least(lags.arrived_pct, case when history.week_count >= 26 then changes.arrived_pct end), 1
    ) as arrived_pct,
    case when history.week_count >= 26 then round(changes.cleared_pct, 1) end as cleared_pct,
    coalesce(history.week_count, 0) as history_week_count
from ages
cross join history
left join lags using (age_weeks)
left join changes using (age_weeks);
comment on view mart.arrivals is
'One row per age of a week in weeks: how much of what will be known of it has come by then. From mart.crimes_per_report_lag and from what our own loads added and cleared (ops.change_ages).';
comment on column mart.arrivals.age_weeks is 'Weeks from the day of occurrence to the newest report, 0 to 52.';
comment on column mart.arrivals.reported_pct is
'Percent of the reports of the reference months that were reported within so many weeks, by their own dates.';
comment on column mart.arrivals.published_pct is
'Percent of the reports added by our loads that were added within so many weeks; null until these cover 26 weeks.';
comment on column mart.arrivals.arrived_pct is 'The smaller of the two: percent of the reports that have come.';
comment on column mart.arrivals.cleared_pct is
'Percent of the clearances seen by our loads that came within so many weeks; null until these cover 26 weeks.';
comment on column mart.arrivals.history_week_count is 'Weeks that our loads cover.';

create view mart.completeness as
with settled as (
    select min(arrivals.age_weeks) as age_weeks
    from mart.arrivals
    where arrivals.arrived_pct >= 99
),

history as (
    select max(loads.finished_at) as starts_at
    from ops.loads as loads
    where loads.status = 'published' and loads.starts_history
)

select
    status.newest_report_date,
    status.newest_report_date - 1 as newest_complete_date,
    status.newest_report_date - 7 * settled.age_weeks as settled_date,
    date_trunc('month', status.newest_report_date::timestamp)::date as running_month,
    extract(year from status.newest_report_date)::integer as running_year,
    history.starts_at as history_starts_at,
    case
        when status.newest_report_date is null then 'No data yet.'
        else
            'Complete up to ' || to_char(status.newest_report_date - 1, 'FMMonth FMDD, YYYY')
            || '; the month and the year of that day still run. '
            || coalesce(
                'Some crimes are reported late: counts after '
                || to_char(status.newest_report_date - 7 * settled.age_weeks, 'FMMonth FMDD, YYYY')
                || ' will still grow by more than one percent. ',
                'How many crimes are reported late is not known yet. '
            )
            || 'Clearances come later still.'
    end as notice
from mart.data_status as status
cross join settled
cross join history
where status.is_only_row;
comment on view mart.completeness is 'One row: up to which day the data are complete, and from which day on counts will still grow.';
comment on column mart.completeness.newest_report_date is 'Day of the newest report, Austin; its day may still run.';
comment on column mart.completeness.newest_complete_date is
'The day before it: comparisons by the same days end here.';
comment on column mart.completeness.settled_date is
'Last day of which at least 99 percent of the reports have come, by mart.arrivals; null if not known.';
comment on column mart.completeness.running_month is 'First day of the month that still runs.';
comment on column mart.completeness.running_year is 'The year that still runs.';
comment on column mart.completeness.history_starts_at is
'Since when counts can be shown as they stood, UTC; null if not yet.';
comment on column mart.completeness.notice is 'The same in sentences for a reader.';

create view mart.recent_weeks as
with weeks as (
    select
        series.age_weeks,
        completeness.newest_complete_date - 7 * series.age_weeks - 6 as first_date,
        completeness.newest_complete_date - 7 * series.age_weeks as last_date
    from mart.completeness
    cross join generate_series(0, 25) as series (age_weeks)
),

counts as (
    select
        weeks.age_weeks,
        sum(days.report_count)::bigint as report_count,
        sum(days.cleared_count)::bigint as cleared_count
    from weeks
    inner join mart.crimes_per_day as days on days.occurred_date between weeks.first_date and weeks.last_date
    group by weeks.age_weeks
)

select
    weeks.first_date,
    weeks.last_date,
    coalesce(counts.report_count, 0) as report_count,
    arrivals.arrived_pct,
    round(counts.report_count / nullif(arrivals.arrived_pct / 100, 0))::bigint as expected_count,
    coalesce(counts.cleared_count, 0) as cleared_count,
    arrivals.cleared_pct,
    coalesce(arrivals.arrived_pct >= 99, false) as is_settled,
    case
        when arrivals.arrived_pct >= 99 then 'Nearly all reports have come.'
        when arrivals.arrived_pct is null then 'How many reports are still to come is not known.'
        else
            'About ' || round(100 - arrivals.arrived_pct) || ' percent of the reports are still to come,'
            || ' because crimes are reported late.'
    end as notice
from weeks
left join counts using (age_weeks)
left join mart.arrivals as arrivals using (age_weeks);
comment on view mart.recent_weeks is
'One row per week of seven days, the last 26, ending with the newest complete day: what has come and what is still to come. From mart.crimes_per_day and mart.arrivals.';
comment on column mart.recent_weeks.first_date is 'First day.';
comment on column mart.recent_weeks.last_date is 'Last day.';
comment on column mart.recent_weeks.report_count is 'Incident reports by day of occurrence, as of now.';
comment on column mart.recent_weeks.arrived_pct is 'Percent of the reports of a week of this age that usually have come.';
comment on column mart.recent_weeks.expected_count is 'Incident reports to be expected once all have come: an estimate.';
comment on column mart.recent_weeks.cleared_count is 'Of these, cleared by arrest (C) or by exception (O), as of now.';
comment on column mart.recent_weeks.cleared_pct is
'Percent of the clearances of a week of this age that usually have come; null until our loads cover 26 weeks.';
comment on column mart.recent_weeks.is_settled is 'Whether at least 99 percent of the reports have come.';
comment on column mart.recent_weeks.notice is 'The same in a sentence for a reader.';

create view mart.months as
select
    months.occurred_month,
    months.report_count,
    coalesce(
        (months.occurred_month + interval '1 month')::date - 1 <= completeness.newest_complete_date, false
    ) as is_complete,
    coalesce((months.occurred_month + interval '1 month')::date - 1 <= completeness.settled_date, false) as is_settled,
    case
        when months.occurred_month is null then 'The day of occurrence is not known.'
        when (months.occurred_month + interval '1 month')::date - 1 > completeness.newest_complete_date
            then 'This month still runs, or its last days have not come yet.'
        when coalesce((months.occurred_month + interval '1 month')::date - 1 > completeness.settled_date, true)
            then 'Some reports of this month are still to come.'
        else 'Complete.'
    end as notice
from (
    select
        counts.occurred_month,
        sum(counts.report_count)::bigint as report_count
    from mart.crimes_per_month_and_group as counts
    group by counts.occurred_month
) as months
cross join mart.completeness;
comment on view mart.months is
'One row per month of occurrence: whether it is over and whether all of its reports have come. From mart.crimes_per_month_and_group.';
comment on column mart.months.occurred_month is 'First day of the month; null if unknown.';
comment on column mart.months.report_count is 'Incident reports.';
comment on column mart.months.is_complete is 'Whether its last day is not after the newest complete day.';
comment on column mart.months.is_settled is
'Whether at least 99 percent of the reports of its last day have come, so that the count will hardly change.';
comment on column mart.months.notice is 'The same in a sentence for a reader.';

create function mart.crimes_per_period(period_unit text, first_date date, last_date date)
returns table (
    period_start date,
    crime_group text,
    council_district smallint,
    report_count bigint,
    with_status_count bigint,
    cleared_count bigint,
    is_cut boolean,
    is_complete boolean
)
language sql stable
as $$
    select
        periods.period_start,
        periods.crime_group,
        periods.council_district,
        periods.report_count,
        periods.with_status_count,
        periods.cleared_count,
        coalesce(periods.period_start < first_date or lengths.period_end > last_date, false) as is_cut,
        coalesce(
            periods.period_start >= coalesce(first_date, '-infinity')
            and lengths.period_end <= least(last_date, completeness.newest_complete_date),
            false
        ) as is_complete
    from (
        select
            date_trunc(period_unit, days.occurred_date::timestamp)::date as period_start,
            days.crime_group,
            days.council_district,
            sum(days.report_count)::bigint as report_count,
            sum(days.with_status_count)::bigint as with_status_count,
            sum(days.cleared_count)::bigint as cleared_count
        from mart.crimes_per_day as days
        where
            days.occurred_date between coalesce(first_date, '-infinity') and coalesce(last_date, 'infinity')
        group by date_trunc(period_unit, days.occurred_date::timestamp)::date, days.crime_group, days.council_district
    ) as periods
    cross join lateral (
        select
            (
                periods.period_start
                + case period_unit when 'quarter' then interval '3 months' else ('1 ' || period_unit)::interval end
            )::date - 1 as period_end
    ) as lengths
    cross join mart.completeness
$$;
comment on function mart.crimes_per_period is
'Incident reports by year, quarter, month, week or day of occurrence (period_unit), crime group and council district, from first_date to last_date, both included; null means no limit. A period that a limit cuts (is_cut) or that still runs is never complete (is_complete).';
