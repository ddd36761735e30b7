-- history: what each load changed in the monthly counts, so that they can be shown as they stood on any past day.
alter table ops.loads add column starts_history boolean;
comment on column ops.loads.starts_history is
'Published loads: whether the history of monthly counts begins with this load, because none was published before or the tables were changed by hand; null for loads that published before the history was kept.';

create table ops.month_changes (
    load_id text not null references ops.loads (load_id),
    occurred_month date,
    crime_type text,
    council_district smallint,
    report_count_change bigint not null,
    with_status_count_change bigint not null,
    cleared_count_change bigint not null,
    unique nulls not distinct (occurred_month, load_id, crime_type, council_district)
);
comment on table ops.month_changes is
'One row per load and row of mart.crimes_per_month whose counts it changed. The load that starts the history records none.';
comment on column ops.month_changes.load_id is 'The load.';
comment on column ops.month_changes.occurred_month is 'First day of the month of occurrence; null if unknown.';
comment on column ops.month_changes.crime_type is 'Highest offense; null if unknown.';
comment on column ops.month_changes.council_district is 'City council district, 1 to 10; null if unknown.';
comment on column ops.month_changes.report_count_change is 'Incident reports more than before, or fewer.';
comment on column ops.month_changes.with_status_count_change is
'Incident reports with a clearance status more than before, or fewer.';
comment on column ops.month_changes.cleared_count_change is
'Incident reports cleared by arrest (C) or by exception (O) more than before, or fewer.';

create table ops.change_ages (
    load_id text not null references ops.loads (load_id),
    change text not null check (change in ('added', 'edited', 'removed', 'cleared')),
    age_weeks integer,
    report_count bigint not null,
    unique nulls not distinct (load_id, change, age_weeks)
);
comment on table ops.change_ages is
'One row per load, kind of change and age of the reports that it changed. A load that fills an empty mart.crimes records none.';
comment on column ops.change_ages.load_id is 'The load.';
comment on column ops.change_ages.change is
'added, edited or removed; cleared: edited or added with a clearance (C or O) that it did not have before.';
comment on column ops.change_ages.age_weeks is
'Whole weeks from the day of occurrence to the newest report of the load, 0 to 52, 53 for more; null if the day is unknown.';
comment on column ops.change_ages.report_count is 'Incident reports.';
