-- count_again: staged reports and totals of aggregates, counted just before publishing. From: staging.
select
    (select count(*) from staging.crimes)
    + (select count(*) from staging.duplicate_reports)
    + (select count(*) from staging.rejected_reports where batch_id is not null) as staged_count,
    (select coalesce(sum(staged_count), 0) from staging.batches) as expected_count,
    (
        select count(*) from staging.aggregate_totals as totals
        where totals.next_count <> (select detail.report_count from staging.next_count as detail)
    ) as wrong_aggregate_count;
