-- districts: reports of the last twelve months by council district, the most first. From: mart.comparisons.
select
    comparisons.council_district,
    comparisons.area_name,
    comparisons.first_date,
    comparisons.last_date,
    comparisons.report_count,
    comparisons.year_before_count,
    comparisons.change_count,
    comparisons.change_pct,
    comparisons.is_more_than_chance,
    comparisons.verdict,
    round(1000.0 * comparisons.report_count / populations.resident_count, 1)::float as per_1000_residents,
    coalesce(populations.is_estimate, false) as is_estimate,
    boundaries.boundary_geojson as boundary
from mart.comparisons
left join mart.district_populations as populations using (council_district)
left join mart.council_districts as boundaries using (council_district)
where
    comparisons.period_name = 'Last 12 months'
    and comparisons.crime_group = 'All crimes'
    and comparisons.area_name <> 'Whole city'
order by comparisons.report_count desc, comparisons.council_district asc;
