-- crimes_per_weekday_hour: one row per month, weekday, hour and whether the time is a default one. From: mart, staging.
truncate staging.crimes_per_weekday_hour;

insert into staging.crimes_per_weekday_hour (
    occurred_month, occurred_weekday, occurred_hour, is_default_time, report_count
)
with counts as (
    select
        published.occurred_month,
        published.occurred_weekday,
        published.occurred_hour,
        published.is_default_time,
        published.report_count
    from mart.crimes_per_weekday_hour as published
    union all
    select
        changes.occurred_month,
        extract(isodow from changes.occurred_date)::smallint as occurred_weekday,
        changes.occurred_hour,
        changes.is_default_time,
        changes.report_count
    from staging.count_changes as changes
)

select
    counts.occurred_month,
    counts.occurred_weekday,
    counts.occurred_hour,
    counts.is_default_time,
    sum(counts.report_count) as report_count
from counts
where not exists (select 1 from staging.counted_anew as anew where anew.table_name = 'crimes_per_month')
group by counts.occurred_month, counts.occurred_weekday, counts.occurred_hour, counts.is_default_time
having sum(counts.report_count) <> 0;

insert into staging.counted_anew (table_name)
select 'crimes_per_weekday_hour' as table_name
where
    (select coalesce(sum(counts.report_count), 0) from staging.crimes_per_weekday_hour as counts)
    <> (select coalesce(sum(months.report_count), 0) from staging.crimes_per_month as months)
    or exists (select 1 from staging.crimes_per_weekday_hour as counts where counts.report_count <= 0);

delete from staging.crimes_per_weekday_hour
where exists (select 1 from staging.counted_anew as anew where anew.table_name = 'crimes_per_weekday_hour');

-- Weekday and hour are counted as one number, which is compared sooner than two. 0001-01-01 was a Monday.
insert into staging.crimes_per_weekday_hour (
    occurred_month, occurred_weekday, occurred_hour, is_default_time, report_count
)
with counts as (
    select
        crimes.occurred_month,
        coalesce((crimes.occurred_date - date '0001-01-01') % 7, 8) * 100 + coalesce(crimes.occurred_hour, 99) as weekday_hour,
        crimes.occurred_time in ('00:00', '00:01', '12:00') as is_default_time,
        count(*) as report_count
    from staging.crimes_next as crimes
    where exists (select 1 from staging.counted_anew as anew where anew.table_name = 'crimes_per_weekday_hour')
    group by
        crimes.occurred_month,
        coalesce((crimes.occurred_date - date '0001-01-01') % 7, 8) * 100 + coalesce(crimes.occurred_hour, 99),
        crimes.occurred_time in ('00:00', '00:01', '12:00')
)

select
    counts.occurred_month,
    nullif(counts.weekday_hour / 100, 8) + 1 as occurred_weekday,
    nullif(counts.weekday_hour % 100, 99) as occurred_hour,
    coalesce(counts.is_default_time, false) as is_default_time,
    sum(counts.report_count) as report_count
from counts
group by
    counts.occurred_month,
    nullif(counts.weekday_hour / 100, 8) + 1,
    nullif(counts.weekday_hour % 100, 99),
    coalesce(counts.is_default_time, false);
