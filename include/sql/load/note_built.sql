-- note_built: how many rows an aggregate of the running load will have. {name}: it; {row_count}: its rows. From: ops.loads.
insert into ops.built_tables (load_id, table_name, row_count)
select
    loads.load_id,
    {name} as table_name,
    {row_count} as row_count
from ops.loads as loads
where loads.status = 'running'
on conflict (load_id, table_name) do update
    set
        row_count = excluded.row_count;
