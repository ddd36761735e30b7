-- 05 Council districts, with the reports of none
-- mart.crimes_per_area has one row per district, and one without: leave it out and the sum is short.
-- boundary_geojson (not shown) is the district's outline for a map.
select
    areas.district_name,
    areas.report_count,
    areas.report_pct,
    areas.clearance_rate_pct,
    sum(areas.report_count) over () as all_reports
from mart.crimes_per_area as areas
order by areas.council_district nulls last
