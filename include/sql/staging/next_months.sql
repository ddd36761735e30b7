-- next_months: how many reports each month will have, rejected ones included. From: staging.
-- Held reports, less those that are replaced, plus those that come: counting so is faster than reading staging.crimes_next.
create view staging.next_months as
with counts as (
    select
        held.source_month,
        held.report_count,
        null::timestamp with time zone as newest_updated_at
    from staging.held_months as held
    union all
    select
        replaced.source_month,
        -count(*) as report_count,
        null as newest_updated_at
    from staging.replaced_crimes as replaced
    group by replaced.source_month
    union all
    select
        staged.source_month,
        count(*) as report_count,
        max(staged.source_updated_at) as newest_updated_at
    from staging.crimes as staged
    group by staged.source_month
    union all
    select
        rejected.source_month,
        count(*) as report_count,
        max(rejected.source_updated_at) as newest_updated_at
    from staging.rejects_next as rejected
    group by rejected.source_month
)

select
    counts.source_month,
    sum(counts.report_count)::bigint as report_count,
    max(counts.newest_updated_at) as newest_updated_at
from counts
group by counts.source_month;
comment on view staging.next_months is
'One row per month of report date: reports and rejects that will be held, and the newest stamp of those that are fetched or rejected.';

-- next_count: how many reports mart.crimes will have.
create view staging.next_count as
select
    (select coalesce(sum(held.report_count), 0) from staging.held_months as held)
    - (select count(*) from staging.replaced_crimes)
    + (select count(*) from staging.crimes) as report_count;
comment on view staging.next_count is 'One row: how many reports mart.crimes will have.';
