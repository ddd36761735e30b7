-- 09 How long after it happened is a crime reported?
-- occurred_date and reported_date differ: a burglary is found after a vacation, a fraud after months.
-- The median is better than an average here, because a few reports come years late.
select
    crimes.category_name,
    count(*) as report_count,
    percentile_cont(0.5) within group (order by crimes.reported_date - crimes.occurred_date) as median_days,
    percentile_cont(0.95) within group (order by crimes.reported_date - crimes.occurred_date) as days_of_95_pct
from mart.crimes as crimes
where crimes.reported_date >= crimes.occurred_date
group by crimes.category_name
order by report_count desc
