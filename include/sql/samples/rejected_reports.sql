-- rejected_reports: reports that would be rejected and are not yet. From: ops.rejected_reports, staging.
select
    next_reject.incident_id,
    next_reject.reason,
    next_reject.occurred_date,
    next_reject.crime_type,
    next_reject.council_district
from staging.rejects_next as next_reject
where
    not exists (
        select 1 from ops.rejected_reports as held
        where held.source_row_id = next_reject.source_row_id
    )
order by next_reject.source_row_id
limit 5;
