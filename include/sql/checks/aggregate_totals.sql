-- aggregate_totals: how far each aggregate's total is from the detail's. From: staging.
select
    totals.table_name as subject,
    abs(totals.next_count - detail.report_count) as observed
from staging.aggregate_totals as totals
cross join staging.next_count as detail;
