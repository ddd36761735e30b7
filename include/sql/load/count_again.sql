-- count_again: what is staged and what would be held, counted just before publishing. From: staging, mart.crimes.
select
    (select count(*) from staging.crimes)
    + (select count(*) from staging.duplicate_reports)
    + (select count(*) from staging.rejected_reports where batch_id is not null) as staged_count,
    (select coalesce(sum(staged_count), 0) from staging.batches) as expected_count,
    (
        select count(*) from staging.aggregate_totals as totals
        where totals.next_count <> (select detail.report_count from staging.next_count as detail)
    ) as wrong_aggregate_count,
    (select count(*) from mart.crimes)
    - (select count(*) from staging.replaced_crimes)
    + (select count(*) from staging.crimes)
    + (select count(*) from staging.rejects_next) as next_count,
    (select coalesce(sum(month.portal_count), 0) from staging.months as month) as portal_count;
