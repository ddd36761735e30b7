-- unequal months: where what would be live differs in number from the portal. From: staging.
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
order by source_month;
