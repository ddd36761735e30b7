-- dlt_rest_api: the columns that the aggregates read, typed. From: dlt_crimes.crimes.
drop view staging.crimes_next cascade;
create view staging.crimes_next as
select
    incident_report_number::bigint as incident_id,
    crime_type,
    occ_date::text::date as occurred_date,
    (
        case
            when occ_time::integer < 2400 and occ_time::integer % 100 < 60
                then make_time(occ_time::integer / 100, occ_time::integer % 100, 0)
        end
    ) as occurred_time,
    date_trunc('month', occ_date::text::date)::date as occurred_month,
    (
        case
            when occ_time::integer < 2400 and occ_time::integer % 100 < 60 then occ_time::integer / 100
        end
    )::smallint as occurred_hour,
    rep_date::text::date as reported_date,
    date_trunc('month', rep_date::text::date)::date as source_month,
    (case when council_district::integer between 1 and 10 then council_district::integer end)::smallint
        as council_district,
    clearance_status
from dlt_crimes.crimes;
