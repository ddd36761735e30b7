-- to_sql: the key, the indexes, and the columns that the aggregates read. From: public.crimes.
alter table public.crimes add primary key (incident_report_number);
create index crimes_occ_date on public.crimes (occ_date);
create index crimes_rep_date on public.crimes (rep_date);
create index crimes_rep_date_time on public.crimes (rep_date_time);

drop view staging.crimes_next cascade;
create view staging.crimes_next as
select
    incident_report_number as incident_id,
    crime_type,
    occ_date::date as occurred_date,
    (
        case
            when occ_time < 2400 and occ_time % 100 < 60
                then make_time((occ_time / 100)::integer, (occ_time % 100)::integer, 0)
        end
    ) as occurred_time,
    date_trunc('month', occ_date)::date as occurred_month,
    (case when occ_time < 2400 and occ_time % 100 < 60 then occ_time / 100 end)::smallint as occurred_hour,
    rep_date::date as reported_date,
    date_trunc('month', rep_date)::date as source_month,
    (case when council_district between 1 and 10 then council_district end)::smallint as council_district,
    clearance_status
from public.crimes;
