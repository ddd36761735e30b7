-- 07 What changed most in twelve months
-- The twelve whole months before the newest report, beside the twelve before them, by crime type.
-- "filter" counts two periods in one pass over mart.crimes_per_month.
with newest as (
    select date_trunc('month', status.newest_report_date)::date as month_start
    from mart.data_status as status
),

compared as (
    select
        counts.crime_type,
        coalesce(
            sum(counts.report_count) filter (where counts.occurred_month >= newest.month_start - interval '12 months'), 0
        ) as last_year,
        coalesce(
            sum(counts.report_count) filter (where counts.occurred_month < newest.month_start - interval '12 months'), 0
        ) as year_before
    from mart.crimes_per_month as counts
    cross join newest
    where
        counts.occurred_month >= newest.month_start - interval '24 months'
        and counts.occurred_month < newest.month_start
    group by counts.crime_type
)

select
    compared.crime_type,
    compared.year_before,
    compared.last_year,
    compared.last_year - compared.year_before as change,
    round(100 * (compared.last_year - compared.year_before) / nullif(compared.year_before, 0), 1) as change_pct
from compared
order by abs(compared.last_year - compared.year_before) desc
limit 20
