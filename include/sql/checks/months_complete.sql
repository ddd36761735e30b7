-- months_complete: reports missing or too many, over all months. From: staging.
select
    null as subject,
    coalesce(sum(abs(coalesce(month.portal_count, 0) - coalesce(next_counts.report_count, 0))), 0) as observed
from staging.months as month
full join staging.next_months as next_counts
    on coalesce(month.source_month, 'infinity'::date) = coalesce(next_counts.source_month, 'infinity'::date);
