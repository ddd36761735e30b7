-- crimes_per_report_lag: one row per days to the report, one for others. From: staging.crimes_next, next_crimes_per_month.
-- Only the reports of the reference months have to be looked at one by one.
truncate staging.crimes_per_report_lag;

insert into staging.crimes_per_report_lag (is_reference, report_lag_days, report_count)
with lags as (
    select
        case
            when crimes.reported_date >= crimes.occurred_date then least(crimes.reported_date - crimes.occurred_date, 366)
        end as report_lag_days,
        count(*) as report_count
    from staging.crimes_next as crimes
    where
        crimes.occurred_month >= (select reference.first_month from staging.reference_months as reference)
        and crimes.occurred_month < (select reference.end_month from staging.reference_months as reference)
    group by 1
)

select
    true as is_reference,
    lags.report_lag_days,
    lags.report_count
from lags
union all
select
    false as is_reference,
    null as report_lag_days,
    coalesce(sum(crimes.report_count), 0) as report_count
from staging.next_crimes_per_month as crimes
where
    not coalesce(
        crimes.occurred_month >= (select reference.first_month from staging.reference_months as reference)
        and crimes.occurred_month < (select reference.end_month from staging.reference_months as reference),
        false
    );
