-- rejected_reports: percent of the reports that are rejected. From: staging.
select
    null as subject,
    coalesce(round(100.0 * rejected.report_count / nullif(rejected.report_count + kept.report_count, 0), 4), 0) as observed
from (select count(*) as report_count from staging.rejects_next) as rejected
cross join (select coalesce(sum(report_count), 0) as report_count from staging.crimes_per_month) as kept;
