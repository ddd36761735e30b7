-- 03 The twenty most frequent crime types
-- mart.top_crimes ranks all crime types. A report counts once, under the highest offense of the incident.
select
    crimes.crime_rank,
    crimes.crime_type,
    crimes.report_count,
    crimes.report_pct,
    crimes.clearance_rate_pct
from mart.top_crimes as crimes
order by crimes.crime_rank
limit 20
