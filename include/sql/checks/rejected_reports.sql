-- rejected_reports: percent of the reports rejected, beyond ten and those of the last published load. From: ops, staging.
select
    null as subject,
    coalesce(
        round(
            100.0 * greatest(rejected.report_count - held.report_count - 10, 0)
            / nullif(rejected.report_count + kept.report_count, 0),
            4
        ),
        0
    ) as observed
from (select count(*) as report_count from staging.rejects_next) as rejected
cross join (select count(*) as report_count from ops.rejected_reports) as held
cross join (select coalesce(sum(report_count), 0) as report_count from staging.crimes_per_month) as kept;
