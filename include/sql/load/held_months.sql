-- held_months: one row per month of report date, held or recorded by the last published load. From: mart, ops.
with held as (
    select
        source_month,
        count(*) as report_count
    from mart.crimes
    group by source_month
),

rejected as (
    select
        source_month,
        count(*) as report_count
    from ops.rejected_reports
    group by source_month
),

duplicate_months as (
    select rejected_reports.source_month
    from ops.rejected_reports as rejected_reports
    where rejected_reports.incident_id is not null
    union
    select crimes.source_month
    from mart.crimes as crimes
    inner join ops.rejected_reports as rejected_reports using (incident_id)
),

months as (
    select source_month from held
    union
    select source_month from rejected
    union
    select source_month from ops.source_months
)

select
    months.source_month as month,
    coalesce(held.report_count, 0) as published_count,
    coalesce(held.report_count, 0) + coalesce(rejected.report_count, 0) as report_count,
    exists(
        select 1 from duplicate_months
        where duplicate_months.source_month is not distinct from months.source_month
    ) as has_duplicates,
    recorded.newest_updated_at,
    coalesce(recorded.newest_count, 0) as newest_count,
    recorded.late_count,
    coalesce(recorded.portal_report_count, 0) as portal_report_count
from months
left join held on months.source_month is not distinct from held.source_month
left join rejected on months.source_month is not distinct from rejected.source_month
left join ops.source_months as recorded on months.source_month is not distinct from recorded.source_month;
