-- meaning: crime types in groups, residents of districts, and the aggregates that comparisons are made of.
create table mart.crime_group_rules (
    rule_rank integer primary key,
    crime_group text not null,
    crime_class text not null check (crime_class in ('Against a person', 'Against property', 'Other')),
    type_pattern text not null,
    reason text not null
);
comment on table mart.crime_group_rules is
'One row per rule that puts crime types into a group; the first whose pattern is found in the type decides. Source: our own reading of the Texas Penal Code and of the FBI''s Uniform Crime Reporting, in include/sql/reference/crime_group_rules.sql. A new rule counts from the next load that publishes.';
comment on column mart.crime_group_rules.rule_rank is 'Place of the rule, the smallest first.';
comment on column mart.crime_group_rules.crime_group is 'The group, of about a dozen.';
comment on column mart.crime_group_rules.crime_class is
'Against a person (violence, sexual offenses, threats), Against property, or Other (drugs, public order, courts).';
comment on column mart.crime_group_rules.type_pattern is
'Regular expression of PostgreSQL that is looked for in the crime type, in capitals or not.';
comment on column mart.crime_group_rules.reason is 'Why these types belong together.';

create table mart.district_populations (
    council_district smallint primary key,
    resident_count integer not null,
    census_year integer not null,
    is_estimate boolean not null,
    source text not null
);
comment on table mart.district_populations is
'One row per council district with its residents. Source: 2020 census, named in each row. A daytime crowd is not residents: downtown and the malls have many visitors and few residents, so reports per resident say how busy a place is, too.';
comment on column mart.district_populations.council_district is 'District number, 1 to 10, of the boundaries of 2021.';
comment on column mart.district_populations.resident_count is 'Residents on April 1 of the census year.';
comment on column mart.district_populations.census_year is 'Year of the census.';
comment on column mart.district_populations.is_estimate is
'Whether the number is an equal share of the rest of the city: the districts were drawn to differ by less than ten percent.';
comment on column mart.district_populations.source is 'Where the number comes from.';

create table mart.crime_groups (
    crime_type text,
    crime_group text not null,
    crime_class text not null,
    rule_rank integer,
    report_count bigint not null,
    unique nulls not distinct (crime_type)
);
comment on table mart.crime_groups is
'One row per crime type with its group. From mart.crime_group_rules and mart.crimes.';
comment on column mart.crime_groups.crime_type is 'Highest offense; null if unknown.';
comment on column mart.crime_groups.crime_group is
'The group of the first rule that knows the type; Not grouped yet if none does.';
comment on column mart.crime_groups.crime_class is
'Against a person, Against property or Other; Not grouped yet if no rule knows the type.';
comment on column mart.crime_groups.rule_rank is 'The rule of mart.crime_group_rules that decided; null if none did.';
comment on column mart.crime_groups.report_count is 'Incident reports.';

create table mart.crimes_per_day (
    occurred_date date,
    crime_group text not null,
    council_district smallint,
    report_count bigint not null,
    with_status_count bigint not null,
    cleared_count bigint not null,
    unique nulls not distinct (occurred_date, crime_group, council_district)
);
comment on table mart.crimes_per_day is
'One row per day of occurrence, crime group and council district with reports: what charts read whose time filter knows days. From mart.crimes.';
comment on column mart.crimes_per_day.occurred_date is 'Day of occurrence, Austin; null if unknown.';
comment on column mart.crimes_per_day.crime_group is 'Group of the crime type, see mart.crime_groups.';
comment on column mart.crimes_per_day.council_district is 'City council district, 1 to 10; null if unknown.';
comment on column mart.crimes_per_day.report_count is 'Incident reports.';
comment on column mart.crimes_per_day.with_status_count is 'Incident reports that have a clearance status.';
comment on column mart.crimes_per_day.cleared_count is 'Incident reports cleared by arrest (C) or by exception (O).';

create table mart.crimes_per_month_and_group (
    occurred_month date,
    crime_group text not null,
    council_district smallint,
    report_count bigint not null,
    with_status_count bigint not null,
    cleared_count bigint not null,
    unique nulls not distinct (occurred_month, crime_group, council_district)
);
comment on table mart.crimes_per_month_and_group is
'One row per month of occurrence, crime group and council district with reports: long ranges of time in a few rows. From mart.crimes.';
comment on column mart.crimes_per_month_and_group.occurred_month is 'First day of the month of occurrence; null if unknown.';
comment on column mart.crimes_per_month_and_group.crime_group is 'Group of the crime type, see mart.crime_groups.';
comment on column mart.crimes_per_month_and_group.council_district is 'City council district, 1 to 10; null if unknown.';
comment on column mart.crimes_per_month_and_group.report_count is 'Incident reports.';
comment on column mart.crimes_per_month_and_group.with_status_count is 'Incident reports that have a clearance status.';
comment on column mart.crimes_per_month_and_group.cleared_count is
'Incident reports cleared by arrest (C) or by exception (O).';

create table mart.crimes_per_weekday_hour (
    occurred_month date,
    occurred_weekday smallint,
    occurred_hour smallint,
    is_default_time boolean not null,
    report_count bigint not null,
    unique nulls not distinct (occurred_month, occurred_weekday, occurred_hour, is_default_time)
);
comment on table mart.crimes_per_weekday_hour is
'One row per month, weekday and hour of occurrence, with times that are written when the time is not known told apart: for heat maps. From mart.crimes.';
comment on column mart.crimes_per_weekday_hour.occurred_month is 'First day of the month of occurrence; null if unknown.';
comment on column mart.crimes_per_weekday_hour.occurred_weekday is 'Day of the week, 1 Monday to 7 Sunday; null if unknown.';
comment on column mart.crimes_per_weekday_hour.occurred_hour is 'Hour of the day, 0 to 23, Austin wall time; null if unknown.';
comment on column mart.crimes_per_weekday_hour.is_default_time is
'Whether the time is 00:00, 00:01 or 12:00 exactly, which are written when it is not known. Leave these out to see hours; some are real.';
comment on column mart.crimes_per_weekday_hour.report_count is 'Incident reports.';

create table mart.crimes_per_report_lag (
    is_reference boolean not null,
    report_lag_days integer,
    report_count bigint not null,
    unique nulls not distinct (is_reference, report_lag_days)
);
comment on table mart.crimes_per_report_lag is
'One row per number of days from occurrence to report, in reference months whose reports have had time to come, and one row for all other reports. From mart.crimes.';
comment on column mart.crimes_per_report_lag.is_reference is
'Whether it happened in the 24 months that end 12 months before the month of the load.';
comment on column mart.crimes_per_report_lag.report_lag_days is
'Days from the day of occurrence to the day of the report, 0 to 365, 366 for more; null outside of the reference months and where a date is missing or the report is dated before the occurrence.';
comment on column mart.crimes_per_report_lag.report_count is 'Incident reports.';

alter table mart.crimes_per_hour add column default_time_count bigint not null default 0;
alter table mart.crimes_per_hour alter column default_time_count drop default;
comment on column mart.crimes_per_hour.default_time_count is
'Incident reports whose time is 00:00, 00:01 or 12:00 exactly, which are written when it is not known; leave them out to see hours.';

comment on table ops.schema_migrations is
'One row per migration that was applied, and one each for the state of the schema staging and of the tables that come from files.';
comment on column ops.schema_migrations.name is 'Name of its file; of the others, a hash of their files.';
