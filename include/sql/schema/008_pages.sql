-- What loads and resets record for the pages in Airflow: files received, tables built, and data that were deleted.
create table ops.received_files (
    load_id text not null references ops.loads (load_id),
    batch_id text not null,
    attempt integer not null,
    report_count bigint not null,
    rejected_count bigint not null,
    byte_count bigint not null,
    sha256 text not null,
    received_at timestamp with time zone not null,
    primary key (load_id, batch_id)
);
comment on table ops.received_files is 'One row per load and batch: the file that was received from the portal. Stays when the file is deleted.';
comment on column ops.received_files.load_id is 'The load.';
comment on column ops.received_files.batch_id is 'The batch, also the name of its file in the landing.';
comment on column ops.received_files.attempt is 'The attempt of the load that received it; each has a landing folder of its own.';
comment on column ops.received_files.report_count is 'Reports in the file.';
comment on column ops.received_files.rejected_count is 'Of these, reports without a readable incident number.';
comment on column ops.received_files.byte_count is 'Size of the file as it lies in the landing, compressed, in bytes.';
comment on column ops.received_files.sha256 is 'SHA-256 of the file as it lies in the landing.';
comment on column ops.received_files.received_at is 'When, UTC.';

create table ops.built_tables (
    load_id text not null references ops.loads (load_id),
    table_name text not null,
    row_count bigint not null,
    primary key (load_id, table_name)
);
comment on table ops.built_tables is 'One row per load and aggregate that it built: how many rows it has.';
comment on column ops.built_tables.load_id is 'The load.';
comment on column ops.built_tables.table_name is 'The aggregate, without its schema.';
comment on column ops.built_tables.row_count is 'Rows.';

create table ops.resets (
    reset_id text primary key,
    target text not null,
    started_by text not null,
    report_count bigint not null,
    reset_at timestamp with time zone not null,
    load_id text,
    restored_at timestamp with time zone
);
comment on table ops.resets is 'One row per deletion by a person: what was deleted, and which load brought it back. A reset of everything keeps it.';
comment on column ops.resets.reset_id is 'The orchestrator''s run id.';
comment on column ops.resets.target is 'What was deleted: a table, all tables, the landing, a part of it, or everything.';
comment on column ops.resets.started_by is 'Who.';
comment on column ops.resets.report_count is 'Reports published before.';
comment on column ops.resets.reset_at is 'When, UTC.';
comment on column ops.resets.load_id is 'The load that published next; null until then.';
comment on column ops.resets.restored_at is 'When that load published, UTC.';

create table ops.reset_tables (
    reset_id text not null references ops.resets (reset_id),
    table_name text not null,
    rows_before bigint not null,
    sum_before numeric not null,
    rows_after bigint,
    sum_after numeric,
    is_equal boolean generated always as (rows_before = rows_after and sum_before = sum_after) stored,
    primary key (reset_id, table_name)
);
comment on table ops.reset_tables is
'One row per reset and table that it emptied: content before, and after the load that brought it back.';
comment on column ops.reset_tables.reset_id is 'The reset.';
comment on column ops.reset_tables.table_name is 'The table, with its schema.';
comment on column ops.reset_tables.rows_before is 'Rows before.';
comment on column ops.reset_tables.sum_before is
'Sum of a hash of each row before, over all columns but load_id: equal content has an equal sum, in any order.';
comment on column ops.reset_tables.rows_after is 'Rows after; null until a load has published.';
comment on column ops.reset_tables.sum_after is 'The sum after; null until a load has published.';
comment on column ops.reset_tables.is_equal is 'Whether the content is the same; null until a load has published.';

create index crime_changes_added on ops.crime_changes (incident_id) where change = 'added';
comment on index ops.crime_changes_added is 'Finds the load that brought a report.';
