-- crimes_per_area: one row per council district, one without. From: staging.next_crimes_per_month, council_districts.
truncate staging.crimes_per_area;

insert into staging.crimes_per_area (
    council_district, district_name, report_count, report_pct, with_status_count, cleared_count,
    clearance_rate_pct, boundary_geojson
)
with counts as (
    select
        crimes.council_district,
        sum(crimes.report_count)::bigint as report_count,
        sum(crimes.with_status_count)::bigint as with_status_count,
        sum(crimes.cleared_count)::bigint as cleared_count
    from staging.next_crimes_per_month as crimes
    group by crimes.council_district
    having sum(crimes.report_count) <> 0
),

areas as (
    select
        council_district,
        district_name,
        boundary_geojson
    from staging.council_districts
    union all
    select
        null as council_district,
        'No district' as district_name,
        null as boundary_geojson
)

select
    coalesce(areas.council_district, counts.council_district) as council_district,
    coalesce(areas.district_name, 'District ' || counts.council_district) as district_name,
    coalesce(counts.report_count, 0) as report_count,
    coalesce(round(100.0 * counts.report_count / nullif(sum(counts.report_count) over (), 0), 2), 0) as report_pct,
    coalesce(counts.with_status_count, 0) as with_status_count,
    coalesce(counts.cleared_count, 0) as cleared_count,
    round(100.0 * counts.cleared_count / nullif(counts.with_status_count, 0), 2) as clearance_rate_pct,
    areas.boundary_geojson
from areas
full join counts on coalesce(areas.council_district, 0) = coalesce(counts.council_district, 0);
