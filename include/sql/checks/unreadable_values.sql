-- unreadable_values: percent of the fetched reports to which a rule applied. From: staging.batches.
with fetched as (select sum(staged_count) as report_count from staging.batches)

select
    findings.key as subject,
    coalesce(round(100.0 * sum(findings.value::bigint) / nullif(fetched.report_count, 0), 4), 0) as observed
from staging.batches as batches
cross join fetched
cross join lateral jsonb_each_text(batches.findings) as findings
group by findings.key, fetched.report_count;
