-- schema ops: what happened. Loads, checks, reconciliations, rejected reports and changes.
comment on schema ops is 'How each load went: plan, checks, reconciliation with the portal, rejected reports, changes.';

create table ops.loads (
    load_id text primary key,
    attempt integer not null,
    status text not null check (
        status in ('running', 'unchanged', 'published', 'blocked', 'failed', 'abandoned')
    ),
    orchestrator text not null,
    source_url text not null,
    is_sample boolean,
    dataset_form text check (dataset_form in ('present', 'historic')),
    rules_version integer not null,
    parameters jsonb not null,
    planned_against text references ops.loads (load_id),
    metadata_fingerprint text,
    portal_updated_at timestamp with time zone,
    newest_updated_at timestamp with time zone,
    portal_report_count bigint,
    held_report_count bigint,
    skipped_month_count integer,
    topped_up_month_count integer,
    whole_month_count integer,
    vanished_month_count integer,
    batch_count integer,
    fetched_count bigint,
    added_count bigint,
    edited_count bigint,
    removed_count bigint,
    rejected_count bigint,
    message text,
    started_at timestamp with time zone not null,
    last_seen_at timestamp with time zone not null,
    finished_at timestamp with time zone
);
create unique index loads_one_running on ops.loads ((true)) where status = 'running';
comment on table ops.loads is 'One row per load, also of those that found nothing new or failed. At most one is running.';
comment on column ops.loads.load_id is 'The orchestrator''s run id.';
comment on column ops.loads.attempt is 'How often the plan of this load ran; each attempt has a landing folder of its own.';
comment on column ops.loads.status is
'running; unchanged: nothing new at the portal; published; blocked by a check; failed; abandoned: no sign of life.';
comment on column ops.loads.orchestrator is 'What ran it: airflow, prefect or python.';
comment on column ops.loads.source_url is 'Address of the portal.';
comment on column ops.loads.is_sample is 'Whether the portal serves invented sample reports.';
comment on column ops.loads.dataset_form is
'present: 19 columns; historic: with address and coordinates, as until mid-2024.';
comment on column ops.loads.rules_version is 'Version of the cleaning rules and the contract.';
comment on column ops.loads.parameters is 'What the person who started it asked for.';
comment on column ops.loads.planned_against is 'The last published load when this one was planned.';
comment on column ops.loads.metadata_fingerprint is 'SHA-256 over the metadata that matter: columns and times of change.';
comment on column ops.loads.portal_updated_at is 'When the portal says that its rows changed last, UTC.';
comment on column ops.loads.newest_updated_at is 'The newest :updated_at at the portal when planned, UTC; the next load asks for newer rows.';
comment on column ops.loads.portal_report_count is 'Reports at the portal.';
comment on column ops.loads.held_report_count is 'Reports held before the load, rejected ones included.';
comment on column ops.loads.skipped_month_count is 'Months with nothing new.';
comment on column ops.loads.topped_up_month_count is 'Months of which only newer reports were fetched.';
comment on column ops.loads.whole_month_count is 'Months fetched whole.';
comment on column ops.loads.vanished_month_count is 'Months that the portal no longer has.';
comment on column ops.loads.batch_count is 'Requests for reports.';
comment on column ops.loads.fetched_count is 'Reports fetched.';
comment on column ops.loads.added_count is 'Reports added to mart.crimes.';
comment on column ops.loads.edited_count is 'Reports edited in mart.crimes.';
comment on column ops.loads.removed_count is 'Reports removed from mart.crimes.';
comment on column ops.loads.rejected_count is 'Reports rejected after the load.';
comment on column ops.loads.message is 'Outcome in a sentence, and what to do after a failure.';
comment on column ops.loads.started_at is 'When its first plan began, UTC.';
comment on column ops.loads.last_seen_at is 'Its last sign of life, UTC.';
comment on column ops.loads.finished_at is 'When it ended, UTC; null while it runs.';

create table ops.source_months (
    source_month date,
    portal_report_count bigint not null,
    newest_updated_at timestamp with time zone not null,
    newest_count bigint not null,
    load_id text not null references ops.loads (load_id),
    unique nulls not distinct (source_month)
);
comment on table ops.source_months is
'One row per month of report date at the portal, as of the plan of the last published load; one for reports without a date.';
comment on column ops.source_months.source_month is 'First day of the month of the report date; null without one.';
comment on column ops.source_months.portal_report_count is 'Reports at the portal.';
comment on column ops.source_months.newest_updated_at is 'Newest :updated_at of the month, UTC.';
comment on column ops.source_months.newest_count is
'Reports of the month that bear the newest :updated_at of the whole dataset.';
comment on column ops.source_months.load_id is 'Load that recorded it.';

create table ops.source_columns (
    column_name text primary key,
    data_type text not null,
    position integer not null,
    status text not null check (status in ('kept', 'not kept', 'unknown')),
    load_id text not null references ops.loads (load_id)
);
comment on table ops.source_columns is 'One row per column of the dataset at the portal, as of the last load that asked.';
comment on column ops.source_columns.column_name is 'API name of the column.';
comment on column ops.source_columns.data_type is 'The portal''s type.';
comment on column ops.source_columns.position is 'Place among the columns, from 1.';
comment on column ops.source_columns.status is
'kept in mart.crimes; not kept: withdrawn columns of the historic form; unknown: new, warned of.';
comment on column ops.source_columns.load_id is 'Load that recorded it.';

create table ops.check_results (
    load_id text not null references ops.loads (load_id),
    check_name text not null,
    severity text not null check (severity in ('block', 'warn')),
    status text not null check (status in ('passed', 'failed', 'accepted')),
    observed numeric,
    threshold numeric,
    message text not null,
    accepted_by text,
    checked_at timestamp with time zone not null,
    primary key (load_id, check_name)
);
comment on table ops.check_results is 'One row per load and check. A failed check of severity block keeps the load from publishing.';
comment on column ops.check_results.load_id is 'The load.';
comment on column ops.check_results.check_name is 'Name of the check, with its subject after a colon; what the parameter accept takes.';
comment on column ops.check_results.severity is 'block or warn.';
comment on column ops.check_results.status is 'passed, failed, or accepted by a person.';
comment on column ops.check_results.observed is 'What was measured, in the check''s own unit.';
comment on column ops.check_results.threshold is 'The most that passes, in the same unit.';
comment on column ops.check_results.message is 'What was expected, what came, what to do.';
comment on column ops.check_results.accepted_by is 'Who let it through; null unless accepted.';
comment on column ops.check_results.checked_at is 'When, UTC.';

create table ops.reconciliations (
    load_id text not null references ops.loads (load_id),
    dimension text not null check (dimension in ('occurred_year', 'crime_type', 'council_district')),
    group_key text,
    portal_count bigint not null,
    published_count bigint not null,
    rejected_count bigint not null,
    is_equal boolean not null generated always as (portal_count = published_count + rejected_count) stored,
    unique nulls not distinct (load_id, dimension, group_key)
);
comment on table ops.reconciliations is
'One row per load, dimension and group: the portal''s own count beside ours. Null is a group.';
comment on column ops.reconciliations.load_id is 'The load.';
comment on column ops.reconciliations.dimension is 'What is grouped by: year of occurrence, crime type or council district.';
comment on column ops.reconciliations.group_key is 'The group, the portal''s key cleaned like the data; null if it has none.';
comment on column ops.reconciliations.portal_count is 'Reports that the portal counts.';
comment on column ops.reconciliations.published_count is 'Reports in mart.crimes.';
comment on column ops.reconciliations.rejected_count is 'Reports among the rejected ones.';
comment on column ops.reconciliations.is_equal is 'Whether the portal''s count is published plus rejected.';

create table ops.rejected_reports (
    source_row_id text primary key,
    source_updated_at timestamp with time zone not null,
    source_month date,
    incident_id bigint,
    reason text not null check (reason in ('missing_key', 'unreadable_key', 'duplicate_key')),
    occurred_date date,
    crime_type text,
    council_district smallint,
    raw jsonb not null,
    load_id text not null references ops.loads (load_id)
);
create index rejected_reports_source_month on ops.rejected_reports (source_month);
comment on table ops.rejected_reports is 'One row per report that the portal has and mart.crimes leaves out, as of the last load.';
comment on column ops.rejected_reports.source_row_id is 'The portal''s id of the row.';
comment on column ops.rejected_reports.source_updated_at is 'When the portal last changed the row, UTC.';
comment on column ops.rejected_reports.source_month is 'First day of the month of its report date; null without one.';
comment on column ops.rejected_reports.incident_id is 'Incident number; null if missing or unreadable.';
comment on column ops.rejected_reports.reason is
'missing_key; unreadable_key; duplicate_key: another row with the same number is newer.';
comment on column ops.rejected_reports.occurred_date is 'Day it happened, Austin.';
comment on column ops.rejected_reports.crime_type is 'Highest offense.';
comment on column ops.rejected_reports.council_district is 'City council district, 1 to 10.';
comment on column ops.rejected_reports.raw is 'The report as sent, less the columns that are not kept. Not for readers.';
comment on column ops.rejected_reports.load_id is 'Load that rejected it.';

create view ops.rejects as
select
    rejected.source_row_id,
    rejected.source_updated_at,
    rejected.source_month,
    rejected.incident_id,
    rejected.reason,
    rejected.occurred_date,
    rejected.crime_type,
    rejected.council_district,
    rejected.load_id
from ops.rejected_reports as rejected;
comment on view ops.rejects is 'ops.rejected_reports for readers: without the raw report.';
comment on column ops.rejects.source_row_id is 'The portal''s id of the row.';
comment on column ops.rejects.source_updated_at is 'When the portal last changed the row, UTC.';
comment on column ops.rejects.source_month is 'First day of the month of its report date; null without one.';
comment on column ops.rejects.incident_id is 'Incident number; null if missing or unreadable.';
comment on column ops.rejects.reason is
'missing_key; unreadable_key; duplicate_key: another row with the same number is newer.';
comment on column ops.rejects.occurred_date is 'Day it happened, Austin.';
comment on column ops.rejects.crime_type is 'Highest offense.';
comment on column ops.rejects.council_district is 'City council district, 1 to 10.';
comment on column ops.rejects.load_id is 'Load that rejected it.';

create table ops.crime_changes (
    load_id text not null references ops.loads (load_id),
    incident_id bigint not null,
    change text not null check (change in ('added', 'edited', 'removed')),
    differences jsonb,
    primary key (load_id, incident_id)
);
comment on table ops.crime_changes is
'One row per load and report that it added, edited or removed. The first load, which fills an empty table, records none.';
comment on column ops.crime_changes.load_id is 'The load.';
comment on column ops.crime_changes.incident_id is 'Incident number.';
comment on column ops.crime_changes.change is 'added, edited or removed.';
comment on column ops.crime_changes.differences is
'edited: column name to {old, new}; removed: the row that was; added: null.';

create table ops.column_profiles (
    load_id text not null references ops.loads (load_id),
    column_name text not null,
    report_count bigint not null,
    filled_count bigint not null,
    newest_date date,
    outside_count bigint,
    primary key (load_id, column_name)
);
comment on table ops.column_profiles is
'One row per load and column of mart.crimes: how filled it is, or would have been had a check not blocked the load.';
comment on column ops.column_profiles.load_id is 'The load.';
comment on column ops.column_profiles.column_name is 'Column of mart.crimes.';
comment on column ops.column_profiles.report_count is 'Reports.';
comment on column ops.column_profiles.filled_count is 'Reports in which the column is not null.';
comment on column ops.column_profiles.newest_date is
'Of the report date: the newest, of dates that can be right; the same as in mart.data_status once the load is published.';
comment on column ops.column_profiles.outside_count is
'Of the dates of occurrence and report: those before 2003 or after the day of the load.';
