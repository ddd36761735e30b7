-- schema staging: work in progress of the running load; not for readers, and nothing outlives a load.
-- It is not migrated but created anew whenever a file here or a migration is new: its columns are those of mart and ops.
-- Autovacuum leaves the unlogged tables alone: it would take a core from the load, and publishing, which truncates them, would
-- wait for it while readers wait for publishing.
comment on schema staging is 'Work in progress of the running load. Unlogged tables are empty after a crash of the server and filled again from the landing.';

create table staging.months (
    source_month date,
    kind text not null check (kind in ('skipped', 'topped up', 'whole', 'vanished')),
    reason text not null,
    is_mostly_new boolean not null,
    portal_count bigint not null,
    newest_updated_at timestamp with time zone,
    newest_count bigint not null,
    fetch_count bigint,
    late_count bigint,
    unique nulls not distinct (source_month)
);
comment on table staging.months is 'The plan: one row per month of report date that the portal or the warehouse has.';
comment on column staging.months.source_month is 'First day of the month of the report date; null without one.';
comment on column staging.months.kind is 'What the load does with it.';
comment on column staging.months.reason is 'Why, in words.';
comment on column staging.months.is_mostly_new is
'Whether most of its reports are newer than the last load''s: rows whose content did not change then stay untouched.';
comment on column staging.months.portal_count is 'Reports at the portal.';
comment on column staging.months.newest_updated_at is 'Newest :updated_at of the month, UTC; null if it vanished.';
comment on column staging.months.newest_count is 'Reports of the month that bear the newest :updated_at of the whole dataset.';
comment on column staging.months.fetch_count is
'Reports that the portal announced for what is fetched of the month: all, the newer ones, or none.';
comment on column staging.months.late_count is
'Reports of the month that were stamped shortly before the newest :updated_at of the whole dataset; null if not counted.';

create table staging.batches (
    batch_id text primary key,
    batch jsonb not null,
    landed_count bigint,
    staged_count bigint,
    findings jsonb
);
comment on table staging.batches is 'One row per request for reports.';
comment on column staging.batches.batch_id is 'Its name, also that of its file in the landing.';
comment on column staging.batches.batch is 'Its months, kind and expected number of reports.';
comment on column staging.batches.landed_count is 'Reports in the landed file.';
comment on column staging.batches.staged_count is 'Reports staged, rejected ones included.';
comment on column staging.batches.findings is 'Unreadable counts: number of values to which a cleaning rule applied, by rule and column.';

create unlogged table staging.crimes (like mart.crimes including comments, batch_id text not null)
with (autovacuum_enabled = off);
comment on table staging.crimes is 'Fetched reports with a readable key, cleaned.';
comment on column staging.crimes.batch_id is 'The batch that brought it.';

create unlogged table staging.duplicate_reports (like staging.crimes including comments)
with (autovacuum_enabled = off);
comment on table staging.duplicate_reports is
'Duplicates among the fetched reports; they return to staging.crimes whenever keys are resolved anew.';

create unlogged table staging.rejected_reports (
    like ops.rejected_reports including comments,
    batch_id text
) with (autovacuum_enabled = off);
alter table staging.rejected_reports alter column load_id drop not null;
comment on table staging.rejected_reports is
'Fetched reports without a readable key (with their batch), and duplicates (without).';
comment on column staging.rejected_reports.batch_id is 'The batch that brought it; null for duplicates, which settling finds.';

create table staging.held_months (source_month date, report_count bigint not null);
comment on table staging.held_months is 'One row per month of report date: how many reports mart.crimes had when the load was planned.';
comment on column staging.held_months.source_month is 'As in mart.crimes.';
comment on column staging.held_months.report_count is 'Reports.';

create unlogged table staging.replaced_crimes (
    incident_id bigint not null,
    source_month date,
    source_row_id text not null
) with (autovacuum_enabled = off);
comment on table staging.replaced_crimes is
'Held reports that the load replaces or removes: of months fetched whole or vanished, fetched again, or duplicates.';
comment on column staging.replaced_crimes.incident_id is 'Incident number.';
comment on column staging.replaced_crimes.source_month is 'As held.';
comment on column staging.replaced_crimes.source_row_id is 'As held.';

create unlogged table staging.changes (
    incident_id bigint not null,
    change text not null check (change in ('added', 'edited', 'source edited', 'removed'))
) with (autovacuum_enabled = off);
comment on table staging.changes is
'Reports that publishing adds to mart.crimes, writes anew or removes; empty if mart.crimes is empty and filled.';
comment on column staging.changes.incident_id is 'Incident number.';
comment on column staging.changes.change is
'added; edited; source edited: only the portal''s id or stamp is new; or removed.';

create table staging.portal_counts (
    dimension text not null,
    group_key text,
    report_count bigint not null,
    unique nulls not distinct (dimension, group_key)
);
comment on table staging.portal_counts is 'The portal''s own counts by year of occurrence, crime type and council district.';
comment on column staging.portal_counts.dimension is 'occurred_year, crime_type or council_district.';
comment on column staging.portal_counts.group_key is 'The group, cleaned like the data; null is a group.';
comment on column staging.portal_counts.report_count is 'Reports that the portal counts.';

create table staging.council_districts (like mart.council_districts including comments);
comment on table staging.council_districts is 'mart.council_districts as this load will publish it.';

create unlogged table staging.count_changes (
    occurred_month date,
    occurred_date date,
    occurred_hour smallint,
    report_lag_days integer,
    is_default_time boolean not null,
    crime_type text,
    council_district smallint,
    report_count bigint not null,
    with_status_count bigint not null,
    cleared_count bigint not null
) with (autovacuum_enabled = off);
comment on table staging.count_changes is
'How many reports more or fewer the load counts, by all that aggregates count by; empty if all is counted anew.';
comment on column staging.count_changes.occurred_month is 'As in mart.crimes.';
comment on column staging.count_changes.occurred_date is 'As in mart.crimes.';
comment on column staging.count_changes.occurred_hour is 'As in mart.crimes.';
comment on column staging.count_changes.report_lag_days is 'As in mart.crimes_per_report_lag.';
comment on column staging.count_changes.is_default_time is 'Whether the time is 00:00, 00:01 or 12:00; false without one.';
comment on column staging.count_changes.crime_type is 'As in mart.crimes.';
comment on column staging.count_changes.council_district is 'As in mart.crimes.';
comment on column staging.count_changes.report_count is 'Reports; negative if there are fewer.';
comment on column staging.count_changes.with_status_count is 'Reports with a clearance status; negative if there are fewer.';
comment on column staging.count_changes.cleared_count is 'Cleared reports; negative if there are fewer.';

create unlogged table staging.added_to (table_name text not null, is_built boolean not null)
with (autovacuum_enabled = off);
comment on table staging.added_to is
'Aggregates of which staging holds only what the load changes, to be added to what is published; of the others it holds all.';
comment on column staging.added_to.table_name is 'The aggregate.';
comment on column staging.added_to.is_built is 'Whether staging holds that by now.';
