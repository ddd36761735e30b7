-- aggregates_add_up: whether each has as many reports as the last load published. From: staging.aggregate_totals, ops.loads.
-- Not compared with mart.crimes as it is now: if a month was deleted there, only that month is fetched again.
select bool_and(totals.live_count = last_published.report_count) as add_up
from staging.aggregate_totals as totals
cross join (
    select portal_report_count - rejected_count as report_count
    from ops.loads
    where status = 'published'
    order by finished_at desc
    limit 1
) as last_published;
