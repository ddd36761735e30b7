-- unreadable_values: percent of the fetched reports in which a rule made a value null. From: staging.batches.
select
    findings.key as subject,
    round(100.0 * sum(findings.value::bigint) / nullif((select sum(staged_count) from staging.batches), 0), 4) as observed
from staging.batches
cross join lateral jsonb_each_text(batches.findings) as findings
group by findings.key;
