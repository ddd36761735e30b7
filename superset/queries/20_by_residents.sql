-- 20 Reports per 1,000 residents
-- A daytime crowd is not residents: a high rate downtown does not say that living there is dangerous.
-- Where is_estimate is true, mart.district_populations has an equal share, not a count.
select
    rates.council_district,
    rates.report_count,
    populations.resident_count,
    populations.is_estimate,
    rates.per_1000_residents
from mart.crimes_per_resident as rates
inner join mart.district_populations as populations using (council_district)
where rates.crime_group = 'All crimes'
order by rates.per_1000_residents desc
