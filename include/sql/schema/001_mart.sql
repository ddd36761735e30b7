-- schema mart: what readers see. One row of data_status says how fresh and how complete it is.
comment on schema mart is 'Published tables. Every load replaces what changed in one transaction; readers never see a half.';

create table mart.crimes (
    incident_id bigint primary key,
    crime_type text,
    ucr_code integer,
    is_family_violence boolean,
    occurred_at timestamp without time zone,
    occurred_date date,
    occurred_time time without time zone,
    occurred_month date,
    occurred_hour smallint,
    reported_at timestamp without time zone,
    reported_date date,
    reported_time time without time zone,
    location_type text,
    council_district smallint,
    apd_sector text,
    apd_district text,
    clearance_status text,
    clearance_name text,
    clearance_date date,
    category_code text,
    category_name text,
    census_block_group_id text,
    source_month date,
    source_row_id text not null,
    source_updated_at timestamp with time zone not null
);
create index crimes_source_month on mart.crimes (source_month);
create index crimes_source_row_id on mart.crimes (source_row_id);
create index crimes_occurred_month on mart.crimes (occurred_month);
create index crimes_reported_at on mart.crimes (reported_at);

comment on table mart.crimes is
'One row per incident report, with its highest offense only. Source: City of Austin, dataset fdj4-gpfu, cleaned.';
comment on column mart.crimes.incident_id is
'Incident number, unique, 9 to 13 digits. Source: incident_report_number.';
comment on column mart.crimes.crime_type is
'Highest offense of the incident, in the police department''s words. Source: crime_type.';
comment on column mart.crimes.ucr_code is
'Code of the highest offense, 100 to 8503; one code can stand for several crime types. Source: ucr_code.';
comment on column mart.crimes.is_family_violence is
'Whether the incident is recorded as family violence. Source: family_violence (Y or N).';
comment on column mart.crimes.occurred_at is
'When it happened, Austin wall time; null where the source has no readable time. Source: occ_date_time.';
comment on column mart.crimes.occurred_date is
'Day it happened, Austin. Source: occ_date.';
comment on column mart.crimes.occurred_time is
'Time of day it happened, Austin wall time; null where missing or unreadable (2400, minute 70). Source: occ_time.';
comment on column mart.crimes.occurred_month is
'First day of the month it happened, for filters by time. From occurred_date.';
comment on column mart.crimes.occurred_hour is
'Hour of the day it happened, 0 to 23; null where the time is unknown. Midnight and noon include default times. From occ_time.';
comment on column mart.crimes.reported_at is
'When it was reported, Austin wall time. Source: rep_date_time.';
comment on column mart.crimes.reported_date is
'Day it was reported, Austin. Source: rep_date.';
comment on column mart.crimes.reported_time is
'Time of day it was reported, Austin wall time. Source: rep_time.';
comment on column mart.crimes.location_type is
'Kind of place, about 45 labels with the source''s own spacing. Source: location_type.';
comment on column mart.crimes.council_district is
'City council district, 1 to 10; null where the source has none or an unreadable one. Source: council_district.';
comment on column mart.crimes.apd_sector is
'Police sector as sent, a few values are junk. Source: sector.';
comment on column mart.crimes.apd_district is
'Police district within the sector as sent; not the council district. Source: district.';
comment on column mart.crimes.clearance_status is
'N not cleared, O cleared by exception, C cleared by arrest, null no status; as sent. Source: clearance_status.';
comment on column mart.crimes.clearance_name is
'clearance_status in words.';
comment on column mart.crimes.clearance_date is
'Day the status was set, Austin; not always consistent with the status. Source: clearance_date.';
comment on column mart.crimes.category_code is
'NIBRS code of the category, for Part I crimes only. Source: ucr_category.';
comment on column mart.crimes.category_name is
'Category in words (Theft, Burglary, ...), for Part I crimes only. Source: category_description.';
comment on column mart.crimes.census_block_group_id is
'Census block group, 12-digit GEOID (state 48 first); null in the historic form. Source: census_block_group.';
comment on column mart.crimes.source_month is
'First day of the month of the report date as sent; the unit in which loads compare, fetch and replace. Source: rep_date.';
comment on column mart.crimes.source_row_id is
'The portal''s id of the row when it was last read. Source: :id.';
comment on column mart.crimes.source_updated_at is
'When the portal last changed the row, UTC, as of source_row_id. Source: :updated_at.';

create table mart.crimes_per_year (
    occurred_year integer,
    report_count bigint not null,
    with_status_count bigint not null,
    cleared_count bigint not null,
    clearance_rate_pct numeric(5, 2),
    with_status_pct numeric(5, 2) not null,
    is_complete boolean not null,
    unique nulls not distinct (occurred_year)
);
comment on table mart.crimes_per_year is 'One row per year of occurrence, and one for an unknown year. From mart.crimes.';
comment on column mart.crimes_per_year.occurred_year is 'Calendar year of occurrence, Austin; null if unknown.';
comment on column mart.crimes_per_year.report_count is 'Incident reports.';
comment on column mart.crimes_per_year.with_status_count is 'Incident reports that have a clearance status.';
comment on column mart.crimes_per_year.cleared_count is 'Incident reports cleared by arrest (C) or by exception (O).';
comment on column mart.crimes_per_year.clearance_rate_pct is
'Percent of the reports with a status that are cleared; null if none has one.';
comment on column mart.crimes_per_year.with_status_pct is 'Percent of the reports that have a clearance status.';
comment on column mart.crimes_per_year.is_complete is
'False for the year of the newest report, which is still running, and for an unknown year.';

create table mart.crimes_per_hour (
    occurred_hour smallint,
    report_count bigint not null,
    report_pct numeric(5, 2) not null,
    unique nulls not distinct (occurred_hour)
);
comment on table mart.crimes_per_hour is
'The daily histogram: one row per hour of the day of occurrence, and one for an unknown hour. From mart.crimes.';
comment on column mart.crimes_per_hour.occurred_hour is 'Hour of the day, 0 to 23, Austin wall time; null if unknown.';
comment on column mart.crimes_per_hour.report_count is 'Incident reports.';
comment on column mart.crimes_per_hour.report_pct is 'Percent of all incident reports.';

create table mart.top_crimes (
    crime_rank integer not null,
    crime_type text,
    report_count bigint not null,
    report_pct numeric(5, 2) not null,
    with_status_count bigint not null,
    cleared_count bigint not null,
    clearance_rate_pct numeric(5, 2),
    unique nulls not distinct (crime_type)
);
comment on table mart.top_crimes is 'One row per crime type, all of them, the most frequent first. From mart.crimes.';
comment on column mart.top_crimes.crime_rank is 'Rank by number of reports, 1 is the most frequent; ties are ordered by name.';
comment on column mart.top_crimes.crime_type is 'Highest offense; null if unknown.';
comment on column mart.top_crimes.report_count is 'Incident reports.';
comment on column mart.top_crimes.report_pct is 'Percent of all incident reports.';
comment on column mart.top_crimes.with_status_count is 'Incident reports that have a clearance status.';
comment on column mart.top_crimes.cleared_count is 'Incident reports cleared by arrest (C) or by exception (O).';
comment on column mart.top_crimes.clearance_rate_pct is
'Percent of the reports with a status that are cleared; null if none has one.';

create table mart.council_districts (
    council_district smallint primary key,
    district_name text not null,
    boundary_geojson jsonb not null
);
comment on table mart.council_districts is
'One row per city council district, with its simplified boundary. Source: City of Austin, dataset w3v2-cj58.';
comment on column mart.council_districts.council_district is 'District number, 1 to 10. Source: district_number.';
comment on column mart.council_districts.district_name is 'District name. Source: district_name.';
comment on column mart.council_districts.boundary_geojson is
'Boundary as a GeoJSON MultiPolygon, WGS84 degrees (longitude, latitude), simplified to about 20 m.';

create table mart.crimes_per_area (
    council_district smallint,
    district_name text not null,
    report_count bigint not null,
    report_pct numeric(5, 2) not null,
    with_status_count bigint not null,
    cleared_count bigint not null,
    clearance_rate_pct numeric(5, 2),
    boundary_geojson jsonb,
    unique nulls not distinct (council_district)
);
comment on table mart.crimes_per_area is
'One row per city council district, and one for reports without one. From mart.crimes and mart.council_districts.';
comment on column mart.crimes_per_area.council_district is 'District number, 1 to 10; null if unknown.';
comment on column mart.crimes_per_area.district_name is 'District name, or No district.';
comment on column mart.crimes_per_area.report_count is 'Incident reports.';
comment on column mart.crimes_per_area.report_pct is 'Percent of all incident reports.';
comment on column mart.crimes_per_area.with_status_count is 'Incident reports that have a clearance status.';
comment on column mart.crimes_per_area.cleared_count is 'Incident reports cleared by arrest (C) or by exception (O).';
comment on column mart.crimes_per_area.clearance_rate_pct is
'Percent of the reports with a status that are cleared; null if none has one.';
comment on column mart.crimes_per_area.boundary_geojson is
'Boundary as a GeoJSON MultiPolygon, WGS84 degrees; null for reports without a district.';

create table mart.crimes_per_month (
    occurred_month date,
    crime_type text,
    council_district smallint,
    report_count bigint not null,
    with_status_count bigint not null,
    cleared_count bigint not null,
    unique nulls not distinct (occurred_month, crime_type, council_district)
);
comment on table mart.crimes_per_month is
'One row per month of occurrence, crime type and council district with reports: what filtered charts read. From mart.crimes.';
comment on column mart.crimes_per_month.occurred_month is 'First day of the month of occurrence; null if unknown.';
comment on column mart.crimes_per_month.crime_type is 'Highest offense; null if unknown.';
comment on column mart.crimes_per_month.council_district is 'City council district, 1 to 10; null if unknown.';
comment on column mart.crimes_per_month.report_count is 'Incident reports.';
comment on column mart.crimes_per_month.with_status_count is 'Incident reports that have a clearance status.';
comment on column mart.crimes_per_month.cleared_count is 'Incident reports cleared by arrest (C) or by exception (O).';

create table mart.data_status (
    is_only_row boolean primary key default true check (is_only_row),
    is_empty boolean not null,
    is_sample boolean,
    source_url text,
    load_id text,
    report_count bigint not null,
    rejected_count bigint not null,
    portal_report_count bigint,
    newest_report_date date,
    newest_report_at timestamp without time zone,
    portal_updated_at timestamp with time zone,
    published_at timestamp with time zone,
    notice text not null
);
comment on table mart.data_status is 'One row: what the published data are, how fresh, how complete, and what to do when there are none.';
comment on column mart.data_status.is_only_row is 'Always true; keeps the table at one row.';
comment on column mart.data_status.is_empty is 'True before the first load.';
comment on column mart.data_status.is_sample is 'True when the portal serves invented sample reports; null before the first load.';
comment on column mart.data_status.source_url is 'Address of the portal that this warehouse belongs to; null before the first load.';
comment on column mart.data_status.load_id is 'Load that published last; ops.loads tells more.';
comment on column mart.data_status.report_count is 'Rows of mart.crimes.';
comment on column mart.data_status.rejected_count is 'Reports that the portal has and mart.crimes leaves out; see ops.rejects.';
comment on column mart.data_status.portal_report_count is
'Reports at the portal when the load settled; equals report_count plus rejected_count.';
comment on column mart.data_status.newest_report_date is
'Day of the newest report, Austin; a date after the day of the load, or a lone one far after all others, does not count.';
comment on column mart.data_status.newest_report_at is 'Time of the newest report, Austin wall time.';
comment on column mart.data_status.portal_updated_at is 'When the portal says that its rows changed last, UTC.';
comment on column mart.data_status.published_at is 'When the load published, UTC.';
comment on column mart.data_status.notice is 'What a reader should know, in a sentence or two.';
insert into mart.data_status (is_empty, report_count, rejected_count, notice)
values (
    true, 0, 0,
    'No data yet. Open the DAG austin_crime_nightly in Airflow and press Trigger, or run: make load'
);
