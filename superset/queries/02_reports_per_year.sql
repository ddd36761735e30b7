-- 02 Reports per year, and how many are cleared
-- mart.crimes_per_year has one row per year of occurrence. The newest year is still running (is_complete),
-- and the clearance rate counts only reports that have a status: compare it with with_status_pct.
select
    years.occurred_year,
    years.report_count,
    years.clearance_rate_pct,
    years.with_status_pct,
    years.is_complete
from mart.crimes_per_year as years
order by years.occurred_year nulls last
