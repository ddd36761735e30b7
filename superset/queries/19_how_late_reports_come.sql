-- 19 How late reports come
-- Of months whose reports have had a year to come in: the share that was reported within so many days of the incident.
select
    lags.report_lag_days,
    lags.report_count,
    round(100.0 * sum(lags.report_count) over (order by lags.report_lag_days) / sum(lags.report_count) over (), 1)
        as reported_by_then_pct
from mart.crimes_per_report_lag as lags
where
    lags.is_reference
    and lags.report_lag_days is not null
order by lags.report_lag_days
