-- unequal_months: months that differ, as staged or as they would be published, from what the portal announced. From: staging.
-- They differ in number, in newest stamp, or because a held report is a duplicate: a reject is kept with its raw JSON, which has
-- to be fetched. Of a month of which nothing came, only the number tells: its newest stamp is null.
with staged_counts as (
    select
        source_month,
        count(*) as report_count
    from (
        select source_month from staging.crimes
        union all
        select source_month from staging.duplicate_reports
        union all
        select source_month from staging.rejected_reports
        where batch_id is not null
    ) as staged
    where
        coalesce(source_month, 'infinity'::date) in (
            select coalesce(month.source_month, 'infinity'::date) from staging.months as month
            where month.kind = 'topped up'
        )
    group by source_month
)

select
    coalesce(month.source_month, next_counts.source_month) as source_month,
    coalesce(month.portal_count, 0) as portal_count,
    coalesce(next_counts.report_count, 0) as next_count
from staging.months as month
full join staging.next_months as next_counts
    on coalesce(month.source_month, 'infinity'::date) = coalesce(next_counts.source_month, 'infinity'::date)
where
    coalesce(month.portal_count, 0) <> coalesce(next_counts.report_count, 0)
    or (
        month.kind in ('whole', 'topped up')
        and month.fetch_count is not null
        -- The portal may write one of the two with fewer digits, cut or rounded.
        and abs(extract(epoch from next_counts.newest_updated_at - month.newest_updated_at)) >= 1
    )
union
select
    month.source_month,
    month.portal_count,
    null as next_count
from staging.months as month
left join staged_counts
    on coalesce(month.source_month, 'infinity'::date) = coalesce(staged_counts.source_month, 'infinity'::date)
where month.kind = 'topped up' and month.fetch_count <> coalesce(staged_counts.report_count, 0)
union
select
    duplicate.source_month,
    month.portal_count,
    null as next_count
from staging.rejected_reports as duplicate
inner join staging.months as month on duplicate.source_month is not distinct from month.source_month
where
    duplicate.batch_id is null
    and not exists (
        select 1 from staging.duplicate_reports as staged
        where staged.source_row_id = duplicate.source_row_id
    );
