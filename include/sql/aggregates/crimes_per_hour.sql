-- crimes_per_hour: one row per hour of the day of occurrence, one for an unknown hour. From: mart.crimes_per_hour, staging.
truncate staging.crimes_per_hour;

insert into staging.crimes_per_hour (occurred_hour, report_count, report_pct, default_time_count)
with counts as (
    select
        published.occurred_hour,
        published.report_count,
        published.default_time_count
    from mart.crimes_per_hour as published
    union all
    select
        changes.occurred_hour,
        changes.report_count,
        case when changes.is_default_time then changes.report_count else 0 end as default_time_count
    from staging.count_changes as changes
)

select
    counts.occurred_hour,
    sum(counts.report_count) as report_count,
    round(100.0 * sum(counts.report_count) / sum(sum(counts.report_count)) over (), 2) as report_pct,
    sum(counts.default_time_count) as default_time_count
from counts
where not exists (select 1 from staging.counted_anew as anew where anew.table_name = 'crimes_per_month')
group by counts.occurred_hour
having sum(counts.report_count) <> 0;

insert into staging.counted_anew (table_name)
select 'crimes_per_hour' as table_name
where
    (select coalesce(sum(counts.report_count), 0) from staging.crimes_per_hour as counts)
    <> (select coalesce(sum(months.report_count), 0) from staging.crimes_per_month as months)
    or exists (
        select 1 from staging.crimes_per_hour as counts
        where counts.default_time_count not between 0 and counts.report_count
    );

delete from staging.crimes_per_hour
where exists (select 1 from staging.counted_anew as anew where anew.table_name = 'crimes_per_hour');

insert into staging.crimes_per_hour (occurred_hour, report_count, report_pct, default_time_count)
select
    crimes.occurred_hour,
    count(*) as report_count,
    round(100.0 * count(*) / sum(count(*)) over (), 2) as report_pct,
    count(*) filter (where crimes.occurred_time in ('00:00', '00:01', '12:00')) as default_time_count
from staging.crimes_next as crimes
where exists (select 1 from staging.counted_anew as anew where anew.table_name = 'crimes_per_hour')
group by crimes.occurred_hour;
