-- schema_migrations: the migrations that were applied. Run before every migration.
create table if not exists ops.schema_migrations (
    name text primary key,
    applied_at timestamp with time zone not null default now()
);
comment on table ops.schema_migrations is 'One row per migration that was applied, and one each for the state of the schema staging and of the tables that come from files.';
comment on column ops.schema_migrations.name is 'Name of its file; of the others, a hash of their files.';
comment on column ops.schema_migrations.applied_at is 'When, UTC.';
