-- unequal months: where what would be live differs from the portal. From: staging.
-- In number, or because a held report loses its key: the reject is kept as the portal has it, which is only known once read.
with next_counts as (
    select
        source_month,
        count(*) as report_count
    from (
        select source_month from staging.crimes_next
        union all
        select source_month from staging.rejects_next
    ) as next_reports
    group by source_month
)

select
    coalesce(month.source_month, next_counts.source_month) as source_month,
    coalesce(month.portal_count, 0) as portal_count,
    coalesce(next_counts.report_count, 0) as next_count
from staging.months as month
full join next_counts
    on coalesce(month.source_month, 'infinity'::date) = coalesce(next_counts.source_month, 'infinity'::date)
where coalesce(month.portal_count, 0) <> coalesce(next_counts.report_count, 0)
union
select
    loser.source_month,
    month.portal_count,
    null as next_count
from staging.rejected_reports as loser
inner join staging.months as month on loser.source_month is not distinct from month.source_month
where
    loser.batch_id is null
    and not exists (
        select 1 from staging.duplicate_reports as staged
        where staged.source_row_id = loser.source_row_id
    );
