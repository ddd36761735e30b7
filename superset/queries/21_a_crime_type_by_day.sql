-- 21 A crime type by day and district
-- mart.crime_counts has days in the last two years and months before: ask it for single crime types, without reading each report.
select
    counts.occurred_date,
    counts.council_district,
    counts.report_count
from mart.crime_counts as counts
cross join mart.completeness
where
    counts.crime_type = 'THEFT'
    and counts.occurred_date between completeness.newest_complete_date - 27 and completeness.newest_complete_date
order by counts.occurred_date, counts.council_district
