-- unreadable_values: percent of the fetched reports to which a rule applied, beyond ten. From: staging.batches.
-- Reports without a readable key have a check of their own, rejected_reports. The city's data have 73 times of 2400, all in their
-- oldest reports: of these, a hundred do not count.
with fetched as (select sum(staged_count) as report_count from staging.batches)

select
    unreadable.key as subject,
    coalesce(
        round(
            100.0 * greatest(
                sum(unreadable.value::bigint) - case when unreadable.key = 'hour_out_of_range:occ_time' then 100 else 10 end, 0
            ) / nullif(fetched.report_count, 0),
            4
        ),
        0
    ) as observed
from staging.batches as batches
cross join fetched
cross join lateral jsonb_each_text(batches.findings) as unreadable
where split_part(unreadable.key, ':', 1) not in ('missing_key', 'unreadable_key')
group by unreadable.key, fetched.report_count;
