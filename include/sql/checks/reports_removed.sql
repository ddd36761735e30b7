-- reports_removed: percent of the published reports that would disappear. From: staging.
select
    null as subject,
    coalesce(round(100.0 * removed.report_count / nullif(held.report_count, 0), 4), 0) as observed
from (
    select count(*) as report_count
    from staging.replaced_crimes as replaced
    where not exists (
        select 1 from staging.crimes as staged
        where staged.incident_id = replaced.incident_id
    )
) as removed
cross join (select sum(report_count) as report_count from staging.held_months) as held;
