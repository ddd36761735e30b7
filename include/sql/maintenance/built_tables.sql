-- built_tables: rows of old loads go.
delete from ops.built_tables as gone
using old_loads
where gone.load_id = old_loads.load_id
returning pg_column_size(gone.*) as byte_count;
