-- note_built: how many rows an aggregate of the running load has. {name}, {table}: the aggregate. From: staging, ops.loads.
insert into ops.built_tables (load_id, table_name, row_count)
select
    loads.load_id,
    {name} as table_name,
    (select count(*) from staging.{table}) as row_count
from ops.loads as loads
where loads.status = 'running'
on conflict (load_id, table_name) do update
    set
        row_count = excluded.row_count
returning row_count;
