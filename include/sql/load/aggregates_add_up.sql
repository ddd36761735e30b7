-- aggregates_add_up: whether each has as many reports as the last load published, and the districts are there.
-- From: staging.aggregate_totals, mart.council_districts, ops.loads.
-- Not compared with mart.crimes as it is now: if a month was deleted there, only that month is fetched again.
select
    bool_and(totals.live_count = last_published.report_count)
    and exists (select 1 from mart.council_districts) as add_up
from staging.aggregate_totals as totals
cross join (
    select portal_report_count - rejected_count as report_count
    from ops.loads
    where status = 'published'
    order by finished_at desc
    limit 1
) as last_published;
