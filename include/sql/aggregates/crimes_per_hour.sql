-- crimes_per_hour: one row per hour of the day of occurrence, one for an unknown hour. From: mart.crimes_per_hour, staging.
-- What the load changes is added to the published counts, unless all is counted anew or the sum is wrong then.
truncate staging.crimes_per_hour;

insert into staging.crimes_per_hour (occurred_hour, report_count, report_pct, default_time_count)
with added as (
    select
        sides.occurred_hour,
        sum(sides.report_count) as report_count,
        sum(sides.default_time_count) as default_time_count
    from (
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
    ) as sides
    group by sides.occurred_hour
    having sum(sides.report_count) <> 0
),

adding as (
    select
        exists (select 1 from staging.added_to where added_to.table_name = 'crimes_per_month')
        and coalesce(sum(added.report_count), 0) = (select detail.report_count from staging.next_count as detail)
        and bool_and(added.default_time_count between 0 and added.report_count) as is_right
    from added
),

counts as (
    select added.* from added
    where (select adding.is_right from adding)
    union all
    select
        crimes.occurred_hour,
        count(*) as report_count,
        count(*) filter (where crimes.occurred_time in ('00:00', '00:01', '12:00')) as default_time_count
    from staging.crimes_next as crimes
    where (select adding.is_right from adding) is not true
    group by crimes.occurred_hour
)

select
    counts.occurred_hour,
    counts.report_count,
    round(100.0 * counts.report_count / sum(counts.report_count) over (), 2) as report_pct,
    counts.default_time_count
from counts;
