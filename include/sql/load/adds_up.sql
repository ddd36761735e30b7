-- adds_up: whether counts with what is added are right: their sum, none below zero, and those by month as the portal counts;
-- and how many rows the aggregate will have. {name}: the aggregate; {published}: its table; {next}: its view; {staged}: what is
-- added; {key}: the columns of its key; {is_wrong}: a condition on the sums of one key. Keys with nulls are not found by `in`:
-- all of these are looked at.
with touched as (
    select
        count(*) as part_count,
        sum(counts.report_count) as report_count,
        {is_wrong} as is_wrong
    from {next} as counts
    where
        ({key}) in (select {key} from {staged})
        or num_nulls({key}) > 0
    group by {key}
),

-- Of one key, there is at most one published row and one that is added.
keys as (
    select
        count(*) filter (where touched.report_count <> 0) as row_count,
        coalesce(sum(touched.part_count), 0) - (select count(*) from {staged}) as published_count,
        coalesce(bool_or(touched.is_wrong), false) as are_wrong
    from touched
)

select
    (select coalesce(sum(counts.report_count), 0) from {next} as counts)
    = (select detail.report_count from staging.next_count as detail)
    and not keys.are_wrong
    and (
        {name} <> 'crimes_per_month'
        or not exists (select 1 from staging.portal_counts)
        or not exists (
            select 1 from staging.reconciliation as compared
            where compared.portal_count <> compared.published_count + compared.rejected_count
        )
    ) as adds_up,
    (select count(*) from {published}) - keys.published_count + keys.row_count as row_count
from keys;
