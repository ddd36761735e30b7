-- Some thousand invented reports of four years, enough of every kind that a chart can show: no hour, no district, no
-- status, rare types, a district of two parts with a hole in one. Deterministic.
insert into mart.crimes (
    incident_id, crime_type, ucr_code, is_family_violence, occurred_at, occurred_date, occurred_time, occurred_month,
    occurred_hour, reported_at, reported_date, reported_time, location_type, council_district, apd_sector, apd_district,
    clearance_status, clearance_name, source_month, source_row_id, source_updated_at
)
select
    20230000000 + n,
    crime_type,
    900,
    n % 17 = 0,
    case when n % 23 > 0 then day + time '00:00' + hour * interval '1 hour' end,
    day,
    case when n % 23 > 0 then time '00:00' + hour * interval '1 hour' end,
    date_trunc('month', day)::date,
    case when n % 23 > 0 then hour end,
    day + n % 5 + time '06:00' + (n % 1000) * interval '1 minute',
    day + n % 5,
    time '06:00' + (n % 1000) * interval '1 minute',
    (array['RESIDENCE / HOME', 'PARKING /DROP LOT/ GARAGE', 'STREETS / HWY / ROAD / ALLEY', 'HOTEL / MOTEL / ETC.',
        'OTHER / UNKNOWN', null])[1 + (n * n) % 6],
    case when n % 41 > 0 then 1 + (n * 7 + n / 13) % 10 end,
    'ED', '2',
    case when n % 4 > 0 then (array['N', 'C', 'N', 'O', 'N'])[1 + n % 5] end,
    case when n % 4 > 0 then
        (array['Not cleared', 'Cleared by arrest', 'Not cleared', 'Cleared by exception', 'Not cleared'])[1 + n % 5]
    end,
    date_trunc('month', day + n % 5)::date,
    'row-' || n,
    timestamptz '2026-11-15 06:00Z'
from (
    select
        n,
        date '2023-01-01' + (n * 37) % 1414 as day,
        (n * n / 7 + n) % 24 as hour,
        case when n % 31 = 0 then 'RARE OFFENSE ' || n % 9
            else (array['BURGLARY OF VEHICLE', 'THEFT', 'FAMILY DISTURBANCE', 'CRIMINAL MISCHIEF', 'DWI',
                'ASSAULT W/INJURY-FAM/DATE VIOL', 'AUTO THEFT', 'HARASSMENT', 'BURGLARY OF RESIDENCE', 'FRAUD - OTHER',
                'PUBLIC INTOXICATION', 'GRAFFITI'])[1 + (sqrt((n * 7919) % 144))::integer % 12]
        end as crime_type
    from generate_series(1, 6000) as n
) as invented;

insert into mart.council_districts
select
    district,
    'District ' || district,
    jsonb_build_object('type', 'MultiPolygon', 'coordinates', case district
        when 10 then jsonb_build_array(jsonb_build_array(ring, hole), jsonb_build_array(island))
        else jsonb_build_array(jsonb_build_array(ring)) end)
from (
    select
        district,
        jsonb_build_array(jsonb_build_array(west, south), jsonb_build_array(west + 0.06, south),
            jsonb_build_array(west + 0.06, south + 0.15), jsonb_build_array(west, south + 0.15),
            jsonb_build_array(west, south)) as ring,
        jsonb_build_array(jsonb_build_array(west + 0.02, south + 0.02), jsonb_build_array(west + 0.02, south + 0.04),
            jsonb_build_array(west + 0.04, south + 0.04), jsonb_build_array(west + 0.02, south + 0.02)) as hole,
        jsonb_build_array(jsonb_build_array(west + 0.1, south), jsonb_build_array(west + 0.13, south),
            jsonb_build_array(west + 0.1, south + 0.05), jsonb_build_array(west + 0.1, south)) as island
    from (
        select
            district,
            round(-97.9 + 0.06 * ((district - 1) % 5), 2) as west,
            round(30.1 + 0.15 * ((district - 1) / 5), 2) as south
        from generate_series(1, 10) as district
    ) as corners
) as drawn;

insert into mart.crimes_per_month
select
    occurred_month, crime_type, council_district, count(*), count(clearance_status),
    count(*) filter (where clearance_status in ('C', 'O'))
from mart.crimes
group by occurred_month, crime_type, council_district;

update mart.data_status
set is_empty = false,
    is_sample = true,
    source_url = 'http://127.0.0.1/',
    report_count = counted.report_count,
    portal_report_count = counted.report_count,
    newest_report_date = counted.newest_report_date,
    newest_report_at = counted.newest_report_at,
    portal_updated_at = '2026-11-15 06:00Z',
    published_at = '2026-11-15 08:30Z',
    notice = 'Sample data: invented reports, not the City of Austin''s. '
    || 'The counts follow the real ones in shape; no report is about a real incident.'
from (
    select count(*) as report_count, max(reported_date) as newest_report_date, max(reported_at) as newest_report_at
    from mart.crimes
) as counted;
